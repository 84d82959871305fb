/**
 * A resource as a client sent it (POST, PUT) -> the resource as it is stored, and what the client cleared on purpose.
 *
 * Names ignore case and are looked up in the schema, so that nothing unknown gets in; what is readOnly is ignored,
 * since clients send back what they read; a password ends here.
 */
import type { Problem } from '../directory/change.ts'
import { isObject } from '../directory/json.ts'
import { foldKey } from '../directory/keys.ts'
import type { Attribute, AttributePath, Extension, ResourceSchema } from '../directory/schema.ts'
import type { Json, Resource } from '../directory/user.ts'
import { problemIn, ScimProblem } from './errors.ts'
import { cleanString, cleanValue, isUnassigned, unassignedIn } from './values.ts'

export type Sent = {
  readonly resource: Resource
  /** Stored names (`title`, `name.middleName`, `campus.tags`) that were sent as null or empty. */
  readonly cleared: ReadonlySet<string>
  /** Null: sent as null or empty. */
  readonly externalId?: string | null
  /** Extensions that the body speaks of, with or without a value. */
  readonly extensions: ReadonlySet<Extension>
}

type Draft = {
  readonly schema: ResourceSchema
  readonly resource: { [name: string]: Json }
  readonly cleared: Set<string>
  readonly extensions: Set<Extension>
  readonly faults: Problem[]
  externalId?: string | null
}

/** A whole resource: what its core requires, which is its name, must be there (RFC 7643, sections 4.1.1 and 4.2). */
export function normalise(schema: ResourceSchema, body: unknown): Sent | ScimProblem {
  if (!isObject(body)) return new ScimProblem('invalidSyntax', `the body must be a JSON object: a ${schema.name}`)
  const draft: Draft = { schema, resource: {}, cleared: new Set(), extensions: new Set(), faults: [] }
  addCore(draft, body)
  for (const { name, required } of draft.faults.length === 0 ? schema.attributesOf().values() : []) {
    if (required && !isName(draft.resource[name]))
      draft.faults.push({ field: name, code: 'invalidValue', message: `${name} is required` })
  }
  if (draft.faults.length > 0) return problemIn(draft.faults)
  const { resource, cleared, extensions, externalId } = draft
  return { resource, cleared, extensions, ...(externalId === undefined ? {} : { externalId }) }
}

/** Whether this can stand for a required name: some text that is more than spaces. */
export function isName(value: Json | undefined): boolean {
  return typeof value === 'string' && foldKey(value) !== undefined
}

function addCore(draft: Draft, body: { readonly [name: string]: unknown }): void {
  const attributes = draft.schema.attributesOf()
  for (const name of Object.keys(body)) {
    const attribute = attributes.get(name.toLowerCase())
    if (attribute !== undefined) addAttribute(draft, { attribute }, body[name])
    else addOther(draft, name, body[name])
  }
}

/** A name that is not a core attribute: a URN, a common attribute, a dotted name, or unknown and ignored. */
function addOther(draft: Draft, name: string, value: unknown): void {
  const { schema } = draft
  const extension = schema.shortNameOf(name)
  if (extension !== undefined) addExtension(draft, extension, value)
  else if (schema.isCore(name)) {
    if (isObject(value)) addCore(draft, withinCore(schema, value))
  } else {
    const path = schema.resolve(name)
    if (path?.extension !== undefined) draft.extensions.add(path.extension)
    if (path !== undefined) addAttribute(draft, path, value)
  }
}

/** What stands under the core URN; the same URN again within it is no attribute, however deep it goes on. */
export function withinCore(
  schema: ResourceSchema,
  value: { readonly [name: string]: unknown },
): { readonly [name: string]: unknown } {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !schema.isCore(name)))
}

function addExtension(draft: Draft, extension: Extension, value: unknown): void {
  draft.extensions.add(extension)
  if (isUnassigned(value)) return
  if (!isObject(value)) {
    draft.faults.push({ field: extension, code: 'invalidValue', message: `the ${extension} extension must be an object` })
    return
  }
  const attributes = draft.schema.attributesOf(extension)
  for (const name of Object.keys(value)) {
    const attribute = attributes.get(name.toLowerCase())
    if (attribute !== undefined) addAttribute(draft, { extension, attribute }, value[name])
  }
}

function addAttribute(draft: Draft, path: AttributePath, value: unknown): void {
  const { extension, attribute, sub } = path
  if (attribute.name === 'externalId') addExternalId(draft, value)
  if (!isWritable(attribute) || sub?.mutability === 'readOnly' || attribute.name === 'externalId') return
  const name = extension === undefined ? attribute.name : `${extension}.${attribute.name}`
  const sent = sub === undefined ? value : { [sub.name]: value }
  const clean = cleanValue(attribute, sent, name, draft.faults)
  if (clean !== undefined) put(containerOf(draft, extension), attribute.name, clean)
  // Parts are cleared one by one, but for lists and what extensions hold: these have no parts with owners of their own.
  if (clean === undefined && (isUnassigned(sent) || attribute.multiValued || extension !== undefined)) draft.cleared.add(name)
  if (!attribute.multiValued) for (const part of unassignedIn(attribute, sent)) draft.cleared.add(`${name}.${part}`)
}

/** A part that comes by itself (`name.givenName` as a key) joins the parts that are there. */
function put(container: { [name: string]: Json }, name: string, value: Json): void {
  const there = container[name]
  container[name] = isObject(there) && isObject(value) ? { ...there, ...value } : value
}

function containerOf(draft: Draft, extension: Extension | undefined): { [name: string]: Json } {
  if (extension === undefined) return draft.resource
  const there = draft.resource[extension]
  if (isObject(there)) return there as { [name: string]: Json }
  const container: { [name: string]: Json } = {}
  draft.resource[extension] = container
  return container
}

function addExternalId(draft: Draft, value: unknown): void {
  if (isUnassigned(value)) {
    draft.externalId = null
    return
  }
  const clean = cleanString(value, 'externalId', draft.faults)
  if (clean !== undefined) draft.externalId = clean
}

/** Whether a client's value for the attribute is kept at all. */
function isWritable(attribute: Attribute): boolean {
  return attribute.mutability !== 'readOnly' && attribute.returned !== 'never'
}

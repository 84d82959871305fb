/**
 * `sortBy` (RFC 7644, section 3.4.2.3) -> the stored path to sort by. Of a list it is the primary element, else the first.
 */
import type { Group } from '../directory/groups/group.ts'
import { groupSearch } from '../directory/groups/group.ts'
import type { AttributePath, ResourceSchema } from '../directory/schema.ts'
import { dottedName } from '../directory/schema.ts'
import { externalIdPath, isSearchable, searchName, searchOf } from '../directory/search.ts'
import type { Source } from '../directory/user.ts'
import type { Scalar } from '../store/predicate.ts'
import type { Doc } from '../store/store.ts'
import { ScimProblem } from './errors.ts'
import { storedPath } from './filter/compile.ts'
import { readName } from './filter/node.ts'
import { resolveInFilter } from './filter/resolve.ts'
import type { UserBytes } from './render.ts'
import type { ResourceType } from './resource-type.ts'

/** Of meta, what is the same for all or unlike for all: an order by it is as good as one by id. */
const BY_ID: ReadonlySet<string> = new Set(['meta.resourceType', 'meta.location', 'meta.version'])

/** @param source whose externalId is meant */
export function compileSort(type: ResourceType, sortBy: string, source: Source): string | ScimProblem {
  const name = readName(sortBy)
  if (name === undefined)
    return new ScimProblem('invalidValue', `sortBy ${JSON.stringify(sortBy)} is not the name of an attribute`)
  const path = resolveInFilter(type.schema, name)
  if (path instanceof ScimProblem) return new ScimProblem('invalidValue', `sortBy: ${path.detail}`)
  const stored = path.attribute.name === 'externalId' ? externalIdPath(source) : sortPath(type, path)
  if (stored !== undefined) return stored
  const refused = `sortBy: ${type.collection} cannot be sorted by ${dottedName(path)}`
  return new ScimProblem('invalidValue', `${refused}: sort by ${insteadOf(type, path)}`)
}

/** What can be sorted by in place of what cannot: a part of it where one can, else what every resource has. */
function insteadOf(type: ResourceType, path: AttributePath): string {
  const parts = [...path.attribute.subAttributes.values()].map((sub) => ({ ...path, sub }))
  const part = parts.find((one) => one.sub.name !== 'formatted' && ![undefined, '_id'].includes(sortPath(type, one)))
  if (part !== undefined) return dottedName(part)
  const required = [...type.schema.attributesOf().values()].find((attribute) => attribute.required)
  return `${required?.name ?? 'id'}, or by another attribute with one value`
}

function sortPath(type: ResourceType, path: AttributePath): string | undefined {
  const { attribute, sub, extension } = path
  const leaf = sub ?? attribute.subAttributes.get('value') ?? attribute
  if (BY_ID.has(dottedName(path))) return '_id'
  if (leaf.type === 'complex' || attribute.returned === 'never' || !isSearchable(leaf) || UNORDERED.has(attribute.name))
    return undefined
  if (!attribute.multiValued) return storedPath(type, leaf === attribute ? path : { ...path, sub: leaf })
  if (attribute.name === 'emails') return leaf.name === 'value' ? 'keys.email' : undefined
  return extension === undefined ? `search.lead.${attribute.name}.${searchName(leaf)}` : undefined
}

/** What a stored resource, as a page has it, has at the path that it is sorted by. */
export function sortValueOf({ collection, schema }: ResourceType, doc: Doc, path: string): Scalar | undefined {
  // The id stands for itself in every order.
  if (path === '_id') return undefined
  const whole = collection === 'users' ? withShadow(doc, schema) : { ...doc, search: groupSearch(doc as Group) }
  const value = path
    .split('.')
    .reduce<unknown>((inside, name) => (inside as { [name: string]: unknown } | undefined)?.[name], whole)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

function withShadow(doc: Doc, schema: ResourceSchema): object {
  const { keys, resource, bindings, memberOf } = doc as unknown as UserBytes & { readonly keys: Uint8Array }
  const parse = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString())
  return { ...doc, keys: parse(keys), search: searchOf({ resource: parse(resource), bindings, memberOf }, schema) }
}

/** A record has as many as there are groups or members, or the same as all others. */
const UNORDERED: ReadonlySet<string> = new Set(['groups', 'members', 'schemas'])

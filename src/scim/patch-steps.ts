/**
 * The body of a PATCH (RFC 7644, section 3.5.2) -> steps: paths resolved, values cleaned, all that can be told without
 * the record. What clients send in their own ways is read here: operations in any case, no path, dotted names and URNs
 * as names, values repeated from a read.
 */
import type { Problem } from '../directory/change.ts'
import { isObject } from '../directory/json.ts'
import type { Attribute, AttributePath, Extension, ResourceSchema } from '../directory/schema.ts'
import { dottedName } from '../directory/schema.ts'
import type { Json, JsonObject } from '../directory/user.ts'
import { problemIn, ScimProblem } from './errors.ts'
import type { FilterNode } from './filter/node.ts'
import { termsIn } from './filter/node.ts'
import { isName, withinCore } from './normalise.ts'
import type { Target } from './patch-path.ts'
import { parsePatchPath } from './patch-path.ts'
import { foreignTo, isWholeList, unwrapped } from './patch-value.ts'
import { cleanElement, cleanString, cleanValue, isUnassigned, unassignedIn } from './values.ts'

const MAX_OPERATIONS = 1000
/** In the filters of all paths: each takes a while to read. */
const MAX_TERMS = 4000

type Op = 'add' | 'replace' | 'remove'

export type Step =
  | { readonly kind: 'externalId'; readonly externalId: string | null }
  /** All that the extension holds goes. */
  | { readonly kind: 'clearExtension'; readonly extension: Extension }
  | {
      readonly kind: 'change'
      readonly op: Op
      readonly target: Target
      /** Absent: nothing was sent; `replace` and `remove` then clear. */
      readonly value?: Json
      /** Parts that an object names without a value. */
      readonly unset: readonly string[]
      /** What a filter of `eq` terms says of its element: what an element is made from where none matches. */
      readonly seed?: JsonObject
    }

type Reading = { readonly schema: ResourceSchema; readonly steps: Step[]; readonly id: string | undefined; terms: number }

/** Undefined when all is well. */
type Verdict = ScimProblem | undefined

/** @param id of the record: clients repeat it, and it must be the same */
export function parsePatch(schema: ResourceSchema, body: unknown, id?: string): readonly Step[] | ScimProblem {
  if (!isObject(body)) return new ScimProblem('invalidSyntax', 'the body must be a JSON object: a PatchOp')
  const operations = member(body, 'operations', 'Operations')
  if (!Array.isArray(operations) || operations.length === 0) {
    return new ScimProblem('invalidSyntax', 'Operations must be a list of at least one operation')
  }
  if (operations.length > MAX_OPERATIONS) {
    return new ScimProblem('tooLarge', `at most ${MAX_OPERATIONS} operations fit in one request`)
  }
  const reading: Reading = { schema, steps: [], id, terms: 0 }
  for (const [index, operation] of operations.entries()) {
    const problem = readOperation(reading, operation, `Operations[${index}]`)
    if (problem !== undefined) return problem
  }
  return reading.steps
}

function readOperation(reading: Reading, operation: unknown, where: string): Verdict {
  if (!isObject(operation)) return new ScimProblem('invalidSyntax', `${where} must be an object`)
  const op = opOf(member(operation, 'op'))
  if (op === undefined) return new ScimProblem('invalidSyntax', `${where}: op must be add, replace or remove`)
  const path = member(operation, 'path')
  const value = member(operation, 'value')
  if (op === 'add' && value === undefined) return new ScimProblem('invalidValue', `${where}: add needs a value`)
  if (typeof path === 'string' && path !== '') return readPath(reading, op, path, value)
  if (path !== undefined && path !== null)
    return new ScimProblem('invalidPath', `${where}: path must be a text that is not empty`)
  if (op === 'remove') return new ScimProblem('noTarget', `${where}: remove needs a path`)
  if (!isObject(value)) return new ScimProblem('invalidValue', `${where}: without a path, value must be an object of attributes`)
  return readNames(reading, op, value)
}

function member(object: { readonly [name: string]: unknown }, wanted: string, usual = wanted): unknown {
  if (Object.hasOwn(object, usual)) return object[usual]
  const name = Object.keys(object).find((one) => one.toLowerCase() === wanted)
  return name === undefined ? undefined : object[name]
}

function opOf(value: unknown): Op | undefined {
  const word = typeof value === 'string' ? value.toLowerCase() : undefined
  return word === 'add' || word === 'replace' || word === 'remove' ? word : undefined
}

/** An operation without a path: each name of its value is one (`active`, `name.givenName`, `urn:…:department`). */
function readNames(reading: Reading, op: Op, value: { readonly [name: string]: unknown }): Verdict {
  for (const name of Object.keys(value)) {
    const problem = name.includes('[') ? readPath(reading, op, name, value[name]) : readName(reading, op, name, value[name])
    if (problem !== undefined) return problem
  }
  return undefined
}

/** What no schema knows is ignored, as in a POST; so is what a client repeats from a read. */
function readName(reading: Reading, op: Op, name: string, value: unknown): Verdict {
  const { schema } = reading
  const extension = schema.shortNameOf(name)
  if (extension !== undefined) return readExtension(reading, op, extension, value)
  if (schema.isCore(name)) return isObject(value) ? readNames(reading, op, withinCore(schema, value)) : undefined
  const path = schema.resolve(name)
  if (path === undefined) return undefined
  if (!isReadOnly(path)) return addStep(reading, op, path, value)
  const { name: known } = path.attribute
  const isRepeated = known === 'id' ? value === reading.id : known !== 'groups' || isUnassigned(value)
  return isRepeated ? undefined : new ScimProblem('mutability', `${known} cannot be changed`)
}

function readPath(reading: Reading, op: Op, text: string, value: unknown): Verdict {
  const path = parsePatchPath(reading.schema, text)
  if (path instanceof ScimProblem) return path
  if (!('attribute' in path)) return readUrn(reading, op, path.extension, value)
  const { attribute, filter } = path
  reading.terms += termsIn(filter)
  if (reading.terms > MAX_TERMS)
    return new ScimProblem('tooMany', `the paths have more than ${MAX_TERMS} comparisons: send fewer operations at once`)
  const isRepeated = attribute.name === 'schemas' || (attribute.name === 'id' && op !== 'remove' && value === reading.id)
  if (isRepeated) return undefined
  if (isReadOnly(path)) return new ScimProblem('mutability', `${dottedName(path)} cannot be changed`)
  return addStep(reading, op, path, value)
}

/** A path that is a URN alone: an extension, or (where it is none) the core of the resource. */
function readUrn(reading: Reading, op: Op, extension: Extension | undefined, value: unknown): Verdict {
  if (extension !== undefined) return readExtension(reading, op, extension, value)
  if (op === 'remove') return new ScimProblem('noTarget', 'remove needs the path of an attribute')
  return isObject(value)
    ? readNames(reading, op, value)
    : new ScimProblem('invalidValue', 'value must be an object of attributes')
}

function readExtension(reading: Reading, op: Op, extension: Extension, value: unknown): Verdict {
  const isCleared = op === 'remove' || (op === 'replace' && isUnassigned(value) && !isObject(value))
  if (isCleared) reading.steps.push({ kind: 'clearExtension', extension })
  if (op === 'remove' || isUnassigned(value)) return undefined
  if (!isObject(value)) return new ScimProblem('invalidValue', `the ${extension} extension must be an object`)
  for (const name of Object.keys(value)) {
    const attribute = reading.schema.attributesOf(extension).get(name.toLowerCase())
    const problem = attribute === undefined ? undefined : addStep(reading, op, { extension, attribute }, value[name])
    if (problem !== undefined) return problem
  }
  return undefined
}

function addStep(reading: Reading, op: Op, target: Target, sent: unknown): Verdict {
  const { attribute, sub, filter } = target
  const value = unwrapped(target, sent)
  if (attribute.returned === 'never') return undefined
  if (attribute.name === 'externalId') return addExternalId(reading, op, value)
  if (op === 'remove' && attribute.required) return new ScimProblem('mutability', `${attribute.name} is required`)
  const faults: Problem[] = []
  const clean = valueFor(op, target, value, faults) ?? (isNoneOf(target, value) ? {} : undefined)
  const foreign = foreignTo(target, value)
  if (foreign !== undefined) faults.push({ field: dottedName(target), code: 'invalidValue', message: foreign })
  if (faults.length > 0) return problemIn(faults)
  if (attribute.required && !isName(clean)) {
    return new ScimProblem('invalidValue', `${attribute.name} is required`)
  }
  const seed = filter === undefined ? undefined : seedOf(target)
  reading.steps.push({
    kind: 'change',
    op,
    target,
    ...(clean === undefined ? {} : { value: clean }),
    unset: sub === undefined && op === 'replace' ? unassignedIn(attribute, value) : [],
    ...(seed === undefined ? {} : { seed }),
  })
  return undefined
}

/**
 * Whether an object with none of the parts of an attribute is sent for it. Those that are not named are left alone (RFC
 * 7644, section 3.5.2.3), unless they are the parts of a reference, which is one value.
 */
function isNoneOf({ attribute, sub, filter }: Target, value: unknown): boolean {
  const isMerged = attribute.type === 'complex' && !attribute.multiValued && !attribute.subAttributes.has('value')
  return isMerged && sub === undefined && filter === undefined && isObject(value)
}

/** Of a `remove` it is a list of values to take away. */
function valueFor(op: Op, target: Target, value: unknown, faults: Problem[]): Json | undefined {
  const { attribute, sub } = target
  const name = dottedName(target)
  if (op === 'remove') return isWholeList(target) ? listedIn(attribute, value, name, faults) : undefined
  return isWholeList(target) ? cleanValue(attribute, value, name, faults) : cleanElement(sub ?? attribute, value, name, faults)
}

function isReadOnly({ attribute, sub }: AttributePath): boolean {
  return attribute.mutability === 'readOnly' || sub?.mutability === 'readOnly'
}

/** As `cleanValue`, but a type by itself stays: it names all that are of it. */
function listedIn(attribute: Attribute, value: unknown, name: string, faults: Problem[]): Json | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const listed = Array.isArray(value) ? value : [value]
  return listed.map((one) => cleanElement(attribute, one, name, faults)).filter((one) => one !== undefined)
}

function addExternalId(reading: Reading, op: Op, value: unknown): Verdict {
  if (op === 'add' && isUnassigned(value)) return undefined
  const faults: Problem[] = []
  const externalId = op === 'remove' || isUnassigned(value) ? null : cleanString(value, 'externalId', faults)
  if (externalId === undefined) return problemIn(faults)
  reading.steps.push({ kind: 'externalId', externalId })
  return undefined
}

/** What an element must be for a filter of `eq` terms to match it; undefined for any other filter. */
function seedOf({ attribute, filter }: Target): JsonObject | undefined {
  const seed: { [name: string]: Json } = {}
  const isFilled = (node: FilterNode): boolean => {
    if (node.op === 'and') return node.of.every(isFilled)
    const sub = node.op === 'eq' ? attribute.subAttributes.get(node.path.attr.toLowerCase()) : undefined
    if (node.op !== 'eq' || sub === undefined || node.path.urn !== undefined) return false
    const value = cleanElement(sub, node.value, sub.name, [])
    if (value !== undefined) seed[sub.name] = value
    return value !== undefined
  }
  return filter !== undefined && isFilled(filter) ? seed : undefined
}

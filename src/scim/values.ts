/**
 * One value from outside, made fit for one attribute of the schema.
 * What clients write in their own ways is taken as it is meant ("True", a bare manager id, one object for a list); what
 * fits in no way is a fault that names its path. Values are otherwise kept exactly as sent.
 */
import type { Problem } from '../directory/change.ts'
import { isDateTime } from '../directory/date-time.ts'
import { isObject } from '../directory/json.ts'
import type { Attribute } from '../directory/schema.ts'
import { GROUP } from '../directory/schema.ts'
import type { Json, JsonObject } from '../directory/user.ts'
import { MAX_ELEMENTS, MAX_STRING } from '../directory/validate.ts'
import { isBare, union, withOnePrimary } from './elements.ts'

/** Members that one request may name. */
const MAX_MEMBERS = 50_000

/** Either alphabet (RFC 4648, sections 4 and 5), padded or not. */
const BASE64 = /^[\w+/-]*={0,2}$/

const MEMBERS = GROUP.attributesOf().get('members')

/** Whether this is one of the ways to say "no value" (RFC 7643, section 2.5); some clients also send an empty text. */
export function isUnassigned(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

/** The members of a message by their names in lower case (RFC 7643, section 2.1). */
export function byFoldedName(record: { readonly [name: string]: unknown }): Map<string, unknown> {
  return new Map(Object.entries(record).map(([name, value]) => [name.toLowerCase(), value]))
}

/**
 * The value as the attribute stores it; a multi-valued attribute takes a list or one element of it.
 * @param path what a fault calls the attribute
 * @param faults where faults are added
 * @returns undefined when nothing was sent, or when it was at fault
 */
export function cleanValue(attribute: Attribute, value: unknown, path: string, faults: Problem[]): Json | undefined {
  if (isUnassigned(value)) return undefined
  return attribute.multiValued ? cleanList(attribute, value, path, faults) : cleanSingle(attribute, value, path, faults)
}

/** As `cleanValue`, for one element of a multi-valued attribute; that of a plain list may come wrapped like a member. */
export function cleanElement(attribute: Attribute, value: unknown, path: string, faults: Problem[]): Json | undefined {
  const isWrapped = attribute.multiValued && attribute.type !== 'complex' && isObject(value) && Object.hasOwn(value, 'value')
  const sent = isWrapped ? value.value : value
  return isUnassigned(sent) ? undefined : cleanSingle(attribute, sent, path, faults)
}

/** A string that can be stored: not too long, no NUL, no half of a surrogate pair. */
export function cleanString(value: unknown, path: string, faults: Problem[]): string | undefined {
  if (typeof value !== 'string') return fault(faults, path, `must be a string, not ${kindOf(value)}`)
  if (value.length > MAX_STRING) return fault(faults, path, `must not be longer than ${MAX_STRING} characters`)
  if (value.includes('\0') || !value.isWellFormed()) return fault(faults, path, 'must not contain NUL or half a surrogate pair')
  return value
}

function cleanList(attribute: Attribute, value: unknown, path: string, faults: Problem[]): Json | undefined {
  const sent: readonly unknown[] = Array.isArray(value) ? value : [value]
  const most = attribute === MEMBERS ? MAX_MEMBERS : MAX_ELEMENTS
  if (sent.length > most) return fault(faults, path, `must not have more than ${most} values in one request`)
  const elements: Json[] = []
  for (const one of sent) {
    const element = cleanElement(attribute, one, path, faults)
    if (attribute === MEMBERS && !isUnassigned(one) && !namesMember(element))
      return fault(faults, path, 'must each have a value, the id of a user or a group')
    if (element !== undefined && !isBare(element)) elements.push(element)
  }
  if (elements.length < 2) return elements.length === 0 ? undefined : elements
  return withOnePrimary(union(attribute, [], elements))
}

function namesMember(element: Json | undefined): boolean {
  return isObject(element) && (element.value !== undefined || element.$ref !== undefined)
}

function cleanSingle(attribute: Attribute, value: unknown, path: string, faults: Problem[]): Json | undefined {
  switch (attribute.type) {
    case 'complex':
      return cleanComplex(attribute, value, path, faults)
    case 'boolean':
      return cleanBoolean(value, path, faults)
    case 'integer':
    case 'decimal':
      return cleanNumber(attribute.type, value, path, faults)
    case 'dateTime':
      if (typeof value === 'string' && isDateTime(value)) return cleanString(value, path, faults)
      return fault(faults, path, `must be a date and time such as 2027-01-31T08:00:00Z, not ${kindOf(value)}`)
    case 'string':
    case 'reference':
      return cleanString(value, path, faults)
    case 'binary':
      if (typeof value === 'string' && BASE64.test(value.replace(/\s+/g, ''))) return cleanString(value, path, faults)
      return fault(faults, path, `must be base64, not ${kindOf(value)}`)
    default:
      return attribute.type satisfies never
  }
}

/** A bare text stands for the `value` of an attribute that has one, a list of one for its element. */
function cleanComplex(attribute: Attribute, value: unknown, path: string, faults: Problem[]): Json | undefined {
  const { subAttributes } = attribute
  if (Array.isArray(value) && value.length === 1 && !attribute.multiValued && !Array.isArray(value[0]))
    return cleanElement(attribute, value[0], path, faults)
  const sent = typeof value === 'string' && subAttributes.has('value') ? { value } : value
  if (!isObject(sent)) return fault(faults, path, `must be an object, not ${kindOf(value)}`)
  const clean: { [name: string]: Json } = {}
  let isEmpty = true
  for (const name of Object.keys(sent)) {
    const sub = subAttributes.get(name.toLowerCase())
    if (sub === undefined || sub.mutability === 'readOnly') continue
    const inner = cleanElement(sub, sent[name], `${path}.${sub.name}`, faults)
    if (inner === undefined) continue
    clean[sub.name] = inner
    isEmpty = false
  }
  return isEmpty ? undefined : clean
}

function cleanBoolean(value: unknown, path: string, faults: Problem[]): Json | undefined {
  if (typeof value === 'boolean') return value
  // Entra sends "True" and "False" unless a flag in its tenant URL is set.
  const word = typeof value === 'string' ? value.toLowerCase() : undefined
  if (word === 'true' || word === 'false') return word === 'true'
  return fault(faults, path, `must be true or false, not ${kindOf(value)}`)
}

function cleanNumber(type: 'integer' | 'decimal', value: unknown, path: string, faults: Problem[]): Json | undefined {
  const number = typeof value === 'string' && /^[+-]?\d{1,16}(\.\d{1,16})?$/.test(value) ? Number(value) : value
  if (typeof number !== 'number') return fault(faults, path, `must be a number, not ${kindOf(value)}`)
  if (type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number)) return number
  return fault(faults, path, type === 'integer' ? 'must be a whole number' : 'must be a number')
}

function fault(faults: Problem[], field: string, says: string): undefined {
  faults.push({ field, code: 'invalidValue', message: `${field} ${says}` })
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'this text'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The sub-attributes that an object names without a value: they are to be cleared where the object is merged. */
export function unassignedIn(attribute: Attribute, value: unknown): readonly string[] {
  if (!isObject(value)) return []
  const names: string[] = []
  for (const name of Object.keys(value)) {
    const sub = attribute.subAttributes.get(name.toLowerCase())
    if (sub !== undefined && sub.mutability !== 'readOnly' && isUnassigned(value[name])) names.push(sub.name)
  }
  return names
}

/** The object without these members; undefined when nothing is left. */
export function without(object: JsonObject, names: readonly string[]): JsonObject | undefined {
  const rest = Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
  return Object.keys(rest).length === 0 ? undefined : rest
}

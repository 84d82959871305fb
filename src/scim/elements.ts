/**
 * Lists of values: which elements are the same one, which is primary, what is left of one (RFC 7643, section 2.4).
 * All of it takes time in proportion to the lists, however they were made up.
 */
import { isObject } from '../directory/json.ts'
import { foldText } from '../directory/keys.ts'
import type { Attribute } from '../directory/schema.ts'
import type { Json, JsonObject } from '../directory/user.ts'

/** Elements of an attribute that are there already take on what those that are added say; the rest is appended. */
export function union(attribute: Attribute, elements: readonly Json[], added: readonly Json[]): readonly Json[] {
  const list = [...elements]
  const places = new Map(list.map((element, index) => [identityOf(attribute, element), index]))
  for (const element of added) {
    const identity = identityOf(attribute, element)
    const place = places.get(identity)
    if (place === undefined) places.set(identity, list.push(element) - 1)
    else if (isObject(element)) list[place] = joined(list[place] as JsonObject, element)
  }
  return list
}

/** As `merged`, of two that are the same one: a value that is there stays as it is written (RFC 7644, section 3.5.2.1). */
function joined(there: JsonObject, added: JsonObject): JsonObject {
  if (typeof added.name === 'string') return merged(there, added)
  if (added.value === undefined) return there
  const { type: _, value: __, ...rest } = added
  return merged(there, rest)
}

/** The element with what is added to it; itself where that is nothing new. */
export function merged(there: JsonObject, added: JsonObject): JsonObject {
  const isNew = Object.keys(added).some((name) => added[name] !== there[name])
  return isNew ? { ...there, ...added } : there
}

/** The elements that are not named: by value (and type), by type alone, or by all that they are. */
export function withoutNamed(attribute: Attribute, elements: readonly Json[], named: readonly Json[]): readonly Json[] {
  const whole = new Set<string>()
  const values = new Set<Json | undefined>()
  const types = new Set<Json | undefined>()
  for (const one of named) {
    if (!isObject(one)) whole.add(identityOf(attribute, one))
    else if (one.value !== undefined && one.type === undefined && one.name === undefined) values.add(foldedValue(attribute, one))
    else if (one.type !== undefined && Object.keys(one).length === 1) types.add(foldedType(one))
    else whole.add(identityOf(attribute, one))
  }
  return elements.filter((element) => {
    if (whole.has(identityOf(attribute, element))) return false
    return !isObject(element) || !(values.has(foldedValue(attribute, element)) || types.has(foldedType(element)))
  })
}

/** The list with one primary value at most: the first, unless one is newly so (not an element of `before`). */
export function withOnePrimary(list: readonly Json[], before: readonly Json[] = []): readonly Json[] {
  const primaries = list.filter(isPrimary)
  if (primaries.length < 2) return list
  const known = new Set(before)
  const chosen = primaries.findLast((element) => known.size > 0 && !known.has(element)) ?? primaries[0]
  return list.map((element) => (element !== chosen && isPrimary(element) ? { ...element, primary: false } : element))
}

function isPrimary(element: Json): element is JsonObject {
  return isObject(element) && element.primary === true
}

/** Whether nothing is left of an element but labels: a type without what it is the type of. */
export function isBare(element: Json): boolean {
  if (!isObject(element)) return false
  for (const name in element) if (name !== 'type' && name !== 'primary') return false
  return true
}

/** What makes two elements the same one: a name, else type and value, else everything. */
function identityOf(attribute: Attribute, element: Json): string {
  if (!isObject(element)) return typeof element === 'string' ? foldText(element) : String(element)
  const { name, value } = element
  if (typeof name === 'string') return JSON.stringify(['name', foldText(name)])
  if (value !== undefined) return JSON.stringify([foldedType(element), foldedValue(attribute, element)])
  const parts = Object.entries(element).map(([part, one]) => [part, folded(attribute, part, one)] as const)
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function foldedValue(attribute: Attribute, { value }: JsonObject): Json | undefined {
  return value === undefined ? undefined : folded(attribute, 'value', value)
}

/** A part as it is compared: without its case where the schema says that this means nothing. */
function folded({ subAttributes }: Attribute, part: string, value: Json): Json {
  if (typeof value !== 'string' || subAttributes.get(part.toLowerCase())?.caseExact !== false) return value
  return foldText(value)
}

function foldedType({ type }: JsonObject): string | null {
  return typeof type === 'string' ? foldText(type) : null
}

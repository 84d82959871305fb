/**
 * A record seen as slots: the smallest things with an owner.
 *
 * `title`, `name.givenName`, `emails[work]` (all elements of that type together), `campus.program`,
 * `enterprise.manager` (whole), `campus.tags[honours]` (one value of a set, named folded),
 * `campus.customFields[Locker]` (by name). What an attribute becomes follows from the shape of its value alone.
 */
import { foldText } from './keys.ts'
import type { Json, JsonObject, Resource, Slot } from './user.ts'

const CONTAINERS: ReadonlySet<string> = new Set(['enterprise', 'campus'])
const NAMED_ELEMENTS: ReadonlySet<string> = new Set(['campus.customFields'])

/** Every slot of the record that has a value; elements that share a slot stand in one list, in their order. */
export function slotsOf(resource: Resource): Map<Slot, Json> {
  const slots = new Map<Slot, Json>()
  for (const name in resource) {
    const value = resource[name] as Json
    if (CONTAINERS.has(name)) {
      const extension = value as JsonObject
      for (const inner in extension) addAttribute(slots, `${name}.${inner}`, extension[inner] as Json, false)
    } else {
      addAttribute(slots, name, value, true)
    }
  }
  return slots
}

function addAttribute(slots: Map<Slot, Json>, name: string, value: Json, splits: boolean): void {
  if (isList(value)) {
    for (const element of value) {
      const slot = slotOfElement(name, element)
      const there = slots.get(slot)
      if (!isObject(element)) slots.set(slot, element)
      else if (there === undefined) slots.set(slot, [element])
      else (there as Json[]).push(element)
    }
  } else if (splits && isObject(value)) {
    for (const sub in value) slots.set(`${name}.${sub}`, value[sub] as Json)
  } else {
    slots.set(name, value)
  }
}

function slotOfElement(attribute: string, element: Json): Slot {
  if (!isObject(element)) return `${attribute}[${foldText(String(element))}]`
  const picked = NAMED_ELEMENTS.has(attribute) ? element.name : element.type
  return `${attribute}[${typeof picked === 'string' ? foldText(picked) : ''}]`
}

/**
 * The record with one slot set, or without it where `value` is undefined. Elements keep their place in a list;
 * what ends empty is removed.
 */
export function withSlot(resource: Resource, slot: Slot, value: Json | undefined): Resource {
  const bracket = slot.indexOf('[')
  const path = (bracket < 0 ? slot : slot.slice(0, bracket)).split('.')
  const [outer, inner] = path as [string, string | undefined]
  const attribute = path.join('.')
  const set = (there: Json | undefined) => (bracket < 0 ? value : withElements(attribute, there, slot, value))
  if (inner === undefined) return withMember(resource, outer, set(resource[outer]))
  const container = resource[outer]
  const next = withMember(isObject(container) ? container : {}, inner, set(isObject(container) ? container[inner] : undefined))
  return withMember(resource, outer, Object.keys(next).length === 0 ? undefined : next)
}

function withMember(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  if (value !== undefined) return { ...object, [name]: value }
  const { [name]: _, ...rest } = object
  return rest
}

function withElements(attribute: string, list: Json | undefined, slot: Slot, value: Json | undefined): Json | undefined {
  const wanted = value === undefined ? [] : isList(value) ? value : [value]
  const before = isList(list) ? list : []
  const first = before.findIndex((element) => slotOfElement(attribute, element) === slot)
  const rest = before.filter((element) => slotOfElement(attribute, element) !== slot)
  const next = first < 0 ? [...rest, ...wanted] : [...rest.slice(0, first), ...wanted, ...rest.slice(first)]
  return next.length === 0 ? undefined : next
}

/** Deep equality of JSON values; the order of an object's names does not count, that of a list does. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (isList(a)) return isList(b) && a.length === b.length && a.every((value, index) => sameJson(value, b[index]))
  if (!isObject(a) || !isObject(b) || isList(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A record seen as slots: the smallest things with an owner.
 *
 * `title`, `name.givenName`, `emails[work]` (all elements of that type together), `campus.program`,
 * `enterprise.manager` (whole), `campus.tags[honours]` (one value of a set, named folded),
 * `campus.customFields[Locker]` (by name). What an attribute becomes follows from the shape of its value alone.
 */
import { isList, isObject } from './json.ts'
import { foldText } from './keys.ts'
import type { Attributes } from './schema.ts'
import { isExtension, USER } from './schema.ts'
import type { Json, JsonObject, Resource, Slot } from './user.ts'

const NAMED_ELEMENTS: ReadonlySet<string> = new Set(['campus.customFields'])

/** Every slot of the record that has a value; elements that share a slot stand in one list, in their order. */
export function slotsOf(resource: Resource): Map<Slot, Json> {
  const slots = new Map<Slot, Json>()
  walk(resource, (slot, value, isElement) => {
    const there = isElement ? slots.get(slot) : undefined
    if (!isElement || !isObject(value)) slots.set(slot, value)
    else if (there === undefined) slots.set(slot, [value])
    else (there as Json[]).push(value)
  })
  return slots
}

/** Every slot of the record that has a value, each once. */
export function slotNamesOf(resource: Resource): Slot[] {
  const names: Slot[] = []
  walk(resource, (slot, _, isElement) => {
    if (!isElement || !names.includes(slot)) names.push(slot)
  })
  return names
}

type Visit = (slot: Slot, value: Json, isElement: boolean) => void

function walk(resource: Resource, visit: Visit): void {
  for (const name in resource) {
    const value = resource[name] as Json
    if (isExtension(name)) {
      const extension = value as JsonObject
      for (const inner in extension) walkAttribute(memberName(name, inner), extension[inner] as Json, false, visit)
    } else {
      walkAttribute(name, value, true, visit)
    }
  }
}

function walkAttribute(name: string, value: Json, splits: boolean, visit: Visit): void {
  if (isList(value)) for (const element of value) visit(slotOfElement(name, element), element, true)
  else if (splits && isObject(value)) for (const sub in value) visit(memberName(name, sub), value[sub] as Json, false)
  else visit(name, value, false)
}

/** `name.givenName`: the few names that schemas have are made once, not with each record. */
function memberName(outer: string, inner: string): string {
  return MEMBERS.get(outer)?.get(inner) ?? `${outer}.${inner}`
}

const MEMBERS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ...Array.from(USER.attributesOf().values(), ({ name, subAttributes }) => membersOf(name, subAttributes)),
  ...USER.extensions.map((name) => membersOf(name, USER.attributesOf(name))),
])

function membersOf(outer: string, inside: Attributes): [string, ReadonlyMap<string, string>] {
  return [outer, new Map(Array.from(inside.values(), ({ name }) => [name, `${outer}.${name}`]))]
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

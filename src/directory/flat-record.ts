/**
 * Where each flat field lies in a record: reading it, and a record with it set or cleared.
 * A field names one place: the e-mail is the address that stands for the person, a phone number the one of its type.
 */
import type { Field } from './fields.ts'
import { FIELDS } from './fields.ts'
import { isList, isObject } from './json.ts'
import { foldText, leadingEmail } from './keys.ts'
import { dottedName, USER } from './schema.ts'
import type { Json, JsonObject, Resource } from './user.ts'

/** As it is read: numbers as numbers, the status in words, tags as a list. */
export type FlatUser = { readonly [field: string]: string | number | readonly string[] }

type Place = {
  readonly get: (resource: Resource) => Json | undefined
  readonly set: (resource: Resource, value: Json | undefined, fresh: Fresh) => Resource
}

/** Objects that one series of edits has made: nobody else has them yet, so they are written into and not copied again. */
export type Fresh = object[]

/** `phoneNumbers[type eq "work"].value`: which list, elements of which type, and what of them. */
type ElementPath = { readonly list: string; readonly type: string; readonly sub: string }

const ELEMENT = /^(\w+)\[type eq "(\w+)"\]\.(\w+)$/

const PLACES: ReadonlyMap<string, Place> = new Map(FIELDS.map((field) => [field.name, placeOf(field)]))

/** The record as flat fields, without those that are empty. */
export function flatUserOf(resource: Resource): FlatUser {
  const flat: { [field: string]: FlatUser[string] } = {}
  for (const field of FIELDS) {
    const value = shownValue(field, getField(resource, field))
    if (value !== undefined) flat[field.name] = value
  }
  return flat
}

/** The fields in which two records differ. */
export function changedFields(before: Resource, after: Resource): string[] {
  return FIELDS.filter(
    (field) => !isSame(shownValue(field, getField(before, field)), shownValue(field, getField(after, field))),
  ).map(({ name }) => name)
}

export function getField(resource: Resource, field: Field): Json | undefined {
  return placeFor(field).get(resource)
}

/** The record with the field set, or without it where `value` is undefined. */
export function withField(resource: Resource, field: Field, value: Json | undefined, fresh: Fresh = []): Resource {
  return placeFor(field).set(resource, value, fresh)
}

function shownValue(field: Field, value: Json | undefined): FlatUser[string] | undefined {
  if (field.type === 'status') return value === false ? 'inactive' : 'active'
  if (field.type === 'tags') {
    const tags = isList(value) ? value.map(String) : []
    return tags.length === 0 ? undefined : tags
  }
  if (typeof value === 'number') return value
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isSame(a: FlatUser[string] | undefined, b: FlatUser[string] | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  return a.length === b.length && a.every((tag, index) => tag === b[index])
}

function placeFor({ name }: Field): Place {
  const place = PLACES.get(name)
  if (place === undefined) throw new Error(`no field is called ${name}`)
  return place
}

function placeOf(field: Field): Place {
  if (field.name === 'email') return { get: ({ emails }) => leadingEmail(emails), set: withLeadingEmail }
  const element = elementOf(field)
  if (element !== undefined) return elementPlace(element)
  const path = USER.resolve(field.path)
  if (path === undefined) throw new Error(`the field ${field.name} has a path that no schema knows: ${field.path}`)
  return memberPlace(dottedName(path).split('.'))
}

/** The path of a field that lies in the elements of a list, taken apart. */
export function elementOf({ path }: Field): ElementPath | undefined {
  const [, list, type, sub] = ELEMENT.exec(path) ?? []
  return list === undefined || type === undefined || sub === undefined ? undefined : { list, type, sub }
}

function memberPlace(path: readonly string[]): Place {
  const [outer = '', inner] = path
  if (inner === undefined) {
    return { get: (resource) => resource[outer], set: (resource, value, fresh) => withMember(resource, outer, value, fresh) }
  }
  return {
    get: (resource) => insideOf(resource[outer])[inner],
    set: (resource, value, fresh) =>
      withMember(resource, outer, unlessEmpty(withMember(insideOf(resource[outer]), inner, value, fresh)), fresh),
  }
}

/** The first element of the type; where none is there, one is made. An element that is left with its type alone goes. */
function elementPlace({ list, type, sub }: ElementPath): Place {
  const isOfType = (element: Json) =>
    typeof insideOf(element).type === 'string' && foldText(String(insideOf(element).type)) === type
  return {
    get: (resource) => insideOf(elementsOf(resource[list]).find(isOfType))[sub],
    set: (resource, value, fresh) => {
      const elements = elementsOf(resource[list])
      const at = elements.findIndex(isOfType)
      const next = withMember(insideOf(at < 0 ? { type } : elements[at]), sub, value, fresh)
      if (!saysMore(next)) return withMember(resource, list, unlessNone(replaced(elements, at, undefined)), fresh)
      // Written into where it stands.
      return next === elements[at] ? resource : withMember(resource, list, replaced(elements, at, next), fresh)
    },
  }
}

/** Replaces the address that stands for the person and touches no other; one that is there already comes to stand for them. */
function withLeadingEmail(resource: Resource, value: Json | undefined, fresh: Fresh): Resource {
  const elements = elementsOf(resource.emails)
  const leading = leadingEmail(resource.emails)
  const at = leading === undefined ? -1 : indexOfLeading(elements, leading)
  const other = typeof value === 'string' ? elements.findIndex((element) => isAddress(element, value)) : -1
  if (other >= 0 && other !== at) return withMember(resource, 'emails', leadingAt(elements, other), fresh)
  const there = at < 0 ? { type: 'work', primary: true } : insideOf(elements[at])
  // A display form of the old address would be wrong for the new one.
  const { display: _, ...rest } = there
  const next = replaced(elements, at, value === undefined ? undefined : { ...rest, value })
  return withMember(resource, 'emails', unlessNone(next), fresh)
}

function isAddress(element: Json, address: string): boolean {
  const { value } = insideOf(element)
  return typeof value === 'string' && foldText(value) === foldText(address)
}

function leadingAt(elements: readonly Json[], leading: number): readonly Json[] {
  return elements.map((element, at) => {
    const { primary: _, ...rest } = insideOf(element)
    return at === leading ? { ...rest, primary: true } : rest
  })
}

function indexOfLeading(elements: readonly Json[], leading: string): number {
  const holds = (element: Json) => insideOf(element).value === leading
  const primary = elements.findIndex((element) => holds(element) && insideOf(element).primary === true)
  if (primary >= 0) return primary
  const work = elements.findIndex((element) => holds(element) && foldText(String(insideOf(element).type)) === 'work')
  return work >= 0 ? work : elements.findIndex(holds)
}

function replaced(elements: readonly Json[], at: number, element: Json | undefined): readonly Json[] {
  const next = element === undefined ? [] : [element]
  return at < 0 ? [...elements, ...next] : [...elements.slice(0, at), ...next, ...elements.slice(at + 1)]
}

function withMember(object: JsonObject, name: string, value: Json | undefined, fresh: Fresh): JsonObject {
  const next: { [name: string]: Json } = fresh.includes(object) ? object : { ...object }
  if (next !== object) fresh.push(next)
  if (value === undefined) delete next[name]
  else next[name] = value
  return next
}

function insideOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}

function elementsOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : []
}

/** Whether there is more to an element than which one it is. */
function saysMore(element: JsonObject): boolean {
  for (const name in element) if (name !== 'type' && name !== 'primary') return true
  return false
}

function unlessEmpty(object: JsonObject): JsonObject | undefined {
  for (const _ in object) return object
  return undefined
}

function unlessNone(list: readonly Json[]): readonly Json[] | undefined {
  return list.length === 0 ? undefined : list
}

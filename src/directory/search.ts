/**
 * The shadow of a record that filters and sorting look at: nested like the resource, its values folded as the schema
 * says, so that every store compares plain text and numbers and agrees with every other.
 *
 * What is unique lies under `keys`, when a record was made and changed at its top: neither is repeated here.
 */
import { timeOf } from './date-time.ts'
import { isObject } from './json.ts'
import { foldKeyPart, foldText } from './keys.ts'
import type { Attribute, Attributes, ResourceSchema } from './schema.ts'
import { USER } from './schema.ts'
import type { Json, JsonObject, Source, UserFields } from './user.ts'

/** Longer values are cut, in UTF-16 units: a filter sees the beginning of a biography. */
const MAX_SEARCHED = 1024

const KEYS: ReadonlySet<string> = new Set(['userName', 'netid', 'netid2', 'netid3'])

/** Kept elsewhere, or shown to nobody. */
export const LEFT_OUT: ReadonlySet<string> = new Set([...KEYS, 'groups', 'password'])

const EMAIL = USER.attributesOf().get('emails')?.subAttributes.get('value')
const PHOTO = USER.attributesOf().get('photos')?.subAttributes.get('value')

type Folding = 'key' | 'text' | 'exact' | 'time' | 'plain'

/** How values of a simple attribute are folded before they are compared. */
export function foldingOf(attribute: Attribute): Folding {
  if (attribute === EMAIL || KEYS.has(attribute.name)) return 'key'
  switch (attribute.type) {
    case 'string':
    case 'reference':
    case 'binary':
      return attribute.caseExact ? 'exact' : 'text'
    case 'dateTime':
      return 'time'
    case 'boolean':
    case 'integer':
    case 'decimal':
    case 'complex':
      return 'plain'
    default:
      return attribute.type satisfies never
  }
}

/** Whether values can be compared by the store: of certificates and pictures it only knows that they are there. */
export function isSearchable(attribute: Attribute): boolean {
  return attribute.type !== 'binary' && attribute !== PHOTO
}

/** The name of an attribute within a stored path, which has no room for a dollar sign. */
export function searchName(attribute: Attribute): string {
  return attribute.name === '$ref' ? 'ref' : attribute.name
}

/** What an element of `search.externalIds` looks like; of all that a source names when `externalId` is ''. */
export function externalIdTerm(source: Source, externalId: string): string {
  return `${source}\u001f${cut(externalId)}`
}

/** Where it stands what a source calls the record, for sorting: a path has room for letters and digits alone. */
export function externalIdPath(source: Source): string {
  return `search.externalId.${segmentOf(source)}`
}

function segmentOf(source: Source): string {
  return source.replaceAll(/[^a-z0-9]/gi, (mark) => `_${mark.charCodeAt(0).toString(16)}_`)
}

/**
 * What an element of `search.slots` looks like: one index for all that institutions declare themselves.
 * @param name `lockerNumber`, `locker.number`
 * @param value folded
 */
export function slotTerm(name: string, value: string | number | boolean): string {
  return `${name}\u001f${value}`
}

/** At most 1024 UTF-16 units, never half a surrogate pair. */
export function cut(value: string): string {
  if (value.length <= MAX_SEARCHED) return value
  const end = value.charCodeAt(MAX_SEARCHED - 1)
  return value.slice(0, end >= 0xd800 && end < 0xdc00 ? MAX_SEARCHED - 1 : MAX_SEARCHED)
}

type Folded = { [name: string]: unknown }

/** An attribute made ready for folding many values. */
type Part = {
  readonly name: string
  readonly isList: boolean
  readonly fold: (value: Json) => unknown
}

type Parts = ReadonlyMap<string, Part>

const CORE = partsOf(USER.attributesOf())
const EXTENSION_PARTS = USER.extensions.map((name) => [name, partsOf(USER.attributesOf(name))] as const)

/**
 * What `Doc.search` holds for a user. Beside the attributes: the `lead` element (primary, else first) of each list but
 * `emails`, for sorting; the `slots` of an institution's own extension; and what users and groups have alike.
 */
export function searchOf(
  { resource, bindings, memberOf }: Pick<UserFields, 'resource' | 'bindings' | 'memberOf'>,
  schema: ResourceSchema = USER,
): {
  readonly [name: string]: unknown
} {
  const search = foldObject(CORE, resource)
  search.active = resource.active !== false
  for (const [name, parts] of EXTENSION_PARTS) {
    const extension = resource[name]
    if (isObject(extension)) search[name] = foldObject(parts, extension)
  }
  const lead = leadOf(search)
  if (lead !== undefined) search.lead = lead
  if (isObject(resource.own) && schema !== USER) addOwn(search, resource.own, schema)
  addShared(search, { bindings, memberOf })
  return search
}

/** Lists are no slots: a record could have so many values that its index would be larger than itself. */
function addOwn(search: Folded, own: JsonObject, schema: ResourceSchema): void {
  const parts = OWN.get(schema) ?? partsOf(schema.attributesOf('own'))
  OWN.set(schema, parts)
  const folded = foldObject(parts, own)
  search.own = folded
  const slots = slotTerms(folded)
  if (slots.length > 0) search.slots = slots
}

const OWN = new WeakMap<ResourceSchema, Parts>()

function slotTerms(folded: Folded, prefix = ''): readonly string[] {
  return Object.entries(folded).flatMap(([name, value]) => {
    if (Array.isArray(value)) return []
    if (typeof value === 'object') return slotTerms(value as Folded, `${name}.`)
    return [slotTerm(`${prefix}${name}`, value as string | number | boolean)]
  })
}

/** One element of a complex attribute, folded whole. */
export function foldElement(attribute: Attribute, element: Json): unknown {
  const parts = WHOLE.get(attribute) ?? partsOf(attribute.subAttributes, true)
  WHOLE.set(attribute, parts)
  return isObject(element) ? foldObject(parts, element) : leafFold(attribute, true)(element)
}

const WHOLE = new Map<Attribute, Parts>()

function partsOf(attributes: Attributes, isWhole = false): Parts {
  const parts = new Map<string, Part>()
  for (const attribute of attributes.values()) {
    if (!LEFT_OUT.has(attribute.name)) parts.set(attribute.name, partOf(attribute, isWhole))
  }
  return parts
}

function partOf(attribute: Attribute, isWhole: boolean): Part {
  const inner = attribute.type === 'complex' ? partsOf(attribute.subAttributes, isWhole) : undefined
  const fold =
    inner === undefined ? leafFold(attribute, isWhole) : (value: Json) => (isObject(value) ? foldObject(inner, value) : undefined)
  return { name: searchName(attribute), isList: attribute.multiValued, fold }
}

function leafFold(attribute: Attribute, isWhole: boolean): (value: Json) => unknown {
  if (!isWhole && !isSearchable(attribute)) return () => true
  const folding = foldingOf(attribute)
  return (value) =>
    typeof value === 'string' ? foldLeaf(folding, value) : folding === 'plain' && typeof value !== 'object' ? value : undefined
}

/** Text as it is compared; undefined where it is no text of this kind. */
function foldLeaf(folding: Folding, value: string): string | number | undefined {
  switch (folding) {
    case 'text':
      return cut(foldText(value))
    case 'key':
      return cut(foldKeyPart(value).trim())
    case 'exact':
      return cut(value)
    case 'time':
      return foldTime(value)
    case 'plain':
      return undefined
    default:
      return folding satisfies never
  }
}

function foldTime(value: string): number | undefined {
  const time = timeOf(value)
  return Number.isNaN(time) ? undefined : time
}

function foldObject(parts: Parts, object: JsonObject): Folded {
  const folded: Folded = {}
  for (const name in object) {
    const part = parts.get(name)
    const value = object[name]
    if (part === undefined || value === undefined || value === null) continue
    const found = part.isList ? foldList(part, value) : part.fold(value)
    if (found !== undefined) folded[part.name] = found
  }
  return folded
}

function foldList(part: Part, list: Json): readonly unknown[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined
  const folded: unknown[] = []
  for (const element of list as readonly Json[]) {
    const value = part.fold(element)
    if (value !== undefined) folded.push(value)
  }
  return folded
}

function leadOf(search: Folded): Folded | undefined {
  let lead: Folded | undefined
  for (const name in search) {
    const list = search[name]
    if (name === 'emails' || !Array.isArray(list)) continue
    lead ??= {}
    lead[name] = list.find((element: Folded) => element.primary === true) ?? list[0]
  }
  return lead
}

/** What users and groups have alike: what belongs to sources (`externalIds`, `externalId`, `boundTo`, `deletedBy`), and `memberOf`. */
export function addShared(
  search: { [name: string]: unknown },
  { bindings, memberOf }: Pick<UserFields, 'bindings' | 'memberOf'>,
): void {
  const externalIds: string[] = []
  const externalId: { [segment: string]: string } = {}
  const boundTo: string[] = []
  const deletedBy: string[] = []
  for (const { source, externalId: called, state } of bindings) {
    if (state === 'deleted') deletedBy.push(source)
    else {
      boundTo.push(source)
      if (called === undefined) continue
      externalIds.push(externalIdTerm(source, called))
      externalId[segmentOf(source)] = cut(called)
    }
  }
  if (externalIds.length > 0) {
    search.externalIds = externalIds
    search.externalId = externalId
  }
  if (boundTo.length > 0) search.boundTo = boundTo
  if (deletedBy.length > 0) search.deletedBy = deletedBy
  if (memberOf.length > 0) search.memberOf = memberOf
}

/**
 * Documents as MongoDB stores them, and back.
 *
 * `_id` is `institution:id`, so that ids need to be unique within their institution only and a page in the order of ids
 * is a range of the one index that every collection has. Names of fields that MongoDB refuses or misreads are escaped
 * with `%`, as in URLs: `name.givenName` is stored as `name%2EgivenName`.
 */
import type { Doc } from '../store.ts'

export type Stored = {
  readonly _id: string
  readonly institution: string
  readonly version: string
  readonly expires?: number
  readonly _outbox?: Pending
  /** `expires` as the server's own expiry wants it. */
  readonly _expires?: Date
  readonly [field: string]: unknown
}

/** What still has to happen because of the last write of a document; known to this adapter alone. */
export type Pending = {
  /** Names the write: no two have the same. */
  readonly mark: string
  readonly events: readonly Stored[]
  /** What `_expires` is to be as soon as the events are copied: until then nothing may take the document away. */
  readonly expires?: Date
  /** The document is deleted as soon as its events are copied. */
  readonly remove?: true
}

/** What no read returns. */
export const HIDDEN = { search: 0, _outbox: 0, _expires: 0 } as const

export function storedId(institution: string, id: string): string {
  return `${institution}:${id}`
}

/** Where the ids of an institution begin and end: ids of institutions hold no colon. */
export function idRange(institution: string): { readonly $gte: string; readonly $lt: string } {
  return { $gte: `${institution}:`, $lt: `${institution};` }
}

/** A single value in the plainest words, which is all that FerretDB hands on to its database. */
export function oneOf(values: readonly string[]): string | { readonly $in: readonly string[] } {
  const [only, ...others] = values
  return only !== undefined && others.length === 0 ? only : { $in: values }
}

export function toStored(doc: Doc): Stored {
  const { _id, institution, expires } = doc
  return {
    ...(escaped(doc) as Doc),
    _id: storedId(institution, _id),
    ...(expires === undefined ? {} : { _expires: new Date(expires) }),
  }
}

export function toDoc(stored: Stored): Doc {
  return { ...(unescaped(stored) as Stored), _id: stored._id.slice(stored.institution.length + 1) }
}

/** `_bsontype` would make the driver take an object for one of its own types, `__proto__` is no field to assign to. */
const REFUSED = /[%.\0]|^$|^\$|^_(?=bsontype$|_proto__$)/

export function escapeName(name: string): string {
  if (!REFUSED.test(name)) return name
  return name === ''
    ? '%'
    : name.replace(/[%.\0]|^[$_]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}

function unescapeName(name: string): string {
  return name === '%' ? '' : name.replace(/%([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** Holds a list that lies in a list: FerretDB refuses those, and MongoDB would look into them. No escaped name is like it. */
const INNER_LIST = '%list'

type Fields = { [name: string]: unknown }

function escaped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return value.map((element) => (Array.isArray(element) ? { [INNER_LIST]: escaped(element) } : escaped(element)))
  const fields: Fields = {}
  for (const [name, inner] of Object.entries(value)) fields[escapeName(name)] = escaped(inner)
  return fields
}

function unescaped(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(unescaped)
  const fields: Fields = {}
  for (const [name, inner] of Object.entries(value)) {
    if (name === INNER_LIST) return unescaped(inner)
    if (name.includes('%')) Object.defineProperty(fields, unescapeName(name), own(unescaped(inner)))
    else fields[name] = unescaped(inner)
  }
  return fields
}

function own(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: true, configurable: true }
}

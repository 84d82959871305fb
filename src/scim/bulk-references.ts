/**
 * `bulkId:…` in the operations of a bulk request: stands for the id of a resource that another operation makes
 * (RFC 7644, section 3.7.2). It may be a whole value, and then any text is a bulkId; the end of an address, where it may
 * be percent-encoded; or a text in quotes within the path of a PATCH.
 */
import { isObject } from '../directory/json.ts'

const NAME = 'bulkId'
const PREFIX = `${NAME}:`
/** The closing quote may be missing: a text is read once, however often one opens in it. */
const WITHIN = /"bulkId:((?:[^"\\]|\\.)+)"?|\/bulkId(?::|%3[Aa])([^/"\s]+)/g

/** Nothing that a resource can hold lies deeper. */
const MAX_DEPTH = 16

/** The bulkIds that are named in the data of an operation. */
export function referencesIn(value: unknown, found = new Set<string>(), depth = 0): Set<string> {
  if (typeof value === 'string') {
    if (!value.includes(NAME)) return found
    const whole = wholeReference(value)
    if (whole !== undefined) return found.add(whole)
    for (const [, quoted, encoded] of value.matchAll(WITHIN)) found.add(bulkIdOf(quoted, encoded))
  } else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
    for (const inner of Object.values(value)) referencesIn(inner, found, depth + 1)
  }
  return found
}

/** The data with ids in place of references; the same where there are none. @param ids by bulkId */
export function resolved(value: unknown, ids: ReadonlyMap<string, string>, depth = 0): unknown {
  if (typeof value === 'string') {
    if (!value.includes(NAME)) return value
    const whole = wholeReference(value)
    if (whole !== undefined) return ids.get(whole) ?? value
    return value.replace(WITHIN, (found, quoted: string | undefined, encoded: string | undefined) => {
      const id = ids.get(bulkIdOf(quoted, encoded))
      if (id === undefined) return found
      return quoted === undefined ? `/${id}` : `"${id}"`
    })
  }
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return value
  if (Array.isArray(value)) return value.map((inner) => resolved(inner, ids, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolved(inner, ids, depth + 1)]))
}

/** The last part of a path, if it is a reference, as it would be in data. */
export function referenceInPath(part: string): string | undefined {
  const text = decoded(part)
  return text.startsWith(PREFIX) ? text : undefined
}

function wholeReference(value: string): string | undefined {
  return value.startsWith(PREFIX) && value.length > PREFIX.length ? value.slice(PREFIX.length) : undefined
}

function bulkIdOf(quoted: string | undefined, encoded: string | undefined): string {
  return quoted === undefined ? decoded(encoded ?? '') : unescaped(quoted)
}

/** Without percent-encoding; as it is where that is none. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Texts within a path are written as in JSON (RFC 7644, section 3.4.2.2). */
function unescaped(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`))
  } catch {
    return text
  }
}

/**
 * Cuts a resource in two where resources name each other in a circle: what can be made now, and the attributes that
 * have to wait for others. @param waiting bulkIds of what is not made yet
 */
export function cut(data: unknown, waiting: ReadonlySet<string>): { readonly now: object; readonly later: object } {
  const now: { [name: string]: unknown } = {}
  const later: { [name: string]: unknown } = {}
  for (const [name, value] of Object.entries(data ?? {})) {
    if (![...referencesIn(value)].some((bulkId) => waiting.has(bulkId))) now[name] = value
    else if (!name.includes(':') || !isObject(value)) later[name] = value
    else {
      // An extension: its attributes one by one.
      const parts = cut(value, waiting)
      now[name] = parts.now
      later[name] = parts.later
    }
  }
  return { now, later }
}

/**
 * `bulkId:…` in the operations of a bulk request: stands for the id of a resource that another operation makes
 * (RFC 7644, section 3.7.2). It may be a value, the end of an address, or in quotes within the path of a PATCH.
 */

const PREFIX = 'bulkId:'
const REFERENCE = /(^|[/"])bulkId:([^/"\s]+)/g

/** Nothing that a resource can hold lies deeper. */
const MAX_DEPTH = 16

/** The bulkIds that are named in the data of an operation. */
export function referencesIn(value: unknown, found = new Set<string>(), depth = 0): Set<string> {
  if (typeof value === 'string') {
    if (value.includes(PREFIX)) for (const [, , bulkId] of value.matchAll(REFERENCE)) if (bulkId !== undefined) found.add(bulkId)
  } else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH) {
    for (const inner of Object.values(value)) referencesIn(inner, found, depth + 1)
  }
  return found
}

/** The data with ids in place of references; the same where there are none. @param ids by bulkId */
export function resolved(value: unknown, ids: ReadonlyMap<string, string>, depth = 0): unknown {
  if (typeof value === 'string') {
    if (!value.includes(PREFIX)) return value
    return value.replace(REFERENCE, (whole, before: string, bulkId: string) => {
      const id = ids.get(bulkId)
      return id === undefined ? whole : before + id
    })
  }
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return value
  if (Array.isArray(value)) return value.map((inner) => resolved(inner, ids, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolved(inner, ids, depth + 1)]))
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
    else if (!name.includes(':')) later[name] = value
    else {
      // An extension: its attributes one by one.
      const parts = cut(value, waiting)
      now[name] = parts.now
      later[name] = parts.later
    }
  }
  return { now, later }
}

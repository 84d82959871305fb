/**
 * The sections of the RFCs under which a report gathers its checks, in its order. A check belongs to the longest that
 * its clause begins with.
 */

const SECTIONS = [
  ['RFC 7643 2', 'attributes and their values'],
  ['RFC 7643 3', 'what every resource has'],
  ['RFC 7643 4.1', 'users'],
  ['RFC 7643 4.2', 'groups'],
  ['RFC 7643 4.3', 'the enterprise extension'],
  ['RFC 7643 5', 'the service provider configuration'],
  ['RFC 7643 6', 'resource types'],
  ['RFC 7643 7', 'schemas'],
  ['RFC 7643 8', 'the schemas of the RFC'],
  ['RFC 7644 2', 'authentication'],
  ['RFC 7644 3.1', 'messages'],
  ['RFC 7644 3.3', 'creating'],
  ['RFC 7644 3.4.1', 'reading one resource'],
  ['RFC 7644 3.4.2', 'lists'],
  ['RFC 7644 3.4.2.2', 'filters'],
  ['RFC 7644 3.4.2.3', 'sorting'],
  ['RFC 7644 3.4.2.4', 'pages'],
  ['RFC 7644 3.4.3', 'searching by POST'],
  ['RFC 7644 3.5.1', 'replacing with PUT'],
  ['RFC 7644 3.5.2', 'modifying with PATCH'],
  ['RFC 7644 3.6', 'deleting'],
  ['RFC 7644 3.7', 'bulk requests'],
  ['RFC 7644 3.8', 'media types'],
  ['RFC 7644 3.9', 'choosing attributes'],
  ['RFC 7644 3.10', 'names with a URN'],
  ['RFC 7644 3.11', '/Me'],
  ['RFC 7644 3.12', 'errors'],
  ['RFC 7644 3.13', 'versions of the protocol'],
  ['RFC 7644 3.14', 'versions of resources'],
  ['RFC 7644 4', 'discovery'],
  ['RFC 7644 5', 'prepared strings'],
  ['RFC 7644 7', 'sensitive data'],
  ['RFC 9865 2', 'cursors'],
  ['RFC 9865 3', 'cursors in a search by POST'],
  ['RFC 9865 4', 'what is said of cursors'],
] as const

export type Section = { readonly clause: string; readonly about: string; readonly place: number }

/** @throws {Error} for a clause of none of them: the table then lacks a line */
export function sectionOf(clause: string): Section {
  let found: Section | undefined
  for (const [place, [prefix, about]] of SECTIONS.entries()) {
    const isWithin = clause === prefix || clause.startsWith(`${prefix}.`)
    if (isWithin && prefix.length > (found?.clause.length ?? 0)) found = { clause: prefix, about, place }
  }
  if (found === undefined) throw new Error(`no section of a report is for ${clause}`)
  return found
}

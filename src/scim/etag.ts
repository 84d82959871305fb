/**
 * Conditional requests (RFC 7644, section 3.14; RFC 9110, section 13.1): tags are compared weakly.
 */

const TAG = /(?:W\/)?"([^"]*)"/gi

/** Whether a resource in this version is what a client wants to find. */
type Fits = (version: string) => boolean

/** What a client that reads says of this version: `stale` when it wants another, `known` when it has it already. */
export function conditionIn(headers: Headers, version: string): 'stale' | 'known' | undefined {
  const wanted = headers.get('if-match')
  if (wanted !== null && !names(wanted, version)) return 'stale'
  const known = headers.get('if-none-match')
  return known !== null && names(known, version) ? 'known' : undefined
}

/** What a write wants of the version that is there; undefined when any will do. A POST is to what is not there yet. */
export function wantedBy({ method, headers }: Request): Fits | undefined {
  const ifNoneMatch = method === 'POST' ? null : headers.get('if-none-match')
  const fits = fitsIn(headers.get('if-match'))
  if (ifNoneMatch === null) return fits
  return (version) => !names(ifNoneMatch, version) && fits?.(version) !== false
}

/** The same of a header, or of the `version` of an operation in a bulk request. */
export function fitsIn(ifMatch: string | null | undefined): Fits | undefined {
  return ifMatch === null || ifMatch === undefined ? undefined : (version) => names(ifMatch, version)
}

/** Whether the version is among those of a header; one without a tag in it names none. */
function names(header: string, version: string): boolean {
  return header.trim() === '*' || Array.from(header.matchAll(TAG), ([, tag]) => tag).includes(version)
}

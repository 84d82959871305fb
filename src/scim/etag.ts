/**
 * Conditional requests (RFC 7644, section 3.14; RFC 9110, section 13.1): tags are compared weakly.
 */

const TAG = /(?:W\/)?"([^"]*)"/gi

/** The versions that `If-Match` accepts; undefined for any, also by `*`. Never matched: a header without a tag in it. */
export function versionsIn(ifMatch: string | null): readonly string[] | undefined {
  if (ifMatch === null || ifMatch.trim() === '*') return
  return Array.from(ifMatch.matchAll(TAG), ([, version = '']) => version)
}

/** What a client that reads says of this version: `stale` when it wants another, `known` when it has it already. */
export function conditionIn(headers: Headers, version: string): 'stale' | 'known' | undefined {
  if (versionsIn(headers.get('if-match'))?.includes(version) === false) return 'stale'
  return isKnown(headers.get('if-none-match'), version) ? 'known' : undefined
}

/** What a write wants of the version that is there: none fits a client that wants nothing to be there (`If-None-Match: *`). */
export function ifMatchOf({ method, headers }: Request): string | null {
  return method !== 'POST' && headers.get('if-none-match')?.trim() === '*' ? '' : headers.get('if-match')
}

function isKnown(ifNoneMatch: string | null, version: string): boolean {
  if (ifNoneMatch === null) return false
  return versionsIn(ifNoneMatch)?.includes(version) ?? true
}

/**
 * Conditional requests (RFC 7644, section 3.14; RFC 9110, section 13.1): tags are compared weakly.
 */

const TAG = /(?:W\/)?"([^"]*)"/gi

/** The versions that `If-Match` accepts; undefined for any, also by `*`. Never matched: a header without a tag in it. */
export function versionsIn(ifMatch: string | null): readonly string[] | undefined {
  if (ifMatch === null || ifMatch.trim() === '*') return
  return Array.from(ifMatch.matchAll(TAG), ([, version = '']) => version)
}

/** Whether the client has this version already (`If-None-Match`). */
export function isKnown(ifNoneMatch: string | null, version: string): boolean {
  if (ifNoneMatch === null) return false
  return versionsIn(ifNoneMatch)?.includes(version) ?? true
}

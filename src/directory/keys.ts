/**
 * Folding: what makes two spellings one key or one search term. The record keeps every value as it was sent.
 *
 * Keys follow PRECIS UsernameCaseMapped (RFC 8265, section 3.3): width, case, composition. What that profile disallows
 * is folded too, not refused: compatibility forms become plain, invisible characters vanish. For a value that it
 * allows, NFKC is the same as its width mapping and NFC, so one rule serves both. Beyond the profile, the two small
 * sigmas are one, since which of them a capital becomes depends on its neighbours.
 */
import { isObject } from './json.ts'
import { normalized } from './normal-form.ts'
import type { Json, Key, Keys, Resource } from './user.ts'
import { NETIDS } from './user.ts'

const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu

/** Whether a text is of printable ASCII alone, as most are: then little has to be looked at. */
export function isPlain(value: string): boolean {
  // Each value of each person comes by here, several times: a loop takes a third of a regular expression's time.
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) return false
  }
  return true
}

/** @returns undefined when nothing is left of the value */
export function foldKey(value: string): string | undefined {
  const folded = foldKeyPart(value).trim()
  return folded === '' ? undefined : folded
}

/** As `foldKey`, for a piece of a key that is looked for within others: spaces at its ends count. */
export function foldKeyPart(value: string): string {
  return isPlain(value) ? value.toLowerCase() : foldWide(value)
}

/** The text in Unicode's composed normal form (NFC). */
export function composed(value: string): string {
  return isPlain(value) ? value : normalized(value, 'NFC')
}

/** Folds a string that is compared without case (`caseExact` false): case and composition, nothing else. */
export function foldText(value: string): string {
  return isPlain(value) ? value.toLowerCase() : normalized(lower(normalized(value, 'NFC')), 'NFC')
}

/** The match keys of a record; the e-mail is the primary, else the work, else the first one. */
export function keysOf(resource: Resource): Keys {
  const keys: { [K in Key]?: string } = {}
  const campus = resource.campus
  if (isObject(campus)) for (const name of NETIDS) put(keys, name, campus[name])
  put(keys, 'email', leadingEmail(resource.emails))
  put(keys, 'userName', resource.userName)
  return keys
}

/** Normalising may bring forth what lower case would have changed, so it goes both before and after. */
function foldWide(value: string): string {
  return normalized(lower(normalized(value, 'NFKC').replace(INVISIBLE, '')), 'NFKC')
}

function lower(value: string): string {
  return value.toLowerCase().replaceAll('ς', 'σ')
}

function put(keys: { [K in Key]?: string }, name: Key, value: Json | undefined): void {
  const folded = typeof value === 'string' ? foldKey(value) : undefined
  if (folded !== undefined) keys[name] = folded
}

/** The address that stands for the person: the primary, else the work, else the first one, as it was sent. */
export function leadingEmail(emails: Json | undefined): string | undefined {
  if (!Array.isArray(emails)) return undefined
  let work: string | undefined
  let first: string | undefined
  for (const element of emails as readonly Json[]) {
    if (!isObject(element) || typeof element.value !== 'string' || foldKey(element.value) === undefined) continue
    if (element.primary === true) return element.value
    if (typeof element.type === 'string' && foldText(element.type) === 'work') work ??= element.value
    first ??= element.value
  }
  return work ?? first
}

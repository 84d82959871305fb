/**
 * Values of flat fields as people and systems write them, read as values of the record: trimmed, in one spelling where
 * a list or a standard gives one. What cannot be read is refused by a problem that names what was found and what is near.
 */
import type { Problem } from './change.ts'
import { countryNamed, nearestCountry } from './countries.ts'
import type { Field } from './fields.ts'
import type { Institution } from './institution.ts'
import { foldKey, foldText, isPlain } from './keys.ts'
import { didYouMean, suggesting } from './near-miss.ts'
import { normalized } from './normal-form.ts'
import { quoted } from './quoted.ts'
import { DEFAULT_ACCOUNT_TYPES } from './settings.ts'

/** Null: cleared. Undefined: nothing was said of the field. */
export type ReadValue = string | number | boolean | null | undefined | Problem

const CLEAR_WORD = '[[clear]]'

/** @param raw of a JSON type that the field allows (`flat-schema.ts`) */
export function readValue(field: Field, raw: string | number | boolean | null, institution: Institution): ReadValue {
  if (raw === null) return null
  if (typeof raw !== 'string') return readTyped(field, raw)
  const text = raw.trim()
  if (text === '') return undefined
  if (!isPlain(text)) return readWide(field, normalized(text, 'NFC'), institution)
  return isClear(text) ? null : readText(field, text, institution)
}

/** Of a text that is not plain it has to be looked at what it holds, and whether there is anything to see. */
function readWide(field: Field, text: string, institution: Institution): ReadValue {
  const fault = faultIn(field, text)
  if (fault !== undefined) return fault
  const isText = field.type === 'string' || field.type === 'lookup'
  return isText && foldKey(text) === undefined ? undefined : readText(field, text, institution)
}

/** Whether a value could not be read. */
export function isProblem(read: unknown): read is Problem {
  return typeof read === 'object' && read !== null && 'code' in read
}

export function isClear(raw: unknown): boolean {
  return typeof raw === 'string' && raw.includes('[[') && raw.trim().toLowerCase() === CLEAR_WORD
}

function readTyped(field: Field, raw: number | boolean): ReadValue {
  if (field.type === 'status') return readStatus(field, String(raw))
  return raw
}

function readText(field: Field, text: string, institution: Institution): ReadValue {
  switch (field.type) {
    case 'string':
      return text
    case 'email':
      return readEmail(field, text)
    case 'integer':
      return readInteger(field, text)
    case 'lookup':
      return readLookup(field, text, institution)
    case 'status':
      return readStatus(field, text)
    case 'tags':
      throw new Error('tags are read by flat-tags.ts')
    default:
      return field.type satisfies never
  }
}

/** C0 and C1 but for tab and line ends; overrides of the direction of writing, which show one text as another. */
const CONTROL = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/u

/** What no text may hold, whatever it stands for. */
export function faultIn(field: Pick<Field, 'name'>, text: string): Problem | undefined {
  if (isPlain(text)) return undefined
  if (!text.isWellFormed()) return bad(field, 'value_invalid', 'holds half of a character (a lone surrogate)')
  const found = CONTROL.exec(text)?.[0]
  if (found === undefined) return undefined
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return bad(field, 'control_character', `holds the control character U+${code}`)
}

const LOCAL_PART = /^(?!\.)(?!.*\.\.)(?!.*\.$)[^\s@"(),:;<>[\\\]\p{C}]{1,64}$/u
const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}\\p{M}-]{0,61}[\\p{L}\\p{N}\\p{M}])?'
const DOMAIN = new RegExp(`^(?:${LABEL}\\.)+${LABEL}$`, 'u')

function readEmail(field: Field, text: string): ReadValue {
  const at = text.lastIndexOf('@')
  if (LOCAL_PART.test(text.slice(0, Math.max(at, 0))) && DOMAIN.test(text.slice(at + 1))) return text
  return bad(field, 'email_invalid', `is ${quoted(text)}, which is no e-mail address; one looks like name@example.edu`)
}

const MONTHS = Array.from({ length: 12 }, (_, month) =>
  new Intl.DateTimeFormat('en', { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2000, month)).toLowerCase(),
)

function readInteger(field: Field, text: string): ReadValue {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = field
  const month = maximum === MONTHS.length ? monthNamed(text) : 0
  const value = month > 0 ? month : /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= minimum && value <= maximum) return value
  const near = maximum === MONTHS.length ? didYouMean(text, MONTHS) : ''
  return bad(field, 'value_invalid', `is ${quoted(text)}; it should be a whole number from ${minimum} to ${maximum}${near}`)
}

/** By its English name or the beginning of it, from three letters on; 0 when it is none. */
function monthNamed(text: string): number {
  const word = text.toLowerCase().replace(/\.$/, '')
  return word.length < 3 ? 0 : MONTHS.findIndex((month) => month.startsWith(word)) + 1
}

const STATUS: ReadonlyMap<string, boolean> = new Map([
  ...['active', 'yes', 'oui', 'true', '1'].map((word) => [word, true] as const),
  ...['inactive', 'no', 'non', 'false', '0'].map((word) => [word, false] as const),
])

/** A letter or two are near to every digit. */
const WORDS_OF_STATUS = [...STATUS.keys()].filter((word) => word.length > 1)

function readStatus(field: Field, text: string): ReadValue {
  const value = STATUS.get(text.toLowerCase())
  if (value !== undefined) return value
  const near = didYouMean(text, WORDS_OF_STATUS)
  return bad(
    field,
    'value_invalid',
    `is ${quoted(text)}; it should be active or inactive (also yes, no, true, false, 1, 0)${near}`,
  )
}

/** Whether a word like those of a status says yes; undefined when it is none of them. */
export function flagFrom(raw: unknown): boolean | undefined {
  if (raw === null || (typeof raw === 'string' && raw.trim() === '')) return false
  return STATUS.get(String(raw).trim().toLowerCase())
}

function readLookup(field: Field, text: string, institution: Institution): ReadValue {
  const { accountTypes = DEFAULT_ACCOUNT_TYPES, lookups = {} } = institution.settings
  if (field.name === 'account_type') return readListed(field, text, accountTypes, 'account_type_unknown')
  const list = lookups[field.name]
  if (list !== undefined) return readListed(field, text, list, 'value_unknown')
  return readUnlisted(field, text)
}

/** A country by its ISO 3166 code; a nationality too where it is given as a country's name, else as it was written. */
function readUnlisted(field: Field, text: string): ReadValue {
  if (field.name !== 'country' && field.name !== 'nationality') return text
  const country = countryNamed(text)
  if (country !== undefined || field.name === 'nationality') return country ?? text
  const near = suggesting(nearestCountry(text))
  return bad(field, 'country_unknown', `is ${quoted(text)}, which is no country by ISO 3166 name or code${near}`)
}

const MOST_SHOWN = 20

function readListed(field: Field, text: string, list: readonly string[], code: string): ReadValue {
  const listed = foldedList(list).get(foldText(text))
  if (listed !== undefined) return listed
  const all = list.length > MOST_SHOWN ? `${list.slice(0, MOST_SHOWN).join(', ')} …` : list.join(', ')
  return bad(field, code, `is ${quoted(text)}; it should be one of ${all}${didYouMean(text, list)}`)
}

/** Its entries by their folded form; where two fold alike the first counts. */
function foldedList(list: readonly string[]): ReadonlyMap<string, string> {
  const known = FOLDED.get(list)
  if (known !== undefined) return known
  const folded = new Map([...list].reverse().map((one) => [foldText(one), one] as const))
  FOLDED.set(list, folded)
  return folded
}

const FOLDED = new WeakMap<readonly string[], ReadonlyMap<string, string>>()

function bad({ name }: Pick<Field, 'name'>, code: string, what: string): Problem {
  return { field: name, code, message: `${name} ${what}` }
}

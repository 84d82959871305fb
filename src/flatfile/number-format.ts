/**
 * Numbers of a workbook as text: identifiers as the sheet shows them, days as ISO 8601, all else in plain digits.
 */
import { DAY_MS, dayOf } from '../days.ts'
import type { Cell } from './row.ts'

/** What a format code says, as far as it changes what a cell means. */
export type NumberFormat =
  | { readonly kind: 'plain' }
  | { readonly kind: 'date'; readonly day: boolean; readonly time: boolean }
  /** `00000000`, `000\-000`: a place for each digit, from the right, with letters between. */
  | { readonly kind: 'places'; readonly places: readonly Place[] }
  /** Which section shows a number hangs on the number: the first whose condition holds. */
  | { readonly kind: 'choice'; readonly sections: readonly Section[] }

type Section = { readonly holds: (value: number) => boolean; readonly format: NumberFormat }

type Place = { readonly digit: '0' | '#' } | { readonly literal: string }

export const PLAIN: NumberFormat = { kind: 'plain' }

/** Formats that every workbook has without declaring them (ECMA-376 part 1, 18.8.30), by their ranges. */
export function builtInFormat(id: number): NumberFormat {
  if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id === 36 || (id >= 50 && id <= 58))
    return { kind: 'date', day: true, time: false }
  if (id === 22) return { kind: 'date', day: true, time: true }
  if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47)) return { kind: 'date', day: false, time: true }
  return PLAIN
}

export function formatFrom(code: string): NumberFormat {
  const section = firstSection(code)
  return CONDITION.test(section) ? { kind: 'choice', sections: sectionsOf(code).map(conditional) } : formatOf(section)
}

function formatOf(section: string): NumberFormat {
  const letters = section.replaceAll(/"[^"]*"|\\.|_.|\*./g, '').replaceAll(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
  if (/[ymdhs]/i.test(letters) && !/general/i.test(letters)) {
    const time = /[hs]/i.test(letters)
    return { kind: 'date', day: /[yd]/i.test(letters) || !time, time }
  }
  const places = placesIn(section.replaceAll(/\[[^\]]*\]/g, ''))
  return places === undefined ? PLAIN : { kind: 'places', places }
}

const CONDITION = /\[(<>|[<>]=?|=)\s*(-?\d+(?:\.\d+)?)\]/

/** Of telephone numbers, which have no zeros to fill up with, the digits are safer than how they are grouped. */
function conditional(section: string): Section {
  const [, sign, limit] = CONDITION.exec(section) ?? []
  const format = formatOf(section)
  const fills = format.kind === 'places' && format.places.some((place) => 'digit' in place && place.digit === '0')
  return { holds: (value) => sign === undefined || compares(value, sign, Number(limit)), format: fills ? format : PLAIN }
}

function compares(value: number, sign: string, limit: number): boolean {
  if (value === limit) return sign === '=' || sign.endsWith('=')
  return sign === '<>' || (value < limit ? sign.startsWith('<') : sign.startsWith('>'))
}

const MOST_SECTIONS = 4

function sectionsOf(code: string): string[] {
  const sections: string[] = []
  let rest = code
  while (rest !== '' && sections.length < MOST_SECTIONS) {
    const section = firstSection(rest)
    sections.push(section)
    rest = rest.slice(section.length + 1)
  }
  return sections
}

const MOST_PLACES = 64

/** @returns undefined for formats that round, group or scale: they are for amounts */
function placesIn(section: string): readonly Place[] | undefined {
  const places: Place[] = []
  for (const [token, quoted] of section.matchAll(/"([^"]*)"|\\.|_.|\*.|./gs)) {
    if (token === '0' || token === '#') places.push({ digit: token })
    else if (quoted !== undefined) places.push({ literal: quoted })
    else if (token.startsWith('\\')) places.push({ literal: token.slice(1) })
    else if (/^[-+() :]$/.test(token)) places.push({ literal: token })
    else if (!/^[_*]/.test(token)) return undefined
  }
  const digits = places.filter((place) => 'digit' in place).length
  return digits === 0 || places.length > MOST_PLACES ? undefined : places
}

function firstSection(code: string): string {
  return /^(?:"[^"]*"|\\.|\[[^\]]*\]|[^;"\\[])*/s.exec(code)?.[0] ?? code
}

/** @param raw as stored; @returns what is no number as it stands */
export function numberCell(raw: string, format: NumberFormat, has1904Dates: boolean): Cell {
  if (format.kind === 'plain' && /^[1-9]\d{0,14}$/.test(raw)) return raw
  const value = raw.trim() === '' ? Number.NaN : Number(raw)
  if (!Number.isFinite(value)) return raw
  if (format.kind === 'choice') {
    const { format: chosen = PLAIN } = format.sections.find(({ holds }) => holds(value)) ?? {}
    return numberCell(raw, chosen, has1904Dates)
  }
  if (format.kind === 'date') {
    const text = dayText(value, format, has1904Dates)
    if (text !== undefined) return { text, odd: 'date' }
  }
  if (!Number.isInteger(value)) return { text: String(Number(value.toPrecision(15))), odd: 'fraction' }
  if (isRounded(Math.abs(value))) return { text: BigInt(value).toString(), odd: 'rounded' }
  if (format.kind !== 'places') return String(value)
  const text = (value < 0 ? '-' : '') + filled(format.places, String(Math.abs(value)))
  return /^[\d +()-]*$/.test(text) ? text : { text, odd: 'styled', plain: String(value) }
}

const MOST_KEPT = 10 ** 15

/** A spreadsheet program keeps 15 digits: what is typed longer ends in zeros. Other programs write all that a number can have. */
function isRounded(value: number): boolean {
  return value > Number.MAX_SAFE_INTEGER || (value >= MOST_KEPT && value % 10 === 0)
}

function filled(places: readonly Place[], digits: string): string {
  let left = digits === '0' ? '' : digits
  let text = ''
  const first = places.findIndex((place) => 'digit' in place)
  for (let i = places.length - 1; i >= 0; i--) {
    const place = places[i]
    if (place === undefined) continue
    if ('literal' in place) text = place.literal + text
    else {
      const taken = i === first ? left : left.slice(-1)
      text = (taken === '' && place.digit === '0' ? '0' : taken) + text
      left = left.slice(0, -1)
    }
  }
  return text
}

/** What programs give a day that have no type for days alone. */
const MIDNIGHT = '00:00:00'

/** 9999-12-31, the last day of a spreadsheet. */
const LAST_DAY = 2_958_465
const LEAP_DAY_THAT_NEVER_WAS = 60

/** Days since the end of 1899 (with a 29 February 1900, as Lotus had it) or since the start of 1904. */
function dayText(serial: number, { day, time }: { day: boolean; time: boolean }, has1904Dates: boolean): string | undefined {
  if (serial < 0 || serial > LAST_DAY) return undefined
  const seconds = Math.round((serial - Math.floor(serial)) * 86_400)
  const whole = Math.floor(serial) + (seconds === 86_400 ? 1 : 0)
  const clock = new Date((seconds % 86_400) * 1000).toISOString().slice(11, 19)
  if (!day && whole === 0) return clock
  if (!has1904Dates && whole === LEAP_DAY_THAT_NEVER_WAS) return '1900-02-29'
  const epoch = has1904Dates ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, whole < LEAP_DAY_THAT_NEVER_WAS ? 31 : 30)
  const date = dayOf(epoch + whole * DAY_MS)
  return time && clock !== MIDNIGHT ? `${date}T${clock}` : date
}

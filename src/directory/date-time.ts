/**
 * Dates and times as text (xsd:dateTime: RFC 7643, section 2.3.5), of days that the calendar has.
 */
import { dayOf } from '../days.ts'

const WRITTEN = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(:\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i

/** Whether this is a dateTime as the standard has it: a day, and a time to the second at least. */
export function isDateTime(text: string): boolean {
  return WRITTEN.exec(text)?.[3] !== undefined && !Number.isNaN(timeOf(text))
}

/** Epoch milliseconds, also of a day alone or a time without seconds; without a zone it is UTC. NaN when it is none of these. */
export function timeOf(text: string): number {
  const [, day = '', time, , zone = 'Z'] = WRITTEN.exec(text) ?? []
  if (!isOfCalendar(day)) return Number.NaN
  return Date.parse(time === undefined ? day : `${day}T${time}${zone.toUpperCase()}`)
}

/** 30 February would be taken for 2 March. */
function isOfCalendar(day: string): boolean {
  const midnight = Date.parse(day)
  return !Number.isNaN(midnight) && dayOf(midnight) === day
}

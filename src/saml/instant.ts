/**
 * Instants as SAML writes them (Core 1.3.3): xs:dateTime in UTC, with `Z`.
 */
import { SamlRefused, shown } from './refusal.ts'

/** How far clocks may be apart. */
export const SKEW_MS = 60_000

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,12})?Z$/

/** @returns epoch milliseconds; undefined when it is written otherwise, or no calendar has it */
export function instantIn(text: string): number | undefined {
  const [, seconds, fraction = '.0'] = INSTANT.exec(text) ?? []
  if (seconds === undefined) return
  const instant = Date.parse(`${seconds}Z`)
  if (Number.isNaN(instant) || !new Date(instant).toISOString().startsWith(seconds)) return
  return instant + Math.floor(Number(`0${fraction}`) * 1000)
}

/**
 * @param what as a message calls it
 * @throws {SamlRefused} `time` when it is written otherwise
 */
export function needInstant(text: string, what: string): number {
  const instant = instantIn(text)
  if (instant !== undefined) return instant
  throw new SamlRefused('time', `${what} is ${shown(text)}; it should be a time in UTC, for example 2026-03-01T09:30:00Z`)
}

/**
 * Days and times, as everything here counts and writes them.
 */

export const DAY_MS = 86_400_000

/** A time in epoch milliseconds, as `2026-11-03T08:00:00.000Z`. */
export function isoTime(time: number): string {
  return new Date(time).toISOString()
}

/** The day of a time in epoch milliseconds, as `2026-11-03`, in UTC. */
export function dayOf(time: number): string {
  return isoTime(time).slice(0, 10)
}

/**
 * Days, as everything here counts and names them.
 */

export const DAY_MS = 86_400_000

/** The day of a time in epoch milliseconds, as `2026-11-03`, in UTC. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

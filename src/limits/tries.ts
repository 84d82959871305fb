/**
 * Who fails too often: after some failures within a minute an address has to wait for each answer that says no. Answers
 * that say yes never wait, so that one program with a wrong key does not lock out all others behind its address. Counts
 * in this process only.
 */

export type Tries = {
  /** Counts a failure. @returns after how many milliseconds to say so */
  failed(caller: string): number
}

const WITHIN_MS = 60_000
const FREE = 6
const WAIT_MS = 3000
/** Past this many callers, those whose minute is over are dropped. */
const SWEEP_AT = 10_000

/** @param now milliseconds on a clock that never goes back */
export function openTries(now: () => number): Tries {
  const failures = new Map<string, { count: number; until: number }>()
  let sweepAt = SWEEP_AT
  return {
    failed(caller) {
      const time = now()
      const known = failures.get(caller)
      const count = known !== undefined && known.until > time ? known.count + 1 : 1
      if (failures.size >= sweepAt) sweep(time)
      failures.set(caller, { count, until: time + WITHIN_MS })
      return count > FREE ? WAIT_MS : 0
    },
  }

  function sweep(time: number): void {
    for (const [caller, { until }] of failures) if (until <= time) failures.delete(caller)
    sweepAt = Math.max(SWEEP_AT, failures.size * 2)
  }
}

/**
 * How often one caller may come: a token bucket that holds one second's worth, or that of more seconds, kept as a single
 * number a caller (the generic cell rate algorithm). Counts in this process only.
 */

export type RateLimiter = {
  /**
   * Counts one request.
   * @param perSecond 0: no limit
   * @param burstSeconds for how many seconds' worth may come at once (1)
   * @returns 0 when it may go on, else after how many whole seconds to come again
   */
  take(caller: string, perSecond: number, burstSeconds?: number): number
}

/** People and machines that sign in from one address: sixty a minute, all at once if need be. */
export const SIGN_INS = { perSecond: 1, burstSeconds: 60 } as const

/** Past this many callers, those whose bucket is full again are dropped. */
const SWEEP_AT = 10_000

/** @param now milliseconds on a clock that never goes back */
export function rateLimiter(now: () => number): RateLimiter {
  /** When the bucket of a caller will be full again. */
  const fullAt = new Map<string, number>()
  let sweepAt = SWEEP_AT

  return {
    take(caller, perSecond, burstSeconds = 1) {
      if (perSecond <= 0) return 0
      const time = now()
      const costMs = 1000 / perSecond
      const bucketMs = Math.max(1000 * burstSeconds, costMs)
      const from = Math.min(Math.max(fullAt.get(caller) ?? time, time), time + bucketMs)
      const waitMs = from + costMs - time - bucketMs
      const mayPass = waitMs <= 1e-6
      if (fullAt.size >= sweepAt) sweep(time)
      fullAt.set(caller, mayPass ? from + costMs : from)
      return mayPass ? 0 : Math.ceil(waitMs / 1000)
    },
  }

  function sweep(time: number): void {
    for (const [caller, full] of fullAt) if (full <= time) fullAt.delete(caller)
    sweepAt = Math.max(SWEEP_AT, fullAt.size * 2)
  }
}

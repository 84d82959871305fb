/**
 * Remembers for a few seconds what the store said, so that a busy server asks once and not at each request.
 *
 * Only what exists is remembered: something unknown is asked for each time, so that it works the moment it is made.
 * An answer in use is renewed in the background from half its age on: a steady caller never waits.
 */

export type FreshCache<T> = {
  /** At once when a young answer is at hand, else from the store; concurrent callers share one question. */
  get(key: string): T | Promise<T | undefined>
  forget(key: string): void
}

export type FreshCacheOptions<T> = {
  readonly load: (key: string) => Promise<T | undefined>
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number
  readonly maxEntries?: number
}

/** Nothing older is given: what is set or revoked is in force within five seconds. */
const MAX_AGE_MS = 4000
const MAX_ENTRIES = 10_000

/** The age counts from before the question, not from the answer. */
type Entry<T> = { readonly value: T; readonly askedAt: number }

export function freshCache<T extends object>({ load, now, maxEntries = MAX_ENTRIES }: FreshCacheOptions<T>): FreshCache<T> {
  const entries = new Map<string, Entry<T>>()
  const underWay = new Map<string, Promise<T | undefined>>()

  return {
    get(key) {
      const entry = entries.get(key)
      const age = entry ? now() - entry.askedAt : Infinity
      if (!entry || age >= MAX_AGE_MS) return underWay.get(key) ?? ask(key)
      // A failed renewal is nobody's error yet: the answer at hand is still young enough.
      if (age >= MAX_AGE_MS / 2 && !underWay.has(key)) ask(key).catch(() => {})
      return entry.value
    },
    forget(key) {
      entries.delete(key)
      underWay.delete(key)
    },
  }

  function ask(key: string): Promise<T | undefined> {
    const askedAt = now()
    const question = load(key)
      .then((value) => {
        if (underWay.get(key) === question) remember(key, value, askedAt)
        return value
      })
      .finally(() => {
        if (underWay.get(key) === question) underWay.delete(key)
      })
    underWay.set(key, question)
    return question
  }

  function remember(key: string, value: T | undefined, askedAt: number): void {
    entries.delete(key)
    if (value === undefined) return
    if (entries.size >= maxEntries) forgetOldest()
    entries.set(key, { value, askedAt })
  }

  function forgetOldest(): void {
    for (const oldest of entries.keys()) {
      entries.delete(oldest)
      return
    }
  }
}

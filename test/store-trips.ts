/**
 * A store that counts the round trips to it: every call, and how many had to come one after the other.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../src/store/store.ts'
import { storeWith } from './store-with.ts'

export type Trips = {
  /** `find users`, in the order of the calls. */
  readonly calls: readonly string[]
  /** How many trips had to wait for the one before: calls that are under way together are one. */
  readonly rounds: number
}

export type CountedStore = {
  readonly store: Store
  /** What a piece of work asks of the store. */
  tripsOf(work: () => Promise<unknown>): Promise<Trips>
}

const METHODS = ['write', 'get', 'lookUp', 'find', 'count', 'take'] as const

/** Whatever is asked while others wait goes with them; all of them have their answers before anything else is asked. */
export function countingTrips(store: Store): CountedStore {
  let calls: string[] = []
  let rounds = 0
  let waiting: Promise<void> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let together: Promise<unknown>[] = []

  /** Resolves when what is asked now may be asked. */
  function departure(): Promise<void> {
    waiting ??= (async () => {
      await last
      for (let turn = 0; turn < 5; turn++) await nextTurn()
      waiting = undefined
      rounds += 1
      const round = Promise.withResolvers<void>()
      last = round.promise
      const mine: Promise<unknown>[] = []
      together = mine
      void nextTurn().then(async () => {
        await Promise.allSettled(mine)
        round.resolve()
      })
    })()
    return waiting
  }

  const counted = METHODS.map((name) => [
    name,
    async (...given: unknown[]) => {
      calls.push(`${name} ${collectionIn(given)}`)
      await departure()
      const answer = (store[name] as (...all: unknown[]) => Promise<unknown>).apply(store, given)
      together.push(answer)
      const mine = last
      await answer.catch(() => undefined)
      await mine
      return answer
    },
  ])
  return {
    store: storeWith(store, Object.fromEntries(counted)),
    async tripsOf(work) {
      calls = []
      rounds = 0
      await work()
      return { calls, rounds }
    },
  }
}

function collectionIn([first]: readonly unknown[]): string {
  return Array.isArray(first) ? [...new Set(first.map(({ collection }) => collection))].join('+') : String(first)
}

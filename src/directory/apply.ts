/**
 * The upsert: every channel ends here.
 *
 * Look up -> match -> edit -> validate -> write -> record, for a batch at once, in a constant number of round trips
 * to the store for each 200 changes (two look-ups, and one write a wave; a second wave only where a key goes from one person
 * to another).
 * One person never becomes two records, whoever else writes at the same time: the store's unique keys and versions
 * decide, and a change that lost a race is planned again on the record as it then is. A batch that was interrupted
 * anywhere can be sent again and ends in the same state.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Lane, Store } from '../store/store.ts'
import { attempt } from './attempt.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import type { Plan } from './plan.ts'

const DEADLINE_MS = 5_000
const LONGEST_PAUSE_MS = 200

export type ApplyOptions = {
  readonly lane?: Lane
  /** Says what would happen and writes nothing. */
  readonly dryRun?: boolean
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** 0 to 1. */
  readonly random?: () => number
}

/**
 * @param changes in their order: of several about one person each sees what the ones before it did
 * @returns what became of each; `busy` for those that lost every race for 5 s
 * @throws {StoreError} when the store failed: some changes may be done, each wholly or not at all
 */
export async function apply(
  store: Store,
  institution: Institution,
  changes: readonly Change[],
  { lane = 'request', dryRun = false, now = Date.now, random = Math.random }: ApplyOptions = {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = changes.map(() => ({ kind: 'busy' }))
  let pending = [...changes.keys()]
  let deadline = Number.POSITIVE_INFINITY
  for (let tries = 0; pending.length > 0 && now() < deadline; tries++) {
    if (tries > 0) await wait(random() * Math.min(2 ** tries, LONGEST_PAUSE_MS))
    const tried = pending.map((index) => changes[index] as Change)
    const { plans, failed } = await attempt({ store, institution, changes: tried, lane, dryRun, now })
    const lost: number[] = []
    for (const [position, index] of pending.entries()) {
      const { outcome, restsOn } = plans[position] as Plan
      if (restsOn.some((id) => failed.has(id))) lost.push(index)
      else outcomes[index] = outcome
    }
    pending = lost
    // A long list may take its time; it is races that are given up.
    if (tries === 0) deadline = now() + DEADLINE_MS
  }
  return outcomes
}

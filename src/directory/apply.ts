/**
 * The upsert: every channel ends here.
 *
 * Look up -> match -> edit -> settle -> validate -> write, slice by slice, in a constant number of round trips to the
 * store for each slice (two look-ups, and one write a wave; a second wave only where a key goes from one person to another).
 * One person never becomes two records, whoever else writes at the same time: the store's unique keys and versions
 * decide, and a change that lost a race is planned again on the record as it then is. A batch that was interrupted
 * anywhere can be sent again and ends in the same state.
 */
import type { Store } from '../store/store.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import type { LineOptions } from './line.ts'
import { Line } from './line.ts'
import { Rehearsal } from './rehearsal.ts'

export type ApplyOptions = LineOptions & {
  /** Says what would happen and writes nothing. */
  readonly dryRun?: boolean
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
  { dryRun = false, ...options }: ApplyOptions = {},
): Promise<Outcome[]> {
  if (!dryRun) return new Line(store, institution, options).apply(changes, institution)
  const { now = Date.now } = options
  return new Rehearsal({ store, institution, now, lastAsked: () => Number.POSITIVE_INFINITY }).plan(changes)
}

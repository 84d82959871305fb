/**
 * Gathers what arrives while a batch is under way into the next one: concurrent requests become batches by themselves,
 * and many changes of one record become one write.
 * Batches of files have a lane of their own: a request never waits for one. Where both meet on a person, the store's
 * versions decide as they do between processes.
 */
import type { Lane, Store } from '../store/store.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import type { LineOptions } from './line.ts'
import { Line } from './line.ts'

export type Gate = {
  /** One change, as part of whatever batch goes next. */
  submit(institution: Institution, change: Change): Promise<Outcome>
  /** Any number of changes in their order, in the lane of batches unless it says otherwise; those of the next call come behind them. */
  batch(institution: Institution, changes: readonly Change[], lane?: Lane): Promise<Outcome[]>
}

/** @param observe is told of every batch: how many changes, what became of them */
export function openGate(store: Store, observe?: LineOptions['observe']): Gate {
  const lines = new Map<string, Line>()

  function lineOf(institution: Institution, lane: Lane): Line {
    const name = `${lane} ${institution._id}`
    const known = lines.get(name)
    if (known !== undefined) return known
    const line = new Line(store, institution, { lane, ...(observe && { observe }) })
    lines.set(name, line)
    return line
  }

  return {
    async submit(institution, change) {
      const [outcome] = await lineOf(institution, 'request').apply([change], institution)
      return outcome as Outcome
    },
    batch: (institution, changes, lane = 'batch') => lineOf(institution, lane).apply(changes, institution),
  }
}

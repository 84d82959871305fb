/**
 * The second pass over a file: what the plan says is done, chunk by chunk, through the one upsert that every channel has.
 *
 * Every change carries run and row, so its event does, and rows that the plan leaves alone are not looked at again. A run
 * that was interrupted goes through its plan again and takes from the events what became of the rows that were done:
 * no row is done twice.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { apply } from '../directory/apply.ts'
import type { Change, Outcome } from '../directory/change.ts'
import type { Institution } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { FileSource } from './file-source.ts'
import { inChunks, linesOf, openLineWriter } from './lines.ts'
import { isChange, TURN } from './plan.ts'
import type { OnProgress } from './progress.ts'
import type { RowReader } from './row-change.ts'
import { columnNames } from './row-change.ts'
import { eventsOfRows } from './row-events.ts'
import type { Table } from './table.ts'
import { Tally } from './tally.ts'
import type { Verdict } from './verdict.ts'
import { refusedRow, verdictOf } from './verdict.ts'
import type { Judged } from './verdict-file.ts'
import { judgedRows } from './verdict-file.ts'

/** Rows applied in one call, planned in it slice by slice while the slice before is being written. */
const CHUNK = 2000
/** A change that loses every race for seconds is tried again so often. */
const MOST_TRIES = 10

export type CarryOutOptions = {
  readonly store: Store
  readonly institution: Institution
  readonly table: Table
  readonly file: FileSource
  readonly read: RowReader
  readonly run: string
  /** Where the rows were put down. */
  readonly spool: string
  /** The verdicts of the plan. */
  readonly plan: string
  /** Where the verdicts on what was done go; whole when the promise resolves. */
  readonly path: string
  readonly rows: number
  /** Whether rows of this run may have been done before. */
  readonly isResumed: boolean
  readonly now: () => number
  readonly onProgress: OnProgress
}

export async function carryOut(options: CarryOutOptions): Promise<Tally> {
  const { spool, plan, path, rows, onProgress } = options
  const tally = new Tally()
  const verdicts = openLineWriter(path)
  const ids = new Map<string, string>()
  try {
    for await (const chunk of inChunks(judgedRows(spool, plan), CHUNK)) {
      const done = await carryOutChunk(chunk, ids, options)
      for (const { verdict, outcome } of done) tally.add(verdict, outcome)
      await verdicts.write(linesOf(done.map(({ verdict }) => verdict)))
      onProgress({ step: 'applying', rows: tally.rows, of: rows })
    }
    await verdicts.close()
  } finally {
    verdicts.abandon()
  }
  return tally
}

type Done = { readonly verdict: Verdict; readonly outcome?: Outcome }

/**
 * Rows that the plan leaves as they are stay so: their verdict is the plan's.
 * @param ids of people who had a stand-in in the plan
 */
async function carryOutChunk(chunk: readonly Judged[], ids: Map<string, string>, options: CarryOutOptions): Promise<Done[]> {
  const { read, table, file } = options
  const telling = { source: file.source, columnOf: columnNames(table.header.columns), isNew: () => false }
  const doing = chunk.filter(({ verdict: { outcome } }) => outcome === 'created' || outcome === 'updated')
  const done =
    options.isResumed && doing.length > 0 ? await eventsOfRows({ ...options, rows: doing }) : new Map<number, Verdict>()
  const changes: Change[] = []
  for (const [index, { row }] of doing.entries()) {
    if (index % TURN === 0) await nextTurn()
    if (done.has(row.number)) continue
    const change = read(row)
    if (isChange(change)) changes.push(change)
    // The settings are others than when the row was planned.
    else done.set(row.number, refusedRow(row.number, change))
  }
  const outcomes = await applyAll(changes, options)
  return chunk.map(({ row: { number }, verdict: { standsFor, ...planned } }) => {
    const outcome = outcomes.get(number)
    const known = standsFor === undefined ? undefined : ids.get(standsFor)
    const verdict =
      outcome === undefined
        ? (done.get(number) ?? { ...planned, id: planned.id ?? known ?? null })
        : verdictOf(number, outcome, telling)
    if (standsFor !== undefined && verdict.id !== null) ids.set(standsFor, verdict.id)
    return { verdict, ...(outcome !== undefined && { outcome }) }
  })
}

async function applyAll(
  changes: readonly Change[],
  { store, institution, now }: CarryOutOptions,
): Promise<ReadonlyMap<number, Outcome>> {
  const outcomes = new Map<number, Outcome>()
  let left = changes
  for (let tries = 0; left.length > 0 && tries < MOST_TRIES; tries++) {
    const told = await apply(store, institution, left, { lane: 'batch', now })
    for (const [index, { row }] of left.entries()) if (row !== undefined) outcomes.set(row, told[index] as Outcome)
    left = left.filter((_, index) => told[index]?.kind === 'busy')
  }
  return outcomes
}

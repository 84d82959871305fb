/**
 * The first pass over a file: every row is read, judged and planned on the roll as the rows before it will leave it.
 * Nothing is written but the verdicts, in a file of their own.
 */
import type { Change, Outcome } from '../directory/change.ts'
import { isChange } from '../directory/flat-change.ts'
import type { Institution } from '../directory/institution.ts'
import { Rehearsal } from '../directory/rehearsal.ts'
import { sharing } from '../directory/sharing.ts'
import { SLICE } from '../directory/slice.ts'
import { namesOf } from '../directory/working-set.ts'
import type { Store } from '../store/store.ts'
import type { CellProblem } from './cells.ts'
import type { FileSource } from './file-source.ts'
import { scanKeys } from './key-scan.ts'
import type { FileLimits } from './limits.ts'
import { inChunks, linesOf, openLineWriter } from './lines.ts'
import type { OnProgress } from './progress.ts'
import type { Row } from './row.ts'
import type { RowReader } from './row-change.ts'
import { columnNames } from './row-change.ts'
import { readSpool } from './spool.ts'
import type { Table } from './table.ts'
import { Tally } from './tally.ts'
import type { Done, PlannedVerdict, Verdict } from './verdict.ts'
import { refusedRow, verdictOf } from './verdict.ts'

/** How many rows are planned in one go: more of them would outlive the young generation of the heap. */
const CHUNK = SLICE

export type PlanOptions = {
  readonly store: Store
  readonly institution: Institution
  readonly table: Table
  readonly file: FileSource
  readonly read: RowReader
  readonly limits: FileLimits
  /** Where the rows are put down, to be read from again. */
  readonly spool: string
  /** Where the verdicts go; whole when the promise resolves. */
  readonly path: string
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly onProgress: OnProgress
  /** Hears of every row. */
  readonly onRow: (row: Row, outcome: Outcome | undefined) => void
}

/** @throws {FileRefused} before any row is planned, where a row of the file cannot be read at all */
export async function planFile(options: PlanOptions): Promise<Tally> {
  const { table, limits, spool, path, onProgress, onRow } = options
  const scan = await scanKeys(table, { limits, spool, onRows: (rows) => onProgress({ step: 'reading', rows }) })
  const tally = new Tally()
  const verdicts = openLineWriter(path)
  try {
    for await (const judged of planned(options, scan.lastAsked)) {
      for (const { row, verdict, outcome } of judged) {
        tally.add(verdict, outcome)
        onRow(row, outcome)
      }
      await verdicts.write(linesOf(judged.map(({ verdict }) => verdict)))
      onProgress({ step: 'planning', rows: tally.rows, of: scan.rows })
    }
    await verdicts.close()
  } finally {
    verdicts.abandon()
  }
  return tally
}

type Planned = { readonly row: Row; readonly verdict: PlannedVerdict; readonly outcome?: Outcome }

async function* planned(options: PlanOptions, lastAsked: (name: string) => number): AsyncGenerator<readonly Planned[]> {
  const { table, read, spool } = options
  const rehearsal = new Rehearsal({ ...options, lastAsked })
  const telling = { columnOf: columnNames(table.header.columns), isNew: (id: string) => rehearsal.isNew(id) }
  const turn = sharing()
  for await (const rows of inChunks(readSpool(spool), CHUNK)) {
    const asked: (readonly [row: Row, Change | readonly CellProblem[]])[] = []
    for (const row of rows) {
      await turn()
      asked.push([row, read(row)])
    }
    const outcomes = (await rehearsal.plan(asked.flatMap(([, one]) => (isChange(one) ? [one] : [])))).values()
    yield asked.map(([row, one]) => {
      if (!isChange(one)) return { row, verdict: refusedRow(row.number, one) }
      const outcome = outcomes.next().value as Outcome
      const verdict = verdictOf(row.number, { change: one, outcome }, telling)
      return { row, verdict: { ...verdict, ...newcomer(verdict, { change: one, outcome }, lastAsked) }, outcome }
    })
  }
}

/** What the second pass has to know of a person without an id yet. */
function newcomer(
  { row, id }: Verdict,
  { change, outcome }: Done,
  lastAsked: (name: string) => number,
): Pick<PlannedVerdict, 'standsFor' | 'draft'> {
  if (id !== null || !('user' in outcome)) return {}
  const { kind, user } = outcome
  if (kind !== 'created' || namesOf(user).some((name) => lastAsked(name) > row)) return { standsFor: user._id }
  // Whose name is not the e-mail has that of nobody, and the store would not refuse somebody who is known by it.
  if (user.keys.userName !== user.keys.email) return {}
  const draft = change.edit(undefined, { now: user.created })
  return 'kind' in draft ? {} : { draft }
}

/**
 * The first pass over a file: every row is judged and planned on the roll as the rows before it will leave it, while the
 * rows behind it are still being read. Nothing is written but the verdicts, in a file of their own.
 */
import type { Change, Outcome } from '../directory/change.ts'
import { isChange } from '../directory/flat-change.ts'
import type { Institution } from '../directory/institution.ts'
import { Rehearsal } from '../directory/rehearsal.ts'
import { sharing } from '../directory/sharing.ts'
import { SLICE } from '../directory/slice.ts'
import { namesOf } from '../directory/working-set.ts'
import type { Store } from '../store/store.ts'
import type { Asked } from './asked.ts'
import type { Attendance } from './attendance.ts'
import type { CellProblem } from './cells.ts'
import type { FileSource } from './file-source.ts'
import type { GarbledRows } from './garbled.ts'
import { inChunks, linesOf, openLineWriter } from './lines.ts'
import type { OnProgress } from './progress.ts'
import type { Reading } from './reading.ts'
import type { Row } from './row.ts'
import type { RowReader } from './row-change.ts'
import { columnNames } from './row-change.ts'
import { Tally } from './tally.ts'
import type { Done, PlannedVerdict, Verdict } from './verdict.ts'
import { refusedRow, verdictOf } from './verdict.ts'

/** How many rows are planned in one go: more of them would outlive the young generation of the heap. */
const CHUNK = SLICE

export type PlanOptions = {
  readonly store: Store
  readonly institution: Institution
  readonly reading: Reading
  readonly file: FileSource
  readonly read: RowReader
  /** Where the verdicts go; whole when the promise resolves. */
  readonly path: string
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly onProgress: OnProgress
  /** @returns who hears of every row; others when all rows are gone through again */
  readonly watch: () => Watchers
}

export type Watchers = { readonly garbled: GarbledRows; readonly attendance: Attendance | undefined }

export type FilePlan = Watchers & { readonly tally: Tally }

/**
 * Plans again from the first row if a plan has relied on it that nobody comes back to a person, and somebody does further
 * down, where nothing was read yet.
 * @throws {FileRefused} where a row of the file cannot be read at all
 */
export async function planFile(options: PlanOptions): Promise<FilePlan> {
  for (;;) {
    const watchers = options.watch()
    const tally = await planRows(options, watchers)
    if (tally !== undefined) return { ...watchers, tally }
  }
}

/** @returns undefined when the plan has turned out wrong */
async function planRows(options: PlanOptions, { garbled, attendance }: Watchers): Promise<Tally | undefined> {
  const { reading, path, onProgress } = options
  const tally = new Tally()
  const verdicts = openLineWriter(path)
  let isWrong = false
  try {
    for await (const judged of planned(options)) {
      for (const { row, verdict, outcome } of judged) {
        tally.add(verdict, outcome)
        garbled.note(row)
        attendance?.note(row, outcome)
      }
      await verdicts.write(linesOf(judged.map(({ verdict }) => verdict)))
      onProgress({ step: 'planning', rows: tally.rows, ...(reading.count !== undefined && { of: reading.count }) })
      isWrong = await reading.asked.wasWrong()
      if (isWrong) break
    }
    await verdicts.close()
  } finally {
    verdicts.abandon()
  }
  return isWrong || (await reading.asked.wasWrong()) ? undefined : tally
}

type Planned = { readonly row: Row; readonly verdict: PlannedVerdict; readonly outcome?: Outcome }

async function* planned(options: PlanOptions): AsyncGenerator<readonly Planned[]> {
  const { reading, read } = options
  const { asked: named } = reading
  const rehearsal = new Rehearsal({ ...options, lastAsked: (name, row) => named.lastRowAfter(name, row) })
  const telling = { columnOf: columnNames(reading.head.header.columns), isNew: (id: string) => rehearsal.isNew(id) }
  const turn = sharing()
  for await (const rows of inChunks(reading.rows(), CHUNK)) {
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
      return { row, verdict: { ...verdict, ...newcomer(verdict, { change: one, outcome }, named) }, outcome }
    })
  }
}

/** What the second pass has to know of a person without an id yet. */
function newcomer({ row, id }: Verdict, { change, outcome }: Done, named: Asked): Pick<PlannedVerdict, 'standsFor' | 'draft'> {
  if (id !== null || !('user' in outcome)) return {}
  const { kind, user } = outcome
  if (kind !== 'created' || namesOf(user).some((name) => named.lastRow(name) > row)) return { standsFor: user._id }
  // Whose name is not the e-mail has that of nobody, and the store would not refuse somebody who is known by it.
  if (user.keys.userName !== user.keys.email) return {}
  const draft = change.edit(undefined, { now: user.created })
  return 'kind' in draft ? {} : { draft }
}

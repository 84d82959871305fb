/**
 * The second pass over a file: what the plan says is done, chunk by chunk, through the one upsert that every channel has.
 *
 * Every change carries run and row, so its event does. Rows that the plan leaves alone are not looked at again, and of
 * people whom nobody knew the plan holds what is made of them: their rows are read again only where somebody has one of
 * their keys by now. A run that was interrupted goes through its plan again and takes from the events what became of the
 * rows that were done: no row is done twice.
 */
import type { Change, Outcome } from '../directory/change.ts'
import { isChange } from '../directory/flat-change.ts'
import type { Institution } from '../directory/institution.ts'
import { Line, MOST_OPEN } from '../directory/line.ts'
import { sharing } from '../directory/sharing.ts'
import { SLICE } from '../directory/slice.ts'
import type { Store } from '../store/store.ts'
import type { CellProblem } from './cells.ts'
import type { FileSource } from './file-source.ts'
import { inChunks, linesOf, openLineWriter } from './lines.ts'
import type { OnProgress } from './progress.ts'
import type { RowReader } from './row-change.ts'
import { columnNames } from './row-change.ts'
import { eventsOfRows } from './row-events.ts'
import type { TableHead } from './table.ts'
import { Tally } from './tally.ts'
import type { Done, Verdict } from './verdict.ts'
import { refusedRow, toldVerdict, verdictOf } from './verdict.ts'
import type { Judged } from './verdict-file.ts'
import { judgedRows } from './verdict-file.ts'

/** Rows that are begun at once. */
const CHUNK = SLICE
/** Chunks that are being planned or written: no more than the line takes, and one that is at hand. */
const MOST_UNDER_WAY = MOST_OPEN + 1
/** How long a row that loses every race is tried again: a person may be fought over for a while. */
const PATIENCE_MS = 50_000

export type CarryOutOptions = {
  readonly store: Store
  readonly institution: Institution
  readonly table: TableHead
  readonly file: FileSource
  readonly read: RowReader
  readonly run: string
  readonly credential?: string
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
  const { store, institution, now, spool, plan, path, rows, onProgress } = options
  const tally = new Tally()
  const verdicts = openLineWriter(path)
  const line = new Line(store, institution, { lane: 'batch', now, patienceMs: PATIENCE_MS, isOneList: true })
  const turn = sharing()
  const ids = new Map<string, string>()
  const underWay: Begun[] = []
  const finish = async ({ chunk, done, outcomes }: Begun) => {
    const told = verdictsOn(chunk, { done, outcomes: await outcomes, ids, options })
    for (const { verdict, outcome } of told) tally.add(verdict, outcome)
    await verdicts.write(linesOf(told.map(({ verdict }) => verdict)))
    onProgress({ step: 'applying', rows: tally.rows, of: rows })
  }
  try {
    for await (const chunk of inChunks(judgedRows(spool, plan), CHUNK)) {
      underWay.push(await begin(chunk, { line, turn }, options))
      if (underWay.length === MOST_UNDER_WAY) await finish(underWay.shift() as Begun)
    }
    while (underWay.length > 0) await finish(underWay.shift() as Begun)
    await verdicts.close()
  } finally {
    // Nothing of this run is written once it has ended, however it ends.
    await Promise.allSettled(underWay.map(({ outcomes }) => outcomes))
    verdicts.abandon()
  }
  return tally
}

/** Rows that are being done. */
type Begun = {
  readonly chunk: readonly Judged[]
  /** Verdicts on rows of which nothing is left to do. */
  readonly done: ReadonlyMap<number, Verdict>
  /** What becomes of the others, by row. */
  readonly outcomes: Promise<ReadonlyMap<number, Done>>
}

async function begin(
  chunk: readonly Judged[],
  { line, turn }: { readonly line: Line; readonly turn: ReturnType<typeof sharing> },
  options: CarryOutOptions,
): Promise<Begun> {
  const { institution } = options
  const doing = chunk.filter(({ verdict: { outcome } }) => outcome === 'created' || outcome === 'updated')
  const done =
    options.isResumed && doing.length > 0 ? await eventsOfRows({ ...options, rows: doing }) : new Map<number, Verdict>()
  const changes: Change[] = []
  for (const judged of doing) {
    await turn()
    const { row } = judged.verdict
    if (done.has(row)) continue
    const change = changeOf(judged, options)
    if (isChange(change)) changes.push(change)
    // The settings are others than when the row was planned.
    else done.set(row, refusedRow(row, change))
  }
  const outcomes = line
    .apply(changes, institution)
    .then((all) => new Map(changes.map((change, at) => [change.row as number, { change, outcome: all[at] as Outcome }])))
  // Whoever waits for it hears of its failure; meanwhile it is no stray one.
  outcomes.catch(() => {})
  return { chunk, done, outcomes }
}

/** A run that goes on where it stopped reads every row anew: the settings may be others. */
function changeOf(judged: Judged, options: CarryOutOptions): Change | readonly CellProblem[] {
  const { read, isResumed, file, run, credential } = options
  const { draft, row } = judged.verdict
  if (draft === undefined || isResumed) return read(judged.row)
  const ifKnown = () => {
    const asked = read(judged.row)
    if (isChange(asked)) return asked
    throw new Error(`row ${row} was planned by other settings than these`)
  }
  return {
    target: { keys: {} },
    intent: 'upsert',
    edit: () => draft,
    ifKnown,
    unmetIn: (resource) => ifKnown().unmetIn?.(resource) ?? [],
    source: file.source,
    run,
    row,
    ...(credential !== undefined && { credential }),
  }
}

type Told = { readonly verdict: Verdict; readonly outcome?: Outcome }

/**
 * Rows that the plan leaves as they are stay so: their verdict is the plan's.
 * @param ids of people who had a stand-in in the plan
 */
function verdictsOn(
  chunk: readonly Judged[],
  {
    done,
    outcomes,
    ids,
    options,
  }: {
    readonly done: Begun['done']
    readonly outcomes: ReadonlyMap<number, Done>
    readonly ids: Map<string, string>
    readonly options: CarryOutOptions
  },
): Told[] {
  const telling = { columnOf: columnNames(options.table.header.columns), isNew: () => false }
  return chunk.map(({ verdict: planned }) => {
    const { row, standsFor } = planned
    const told = outcomes.get(row)
    const known = standsFor === undefined ? undefined : ids.get(standsFor)
    const verdict =
      told === undefined
        ? (done.get(row) ?? { ...toldVerdict(planned), id: planned.id ?? known ?? null })
        : verdictOf(row, told, telling)
    if (standsFor !== undefined && verdict.id !== null) ids.set(standsFor, verdict.id)
    return { verdict, ...(told !== undefined && { outcome: told.outcome }) }
  })
}

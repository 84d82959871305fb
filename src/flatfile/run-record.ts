/**
 * Runs as the store keeps them: which file, who sent it, how far it came, what became of it.
 * Every step is a compare-and-set, so a run that another process has taken over goes no further here.
 */
import { allDocs } from '../directory/each-doc.ts'
import { newId } from '../directory/ids.ts'
import type { Actor } from '../directory/institution-changes.ts'
import { and } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { reportedFile } from './file-name.ts'
import type { Summary } from './summary.ts'
import type { Planned } from './tally.ts'

/**
 * `waiting`: uploaded, until the next run. `planning` and `applying` are under way, or were interrupted. `superseded`: waited or was held until a newer file
 * of its name came. `abandoned`: the file is gone, taken back or lost.
 */
export const RUN_STATES = ['waiting', 'planning', 'applying', 'processed', 'held', 'rejected', 'superseded', 'abandoned'] as const
export type RunState = (typeof RUN_STATES)[number]

export type Run = Doc & {
  /** The file's name as it was sent. */
  readonly file: string
  /** The same for the files of every night, whatever day their names have. */
  readonly series: string
  readonly state: RunState
  /** The file was uploaded and goes to the archive; else it is a copy. */
  readonly isTaken?: true
  /** Who brought the file. */
  readonly by: Actor
  /** Whoever has looked at what the thresholds caught. */
  readonly approvedBy?: Actor
  /** Epoch milliseconds. */
  readonly started: number
  readonly ended?: number
  /** Known when the plan stands. */
  readonly rows?: number
  readonly planned?: Planned
  readonly summary?: Summary
}

export class RunLost extends Error {
  override name = 'RunLost'
}

export function newRun(
  file: string,
  state: RunState,
  { institution, by, now = Date.now }: { readonly institution: Doc; readonly by: Actor; readonly now?: () => number },
): Run {
  const at = now()
  return {
    _id: newId(at),
    institution: institution._id,
    version: newId(at),
    file,
    series: seriesOf(file),
    state,
    by,
    started: at,
  }
}

export async function insertRun(store: Store, run: Run): Promise<Run> {
  const [result] = await store.write([{ collection: 'runs', op: 'insert', doc: run, events: [eventOf('file.run', run, run.by)] }])
  if (result?.kind !== 'ok') throw new Error(`a new run could not be stored: ${result?.kind}`)
  return run
}

/** @throws {RunLost} when somebody else has moved the run on */
export async function moveRun(store: Store, run: Run, to: Partial<Run>, event?: Doc): Promise<Run> {
  const next: Run = { ...run, ...to, version: newId(Date.now()) }
  const [result] = await store.write([
    { collection: 'runs', op: 'replace', doc: next, expected: run.version, ...(event !== undefined && { events: [event] }) },
  ])
  if (result?.kind !== 'ok') throw new RunLost(`the run ${run._id} of ${run.file} is another process's now`)
  return next
}

export function eventOf(kind: string, run: Run, by: Actor): Doc {
  const id = newId(Date.now())
  return {
    _id: id,
    institution: run.institution,
    version: id,
    subject: run._id,
    kind,
    at: Date.now(),
    ...by,
    file: run.file,
    differences: [],
  }
}

export async function getRun(store: Store, institution: string, id: string): Promise<Run | undefined> {
  return (await store.get('runs', institution, id)) as Run | undefined
}

/** Those of these ids that there are, by id. */
export async function runsBy(store: Store, institution: string, ids: readonly string[]): Promise<ReadonlyMap<string, Run>> {
  const runs = (await store.lookUp('runs', institution, { ids })) as Run[]
  return new Map(runs.map((run) => [run._id, run]))
}

/** Which of these files of other servers have a run. */
export async function fetchedBefore(store: Store, institution: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const runs = await store.lookUp('runs', institution, { keys: { fetched: ids } })
  return new Set(runs.flatMap(({ keys }) => keys?.fetched ?? []))
}

const DAY =
  /\d{4}([-_.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[-_.T ]?\d{2}[-_.:]?\d{2}(?:[-_.:]?\d{2})?Z?)?|\d{2}([-_.])\d{2}\2\d{4}/g

function seriesOf(file: string): string {
  return file.toLowerCase().replaceAll(DAY, '#')
}

/** How many rows the last processed file of this name had, a day in it apart. A report that is sent back has none before it. */
export async function lastRowsOf(store: Store, institution: string, file: string): Promise<number | undefined> {
  if (reportedFile(file) !== undefined) return undefined
  const where = { op: 'and', of: [eq('series', seriesOf(file)), eq('state', 'processed')] } as const
  const [last] = (await store.find('runs', institution, { where, sort: { path: '_id', descending: true }, limit: 1 })) as Run[]
  return last?.summary?.rows
}

/** All of them, oldest first. */
export async function allRunsIn(store: Store, institution: string, states: readonly RunState[]): Promise<Run[]> {
  return (await allDocs(store, 'runs', institution, { op: 'in', path: 'state', values: states })) as Run[]
}

/** Newest first. */
export async function runsIn(
  store: Store,
  institution: string,
  states: readonly RunState[],
  { file, series, limit }: { readonly file?: string; readonly series?: string; readonly limit: number },
): Promise<Run[]> {
  const where = and(
    { op: 'in', path: 'state', values: states },
    ...(file === undefined ? [] : [eq('file', file)]),
    ...(series === undefined ? [] : [eq('series', series)]),
  )
  return (await store.find('runs', institution, { where, sort: { path: '_id', descending: true }, limit })) as Run[]
}

function eq(path: string, value: string) {
  return { op: 'eq', path, value } as const
}

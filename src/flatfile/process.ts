/**
 * A file that has come in, as a run: recorded, moved out of the way of later files of its name, gone through, told of.
 * One run an institution at a time, whoever starts it; what was interrupted goes on where it stopped.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import { takeLease } from '../jobs/lease.ts'
import type { Store } from '../store/store.ts'
import type { Folders } from './folders.ts'
import { datedName } from './folders.ts'
import type { OnProgress } from './progress.ts'
import { runFile } from './run.ts'
import type { Run } from './run-record.ts'
import { eventOf, insertRun, lastRowsOf, moveRun, runsIn } from './run-record.ts'
import type { Summary } from './summary.ts'

export type Processing = {
  readonly store: Store
  readonly institution: Institution
  readonly folders: Folders
  readonly by: Actor
  readonly onProgress?: OnProgress
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** @returns undefined when another process is at the files of this institution */
export async function oneAtATime<T>(
  { store, institution, onProgress }: Processing,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T | undefined> {
  await using lease = await takeLease({ store, institution: institution._id, name: 'files' })
  if (lease === undefined) return undefined
  return await work((progress) => {
    lease.signal.throwIfAborted()
    onProgress?.(progress)
  })
}

export type Arrival = {
  readonly path: string
  readonly name: string
  /** Whether the file is moved away; else it is left where it is. */
  readonly take: boolean
  readonly isApproved?: boolean
  /** Further files for the report. */
  readonly reports?: readonly string[]
}

/** To be called within `oneAtATime`. */
export async function processArrival(arrival: Arrival, options: Processing): Promise<Summary> {
  const { store, institution, folders, by, now = Date.now } = options
  const { path, name: file, take, isApproved = false } = arrival
  const id = newId(now())
  const folder = join(folders.work, id)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (!take) await copyWhole(path, fileIn(folder))
  const run = await insertRun(store, {
    _id: id,
    institution: institution._id,
    version: newId(now()),
    file,
    state: 'planning',
    by,
    ...(take && { isTaken: true }),
    ...(isApproved && { approvedBy: by }),
    started: now(),
  })
  // Only now: a file that no record knows of would be lost by a crash.
  if (take) await rename(path, fileIn(folder))
  return goThrough(run, options, arrival.reports)
}

/** A copy that was cut short never has the name. */
async function copyWhole(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.part`)
  await rename(`${to}.part`, to)
}

/**
 * Goes on with a run that was interrupted: from its plan if that stands, else from the start.
 * @returns undefined when the file is gone, and the run with it
 */
export async function resumeRun(run: Run, options: Processing): Promise<Summary | undefined> {
  const { store, folders, now = Date.now } = options
  const file = fileIn(join(folders.work, run._id))
  const uploaded = join(folders.upload, run.file)
  if (!existsSync(file) && run.isTaken && existsSync(uploaded)) await rename(uploaded, file)
  if (existsSync(file)) return goThrough(run, options)
  await moveRun(store, run, { state: 'abandoned', ended: now() })
  return undefined
}

/** Plans a held file again, since the roll may have moved, and does what it says whatever the thresholds find. */
export async function approveRun(run: Run, options: Processing): Promise<Summary> {
  const event = eventOf('file.approved', run, options.by)
  const approved = await moveRun(options.store, run, { state: 'planning', approvedBy: options.by }, event)
  return goThrough(approved, options)
}

/** Runs that were interrupted, oldest first. */
export async function interruptedRuns({ store, institution }: Processing): Promise<Run[]> {
  const runs = await runsIn(store, institution._id, ['planning', 'applying'], { limit: MOST_INTERRUPTED })
  return runs.reverse()
}

const MOST_INTERRUPTED = 1000

async function goThrough(run: Run, options: Processing, reports: readonly string[] = []): Promise<Summary> {
  const { store, institution, folders, by, now = Date.now } = options
  const folder = join(folders.work, run._id)
  const lastRows = await lastRowsOf(store, institution._id, run.file)
  const isPlanned = run.state === 'applying' && existsSync(join(folder, 'plan.ndjson'))
  let current = run
  const summary = await runFile({
    ...options,
    file: { path: fileIn(folder), name: run.file },
    run: run._id,
    ...(by.credential !== undefined && { credential: by.credential }),
    folder,
    reports: [...reports, join(folders.reports, datedName(`${run.file}.csv`, now()))],
    ...(run.approvedBy !== undefined && { isApproved: true }),
    ...(lastRows !== undefined && { lastRows }),
    ...(isPlanned && { planned: { rows: run.rows ?? 0 } }),
    onPlanned: async (rows) => {
      current = await moveRun(store, current, { state: 'applying', rows })
    },
  })
  current = await moveRun(store, current, { state: summary.result, ended: now(), rows: summary.rows, summary })
  await tidyUp(current, folder, options)
  return summary
}

/** A held file stays until it is approved, or a newer one of its name has been processed. */
async function tidyUp(run: Run, folder: string, { store, folders, now = Date.now }: Processing): Promise<void> {
  if (run.state === 'held') return
  if (run.isTaken) await rename(fileIn(folder), join(folders.archive, datedName(run.file, now())))
  await rm(folder, { recursive: true, force: true })
  if (run.state !== 'processed') return
  for (const held of await runsIn(store, run.institution, ['held'], { file: run.file, limit: MOST_INTERRUPTED })) {
    if (held._id > run._id) continue
    await moveRun(store, held, { state: 'superseded' })
    await rm(join(folders.work, held._id), { recursive: true, force: true })
  }
}

function fileIn(folder: string): string {
  return join(folder, 'file')
}

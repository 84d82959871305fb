/**
 * A file that has come in, as a run: recorded, moved out of the way of later files of its name, gone through, told of.
 * One run an institution at a time, whoever starts it; what was interrupted goes on where it stopped.
 */
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Institution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import { channelOf } from '../directory/user.ts'
import { LeaseLost, takeLease } from '../jobs/lease.ts'
import { renameForGood } from '../lasting.ts'
import type { Store } from '../store/store.ts'
import { StoreError } from '../store/store.ts'
import { forgetCheck } from './check-page.ts'
import { checksumTaken, isSaidDone, removeCompanions, takeCompanions } from './companions.ts'
import type { Folders } from './folders.ts'
import { datedName, fileIn, putAway } from './folders.ts'
import type { OnProgress } from './progress.ts'
import { PLAN, runFile } from './run.ts'
import type { Run } from './run-record.ts'
import { allRunsIn, eventOf, insertRun, lastRowsOf, moveRun, newRun, RunLost, runsIn } from './run-record.ts'
import type { Summary } from './summary.ts'
import { sweep } from './sweep.ts'

export type Processing = {
  readonly store: Store
  readonly institution: Institution
  readonly folders: Folders
  readonly by: Actor
  readonly onProgress?: OnProgress
  /** Called before the end of a run is recorded, so that none goes untold; once more where it was interrupted then. */
  readonly tell?: (summary: Summary) => Promise<void>
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** @returns undefined when another process is at the files of this institution */
export async function oneAtATime<T>(
  { store, institution, folders, onProgress, now = Date.now }: Processing,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T | undefined> {
  await using lease = await takeLease({ store, institution: institution._id, name: 'files' })
  if (lease === undefined) return undefined
  try {
    await sweep({ store, institution, folders, now })
    return await work((progress) => {
      lease.signal.throwIfAborted()
      onProgress?.(progress)
    })
  } catch (error) {
    // Somebody took it over: they do the rest.
    if (error instanceof RunLost || error instanceof LeaseLost) return undefined
    throw error
  }
}

export type Import = {
  /** Left where it is. */
  readonly path: string
  readonly name: string
  readonly isApproved: boolean
  /** Further files for the report. */
  readonly reports: readonly string[]
}

/** Goes through a copy of a file. To be called within `oneAtATime`, as all below. */
export async function importFile({ path, name, isApproved, reports }: Import, options: Processing): Promise<Summary> {
  const { store, folders, by, now = Date.now } = options
  const run = newRun(name, 'planning', options)
  const folder = join(folders.work, run._id)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // A copy that was cut short never has the name.
  await copyFile(path, `${fileIn(folder)}.part`)
  await rename(`${fileIn(folder)}.part`, fileIn(folder))
  const inserted = await insertRun(store, isApproved ? { ...run, approvedBy: by } : run)
  return goThrough(inserted, { ...options, now }, reports)
}

/**
 * Goes on with a run that waits or was interrupted: from its plan if that stands, else from the start.
 * @returns undefined when the file is gone, and the run with it, or its sender has not said yet that it is whole
 */
export async function goOn(run: Run, options: Processing): Promise<Summary | undefined> {
  const { store, institution, folders, now = Date.now } = options
  // Of a file that was fetched it is known.
  const mustBeSaid = run.state === 'waiting' && !run.keys?.fetched && institution.settings.files?.waitForDone === true
  if (mustBeSaid && !(await isSaidDone(folders, run.file))) return undefined
  const folder = join(folders.work, run._id)
  const uploaded = join(folders.upload, run.file)
  // The record moves first: a file that no record knows of would be lost by a crash.
  const current = run.state === 'waiting' ? await moveRun(store, run, { state: 'planning' }) : run
  if (!existsSync(fileIn(folder)) && run.isTaken && existsSync(uploaded)) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // Before the file, which is not looked for again once it is there.
    await takeCompanions(folders, run.file, folder)
    // What would be done with it is no news once it is being done; a later file of its name has a check of its own.
    await forgetCheck(folders, run.file)
    await rename(uploaded, fileIn(folder))
  }
  if (existsSync(fileIn(folder))) return goThrough(current, options)
  await moveRun(store, current, { state: 'abandoned', ended: now() })
  return undefined
}

/**
 * Goes on with one run after the other. What is wrong with the file of one keeps no other waiting: that run is tried again
 * the next time.
 * @param told of each run that came to an end, and of each that could not
 * @throws what is wrong with all of them: the store, the lease, the signal's reason
 */
export async function goOnWithAll(
  runs: readonly Run[],
  options: Processing,
  told: {
    readonly onSummary: (summary: Summary) => void
    readonly onFailure: (run: Run, error: unknown) => void
    readonly stop?: AbortSignal
  },
): Promise<void> {
  for (const run of runs) {
    try {
      const summary = await goOn(run, options)
      if (summary !== undefined) told.onSummary(summary)
    } catch (error) {
      const isOfAll = error instanceof StoreError || error instanceof RunLost || error instanceof LeaseLost
      if (isOfAll || told.stop?.aborted) throw error
      told.onFailure(run, error)
    }
  }
}

/** Plans a held file again, since the roll may have moved, and does what it says whatever the thresholds find. */
export async function approveRun(run: Run, options: Processing): Promise<Summary> {
  const event = eventOf('file.approved', run, options.by)
  const approved = await moveRun(options.store, run, { state: 'planning', approvedBy: options.by }, event)
  return goThrough(approved, options)
}

/** Runs that were interrupted, and files that wait for theirs: oldest first. */
export function unfinishedRuns({ store, institution }: Pick<Processing, 'store' | 'institution'>): Promise<Run[]> {
  return allRunsIn(store, institution._id, ['waiting', 'planning', 'applying'])
}

/** The held file of this name; the newest if there are several. */
export async function heldRun(file: string, { store, institution }: Processing): Promise<Run | undefined> {
  const [held] = await runsIn(store, institution._id, ['held'], { file, limit: 1 })
  return held
}

const MOST = 1000

/** The page comes last: then the others are there. */
const REPORT_ENDS = ['.csv', '.xlsx', '.txt'] as const

async function goThrough(run: Run, options: Processing, reports: readonly string[] = []): Promise<Summary> {
  const { store, institution, folders, now = Date.now } = options
  const { source, credential } = run.by
  const folder = join(folders.work, run._id)
  const lastRows = await lastRowsOf(store, institution._id, run.file)
  const checksum = await checksumTaken(folder)
  const report = join(folders.reports, datedName(run.file, now()))
  const made = REPORT_ENDS.map((end) => ({ at: join(folder, `report${end}`), to: report + end }))
  const planned = run.state === 'applying' && existsSync(join(folder, PLAN)) ? run.planned : undefined
  let current = run
  const found = await runFile({
    ...options,
    file: { path: fileIn(folder), name: run.file },
    run: run._id,
    ...(channelOf(source) === 'file' && { source }),
    ...(credential !== undefined && { credential }),
    folder,
    reports: [...reports, join(folder, 'report.csv'), join(folder, 'report.txt')],
    mend: join(folder, 'report.xlsx'),
    ...(run.approvedBy !== undefined && { isApproved: true }),
    ...(lastRows !== undefined && { lastRows }),
    ...(checksum !== undefined && { checksum }),
    ...(planned !== undefined && { planned }),
    onPlanned: async (came) => {
      current = await moveRun(store, current, { state: 'applying', rows: came.rows, planned: came })
    },
  })
  // Whoever looks into the reports finds them whole, or not at all.
  for (const { at, to } of made) if (existsSync(at)) await renameForGood(at, to)
  const summary: Summary = { ...found, report: reports[0] ?? `${report}.csv` }
  await options.tell?.(summary)
  current = await moveRun(store, current, { state: summary.result, ended: now(), rows: summary.rows, summary })
  await tidyUp(current, options)
  return summary
}

/**
 * A held file stays until it is approved, or a newer one of its name has been processed; a roster, which is whole, also
 * when that has another day in its name.
 */
async function tidyUp(run: Run, { store, folders, now = Date.now }: Processing): Promise<void> {
  if (run.state === 'held') return
  await putAway(run, folders, now())
  // What came too late for this file; what stands beside the next one stays.
  if (run.isTaken && !existsSync(join(folders.upload, run.file))) await removeCompanions(folders, run.file)
  if (run.state !== 'processed') return
  const { file, series, summary } = run
  const alike = summary?.mode === 'roster' ? { series } : { file }
  for (const held of await runsIn(store, run.institution, ['held'], { ...alike, limit: MOST })) {
    if (held._id > run._id) continue
    await putAway(await moveRun(store, held, { state: 'superseded' }), folders, now())
  }
}

/**
 * What has been left in the folders of an institution: by a process that died, by uploads that never became whole, by
 * whoever sent a file without content and nothing after it; and what has been kept long enough.
 */
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DAY_MS } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import { hasCode } from '../file-errors.ts'
import type { Store } from '../store/store.ts'
import { kindOfFile } from './file-name.ts'
import type { Folders } from './folders.ts'
import { archived, putAway } from './folders.ts'
import { takeIn } from './receive.ts'
import type { Run } from './run-record.ts'
import { allRunsIn, runsBy } from './run-record.ts'

const LIVE: readonly string[] = ['waiting', 'planning', 'applying', 'held']
const MINUTE_MS = 60_000
/** No upload takes longer. */
const UNFINISHED_MS = 7 * DAY_MS
/** Some programs send a file without content first to find out whether they may. */
export const PROBE_MS = 15 * MINUTE_MS

type Sweeping = {
  readonly store: Store
  readonly institution: Institution
  readonly folders: Folders
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** To be called by whoever has the files of the institution to itself. */
export async function sweep(options: Sweeping): Promise<void> {
  await sweepWork(options)
  await takeWhatWasForgotten(options)
  await takeProbes(options)
  await abandonUnfinished(options)
  await removeOld(options)
}

/** Of runs that nobody will go on with, and of checks. */
async function sweepWork({ store, institution, folders, now = Date.now }: Sweeping): Promise<void> {
  const ids = await readdir(folders.work)
  const runs = await runsBy(store, institution._id, ids)
  for (const id of ids) {
    const run = runs.get(id)
    if (run === undefined) await rm(join(folders.work, id), { recursive: true, force: true })
    // Whoever went through it died before it was put away.
    else if (!LIVE.includes(run.state)) await putAway(run, folders, now())
  }
  for (const { path } of await olderThan(DAY_MS, folders.checks, now())) await rm(path, { recursive: true, force: true })
}

/** Whoever took a file died before it was recorded: it is complete all the same. */
async function takeWhatWasForgotten(options: Sweeping): Promise<void> {
  const { store, institution, folders, now = Date.now } = options
  const old = await olderThan(MINUTE_MS, folders.upload, now())
  if (old.length === 0) return
  const runs = await allRunsIn(store, institution._id, ['waiting', 'planning', 'applying'])
  const known = new Set(runs.map(({ file }) => file))
  for (const { path, name } of old) {
    if (!known.has(name)) await takeIn(path, name, { ...options, by: { source: 'file' } })
  }
}

/** Files without content to which nothing was added in time: their run says so. */
export async function takeProbes(options: Sweeping): Promise<Run[]> {
  const { folders, now = Date.now } = options
  const taken: Run[] = []
  const waiting = new Set(await readdir(folders.upload))
  for (const { path, name, bytes } of await olderThan(PROBE_MS, folders.aside, now())) {
    if (bytes > 0 || kindOfFile(name) !== 'table') continue
    if (waiting.has(name)) await rm(path, { force: true })
    else taken.push(await takeIn(path, name, { ...options, by: { source: 'file' } }))
  }
  return taken
}

/** `open.ID.NAME`: an upload as the drop box keeps it. */
const UPLOAD = /^open\.[0-9a-f-]{36}\.(.+)$/s

async function abandonUnfinished({ folders, now = Date.now }: Sweeping): Promise<void> {
  const toArchive = (path: string, name: string) => rename(path, archived(`${name}.abandoned`, folders, now()))
  for (const { path, name } of await olderThan(UNFINISHED_MS, folders.incoming, now())) {
    const sent = UPLOAD.exec(name)?.[1]
    if (sent === undefined) await rm(path, { force: true })
    else await toArchive(path, sent)
  }
  for (const { path, name } of await olderThan(UNFINISHED_MS, folders.aside, now())) await toArchive(path, name)
}

/** So that a year's term can be compared with that of the year before. */
const DEFAULT_KEEP_DAYS = 400

async function removeOld({ institution, folders, now = Date.now }: Sweeping): Promise<void> {
  const keptMs = (institution.settings.files?.keepDays ?? DEFAULT_KEEP_DAYS) * DAY_MS
  for (const folder of [folders.archive, folders.reports]) {
    for (const { path, isFile } of await olderThan(keptMs, folder, now())) if (isFile) await rm(path).catch(unlessKept)
  }
}

/** Whoever makes a folder read only wants to keep what is in it. */
function unlessKept(error: unknown): void {
  if (!['ENOENT', 'EACCES', 'EPERM', 'EROFS'].some((code) => hasCode(error, code))) throw error
}

/** By the time that no sender can set. */
async function olderThan(ageMs: number, folder: string, now: number) {
  const found: { readonly path: string; readonly name: string; readonly bytes: number; readonly isFile: boolean }[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    // It may be moved on at any moment.
    const stats = await stat(path).catch(() => undefined)
    if (stats === undefined || now - stats.ctimeMs <= ageMs) continue
    found.push({ path, name, bytes: stats.size, isFile: stats.isFile() })
  }
  return found
}

/**
 * The check of an uploaded file: seconds after it came in its sender can read what the next run would do with it. A dry
 * run in every point; nothing of it is kept but the page and the table in the reports.
 */
import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import { getInstitution, listInstitutions } from '../directory/institution.ts'
import { channelOf } from '../directory/user.ts'
import { hasCode } from '../file-errors.ts'
import { nextDue } from '../jobs/daily.ts'
import type { Store } from '../store/store.ts'
import { checkNames, putCheck } from './check-page.ts'
import { checksumBeside, isSaidDone } from './companions.ts'
import { runTimeOf } from './daily-run.ts'
import type { Folders } from './folders.ts'
import { openFolders } from './folders.ts'
import { PLAN, runFile } from './run.ts'
import type { Run } from './run-record.ts'
import { allRunsIn, getRun, lastRowsOf } from './run-record.ts'
import type { Summary } from './summary.ts'
import { countLines, howItWasRead, mendLines, sentence } from './summary-text.ts'

export type Checks = AsyncDisposable & {
  /** Checks the file of a run that waits, when its turn comes. */
  ask(run: Run): void
  /** Asks for the files that wait unchecked, since whoever took them has gone. */
  catchUp(): void
  /** Resolves when nothing is left to be checked. */
  idle(): Promise<void>
}

export type ChecksOptions = {
  readonly store: Store
  readonly dataDir: string
  readonly onFailure: (institution: string, error: unknown) => void
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** Files checked side by side in one process. */
const SIDE_BY_SIDE = 2

export function openChecks(options: ChecksOptions): Checks {
  const { store, dataDir, onFailure } = options
  const stop = new AbortController()
  /** The newest of each name is enough. */
  const waiting = new Map<string, Run>()
  const workers = new Set<Promise<void>>()
  const underWay = new Set<Run>()

  function ask(run: Run): void {
    const key = `${run.institution}/${run.file}`
    waiting.delete(key)
    waiting.set(key, run)
    if (workers.size < SIDE_BY_SIDE) track(work())
  }

  async function work(): Promise<void> {
    for (let run = next(); run !== undefined && !stop.signal.aborted; run = next()) {
      const { institution } = run
      underWay.add(run)
      await check(run, options, stop.signal).catch((error) => {
        if (error !== stop.signal.reason) onFailure(institution, error)
      })
      underWay.delete(run)
    }
  }

  /** However many files one institution sends, those of another are not behind all of them. */
  function next(): Run | undefined {
    const all = [...waiting]
    const busy = new Set(Array.from(underWay, ({ institution }) => institution))
    const [key, run] = all.find(([, { institution }]) => !busy.has(institution)) ?? all[0] ?? []
    if (key !== undefined) waiting.delete(key)
    return run
  }

  function track(working: Promise<void>): void {
    const worker: Promise<void> = working.finally(() => workers.delete(worker))
    workers.add(worker)
  }

  async function findUnchecked(): Promise<void> {
    for (const { _id } of await listInstitutions(store)) {
      const runs = await allRunsIn(store, _id, ['waiting'])
      if (runs.length === 0 || stop.signal.aborted) continue
      const { reports } = await openFolders(dataDir, _id)
      const there = new Set(await readdir(reports))
      for (const run of runs) if (!there.has(checkNames(run.file).page)) ask(run)
    }
  }

  return {
    ask,
    catchUp: () => track(findUnchecked().catch((error) => onFailure('', error))),
    async idle() {
      while (workers.size > 0) await Promise.all(workers)
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the server is closing'))
      await Promise.all(workers)
    },
  }
}

async function check(asked: Run, { store, dataDir, now = Date.now }: ChecksOptions, stop: AbortSignal): Promise<void> {
  const institution = await getInstitution(store, asked.institution)
  if (institution === undefined) return
  const folders = await openFolders(dataDir, institution._id)
  const folder = join(folders.checks, newId(now()))
  await mkdir(folder, { mode: 0o700 })
  try {
    const path = join(folder, 'file')
    const isThere = await setAside(join(folders.upload, asked.file), path)
    const run = isThere ? await getRun(store, institution._id, asked._id) : undefined
    // Its run has begun, or a newer file of its name has come, which has a check of its own.
    if (run?.state !== 'waiting') return
    const beside = { table: join(folder, 'report.csv'), mend: join(folder, 'mend.xlsx') }
    const summary = await rehearse(run, { store, institution, folders, path, folder, ...beside, now, stop })
    const page = await pageOf(summary, { institution, folders, folder, mend: beside.mend, now: now() })
    if ((await getRun(store, institution._id, asked._id))?.state === 'waiting') await putCheck(folders, run.file, page, beside)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same bytes under another name, which stays whatever becomes of the first. @returns whether there are any */
async function setAside(from: string, to: string): Promise<boolean> {
  try {
    // Not every file system knows second names.
    await link(from, to).catch(() => copyFile(from, to))
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

async function rehearse(
  run: Run,
  options: {
    readonly store: Store
    readonly institution: Institution
    readonly folders: Folders
    readonly path: string
    readonly folder: string
    readonly table: string
    readonly mend: string
    readonly now: () => number
    readonly stop: AbortSignal
  },
): Promise<Summary> {
  const { store, institution, folders, path, folder, table, mend, now, stop } = options
  const { source, credential } = run.by
  const lastRows = await lastRowsOf(store, institution._id, run.file)
  const checksum = await checksumBeside(folders, run.file)
  return await runFile({
    store,
    institution,
    file: { path, name: run.file },
    run: run._id,
    ...(channelOf(source) === 'file' && { source }),
    ...(credential !== undefined && { credential }),
    folder,
    reports: [table],
    mend,
    isDryRun: true,
    ...(lastRows !== undefined && { lastRows }),
    ...(checksum !== undefined && { checksum }),
    onProgress: () => stop.throwIfAborted(),
    now,
  })
}

async function pageOf(
  summary: Summary,
  options: {
    readonly institution: Institution
    readonly folders: Folders
    readonly folder: string
    readonly mend: string
    readonly now: number
  },
): Promise<string> {
  const { institution, folders, folder, mend, now } = options
  const { file, header } = summary
  const mustBeSaid = institution.settings.files?.waitForDone === true && !(await isSaidDone(folders, file))
  const { runAt, timeZone } = runTimeOf(institution)
  const names = checkNames(file)
  const hasMend = existsSync(mend)
  const next = new Date(nextDue(now, runAt, timeZone))
  const lines = [
    `${file}, checked on ${said(new Date(now), 'UTC')}. Nothing has been changed so far.`,
    '',
    `The next run is on ${said(next, timeZone)}. ${WHAT_WILL_BE[summary.result]}`,
    ...(summary.result === 'processed' ? [] : [sentence(summary.message)]),
    ...(mustBeSaid ? [`It goes through the file once there is a file ${file}.done beside it.`] : []),
    ...countLines(summary),
    ...(await mendLines(summary, header === null ? undefined : join(folder, PLAN))),
    ...howItWasRead(summary),
    '',
    `The whole table, with a reason and what to do for each row that is refused: ${names.table}`,
    ...(hasMend ? [`Those rows alone, to be mended in a spreadsheet program and uploaded: ${names.mend}`] : []),
    'A file of the same name that is uploaded until then takes the place of this one.',
  ]
  return `${lines.join('\n')}\n`
}

const WHAT_WILL_BE: { readonly [result in Summary['result']]: string } = {
  processed: 'It would do this:',
  held: 'It would hold this file until somebody has approved it:',
  rejected: 'It would reject this file as a whole:',
}

function said(at: Date, timeZone: string): string {
  const time = at.toLocaleString('en-CA', { timeZone, dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' })
  return `${time.replace(',', '')} (${timeZone})`
}

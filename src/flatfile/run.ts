/**
 * One flat file, from its bytes to its report: read and planned first, judged by the thresholds as a whole, and only
 * then done. A file is processed, held or rejected; of a held or rejected one nothing is done.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { FlatSender } from '../directory/flat-change.ts'
import type { Institution } from '../directory/institution.ts'
import type { Source } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { Attendance } from './attendance.ts'
import { carryOut } from './carry-out.ts'
import { compareChecksum } from './companions.ts'
import type { FileSource } from './file-source.ts'
import { fileSource, headerRules } from './file-source.ts'
import { GarbledRows } from './garbled.ts'
import { keyReader } from './key-scan.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { writeMendWorkbook } from './mend-workbook.ts'
import { planFile } from './plan.ts'
import type { OnProgress } from './progress.ts'
import type { Reading } from './reading.ts'
import { openReading } from './reading.ts'
import { FileRefused } from './refusal.ts'
import { writeRefusal, writeReport } from './report.ts'
import { carryOutMissing, planMissing } from './roster.ts'
import type { RowReader } from './row-change.ts'
import { rowReader } from './row-change.ts'
import type { Summary } from './summary.ts'
import { rejected, summaryOf } from './summary.ts'
import type { TableHead } from './table.ts'
import { openTable } from './table.ts'
import type { Planned, Tally } from './tally.ts'
import type { Hold, Yardstick } from './thresholds.ts'
import { holdFor } from './thresholds.ts'

export type RunOptions = {
  readonly store: Store
  readonly institution: Institution
  readonly file: {
    readonly path: string
    /** As it was sent, without its folder. */
    readonly name: string
  }
  /** Id of the run: every event carries it. */
  readonly run: string
  /** Of a file that no pattern of the settings fits; `file` when absent. */
  readonly source?: Source
  /** Who stands behind the file, for the audit trail. */
  readonly credential?: string
  /** A folder for what the run puts down on its way; one for each run. */
  readonly folder: string
  /** Files to write the report to, in the formats that the ends of their names say (`report.ts`). */
  readonly reports: readonly string[]
  /** Where the rows that are refused go as a workbook, if there are any and the file is no roster, which must be whole. */
  readonly mend?: string
  readonly isDryRun?: boolean
  /** Whether somebody has looked at what the thresholds caught. */
  readonly isApproved?: boolean
  /** What the sender says of the content (`companions.ts`). */
  readonly checksum?: string
  /** How many rows the last processed file of this name had. */
  readonly lastRows?: number
  /** Of a run that was interrupted while it carried out its plan, which stands in the folder: what that came to. */
  readonly planned?: Planned
  /** Called when the plan stands and is about to be carried out. */
  readonly onPlanned?: (planned: Planned) => Promise<void>
  readonly onProgress?: OnProgress
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** Whole, as the rows beside it, once the run is recorded as being carried out. */
export const PLAN = 'plan.ndjson'

type Opened = ReturnType<typeof pathsIn> & {
  readonly table: TableHead
  readonly file: FileSource
  readonly limits: FileLimits
  readonly read: RowReader
}

/** @throws {StoreError} when the store failed; the run can be resumed then */
export async function runFile(options: RunOptions): Promise<Summary> {
  const file = fileSource(options.institution, options.file.name, options.source)
  try {
    if (options.checksum !== undefined) await compareChecksum(options.file.path, options.file.name, options.checksum)
    if (options.planned !== undefined) return await goOn(file, options.planned, options)
    const { opened, tally } = await planAnew(file, options)
    return await judge(opened, tally, options)
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    const summary = rejected(options, file, error)
    for (const path of options.reports) await writeRefusal(path, summary)
    return summary
  }
}

/** Of a run that was interrupted the plan stands, and the header alone is read again. */
async function goOn(file: FileSource, planned: Planned, options: RunOptions): Promise<Summary> {
  await using table = await openTable(options.file.path, openingOf(file, options))
  const opened = openedBy(table, file, options)
  return tell(await carry(opened, options, planned), 'processed', opened, options)
}

/** What is held in memory of the whole file is let go when the plan stands. */
async function planAnew(file: FileSource, options: RunOptions): Promise<{ readonly opened: Opened; readonly tally: Tally }> {
  const { onProgress } = withDefaults(options)
  const { spool } = pathsIn(options.folder)
  const onRows = (rows: number) => onProgress({ step: 'reading', rows })
  await using reading = await openReading(options.file.path, { ...openingOf(file, options), spool, onRows })
  const opened = openedBy(reading.head, file, options)
  return { opened, tally: await planAll(opened, reading, options) }
}

function openingOf(file: FileSource, { institution, folder }: RunOptions) {
  return { header: headerRules(institution, file), limits: limitsOf(institution), temporary: folder }
}

function openedBy(table: TableHead, file: FileSource, { institution, run, credential, folder }: RunOptions): Opened {
  const limits = limitsOf(institution)
  const sender: Omit<FlatSender, 'row' | 'source'> = { institution, run, ...(credential !== undefined && { credential }) }
  return { table, file, limits, read: rowReader({ columns: table.header.columns, limits, file, sender }), ...pathsIn(folder) }
}

function limitsOf({ settings }: Institution): FileLimits {
  return { ...DEFAULT_LIMITS, ...settings.files?.limits }
}

function pathsIn(folder: string) {
  const at = (name: string) => join(folder, name)
  return {
    /** Where the rows are put down as they were read. */
    spool: at('rows.ndjson'),
    /** Verdicts of the first pass, and of the second. */
    plan: at(PLAN),
    done: at('done.ndjson'),
    /** Verdicts on who is missing from a roster, likewise; without the first nobody is looked for. */
    missingPlan: at('missing.ndjson'),
    missingDone: at('missing-done.ndjson'),
  }
}

async function judge(opened: Opened, tally: Tally, options: RunOptions): Promise<Summary> {
  const { plan, missingPlan } = opened
  const { isDryRun = false, isApproved = false, onPlanned } = options
  const would = { tally, verdicts: plan, missing: missingPlan }
  const hold = isApproved ? undefined : holdFor(tally, await yardstick(opened, options))
  if (hold !== undefined) return tell({ ...would, hold }, 'held', opened, options)
  if (isDryRun) return tell(would, 'processed', opened, options)
  await onPlanned?.(tally.planned)
  return tell(await carry(opened, options, tally.planned, tally), 'processed', opened, options)
}

async function yardstick({ file }: Opened, { store, institution, lastRows }: RunOptions): Promise<Yardstick> {
  const settings = institution.settings.files?.thresholds
  const given = settings === undefined ? {} : { settings }
  // It tells of changes alone, of which there may be any number.
  if (file.mode === 'update') return { ...given, people: await store.count('users', institution._id, EVERYTHING) }
  return { ...given, ...(lastRows !== undefined && { lastRows }) }
}

/** What came of a pass, and where the verdicts stand. */
type Came = {
  readonly tally: Tally
  readonly verdicts: string
  readonly missing: string
  readonly planned?: Planned
  readonly hold?: Hold
}

/** The rows, and of a roster those who are missing. */
async function planAll(opened: Opened, reading: Reading, options: RunOptions): Promise<Tally> {
  const { table, limits, file, plan, missingPlan } = opened
  // One that was planned before may say something else.
  await rm(missingPlan, { force: true })
  const work = { ...options, ...opened, ...withDefaults(options) }
  const watch = () => ({
    garbled: new GarbledRows(table.header.columns),
    attendance: file.mode === 'roster' ? new Attendance(keyReader(table, limits), options.institution) : undefined,
  })
  const { tally, garbled, attendance } = await planFile({ ...work, reading, path: plan, watch })
  tally.garbled = garbled.notice
  if (attendance === undefined) return tally
  tally.notLooked = tally.rows === 0 ? 'the file is empty' : attendance.fault
  if (tally.notLooked === undefined) tally.missing = await planMissing({ ...work, attendance, path: missingPlan })
  return tally
}

/** @param plan as it was counted; undefined where the run was interrupted since, and may have done some of it */
async function carry(opened: Opened, options: RunOptions, planned: Planned, plan?: Tally): Promise<Came> {
  const { done, missingPlan, missingDone } = opened
  const work = { ...options, ...opened, ...withDefaults(options) }
  const isIdle = plan !== undefined && plan.counts.created + plan.counts.updated === 0
  const tally = isIdle ? plan : await carryOut({ ...work, path: done, rows: planned.rows, isResumed: plan === undefined })
  if (existsSync(missingPlan)) tally.missing = await carryOutMissing({ ...work, plan: missingPlan, path: missingDone })
  return { tally, planned, verdicts: isIdle ? opened.plan : done, missing: missingDone }
}

async function tell(came: Came, result: 'processed' | 'held', opened: Opened, options: RunOptions): Promise<Summary> {
  const { table, file, spool } = opened
  const { verdicts, missing, tally } = came
  const summary = summaryOf({ ...came, options, file, table, result })
  const report = { summary, table, spool, verdicts, ...(existsSync(missing) && { missing }) }
  for (const path of options.reports) await writeReport(path, report)
  if (options.mend !== undefined && tally.refused > 0 && file.mode !== 'roster') await writeMendWorkbook(options.mend, report)
  return summary
}

function withDefaults({ now = Date.now, onProgress = () => {} }: RunOptions) {
  return { now, onProgress }
}

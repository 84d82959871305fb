/**
 * One flat file, from its bytes to its report: read and planned first, judged by the thresholds as a whole, and only
 * then done. A file is processed, held or rejected; of a held or rejected one nothing is done.
 */
import { join } from 'node:path'
import type { FlatSender } from '../directory/flat-change.ts'
import type { Institution } from '../directory/institution.ts'
import type { Source } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import { carryOut } from './carry-out.ts'
import type { FileSource } from './file-source.ts'
import { fileSource, headerRules } from './file-source.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { planFile } from './plan.ts'
import type { OnProgress } from './progress.ts'
import { FileRefused } from './refusal.ts'
import { writeRefusal, writeReport } from './report.ts'
import type { RowReader } from './row-change.ts'
import { rowReader } from './row-change.ts'
import type { Summary } from './summary.ts'
import { rejected, summaryOf } from './summary.ts'
import type { Table } from './table.ts'
import { openTable } from './table.ts'
import type { Tally } from './tally.ts'
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
  /** Files to write the report to, by the ends of their names: `.csv`, `.ndjson`, `.json`. */
  readonly reports: readonly string[]
  readonly isDryRun?: boolean
  /** Whether somebody has looked at what the thresholds caught. */
  readonly isApproved?: boolean
  /** How many rows the last processed file of this name had. */
  readonly lastRows?: number
  /** Of a run that was interrupted while it carried out its plan, which stands in the folder: how many rows it has. */
  readonly planned?: { readonly rows: number }
  /** Called when the plan stands and is about to be carried out. */
  readonly onPlanned?: (rows: number) => Promise<void>
  readonly onProgress?: OnProgress
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** Whole, as the rows beside it, once the run is recorded as being carried out. */
export const PLAN = 'plan.ndjson'

type Opened = {
  readonly table: Table
  readonly file: FileSource
  readonly limits: FileLimits
  readonly read: RowReader
  /** Where the rows are put down as they were read. */
  readonly spool: string
  /** Verdicts of the first pass, and of the second. */
  readonly plan: string
  readonly done: string
}

/** @throws {StoreError} when the store failed; the run can be resumed then */
export async function runFile(options: RunOptions): Promise<Summary> {
  const file = fileSource(options.institution, options.file.name, options.source)
  try {
    const limits: FileLimits = { ...DEFAULT_LIMITS, ...options.institution.settings.files?.limits }
    const header = headerRules(options.institution, file)
    await using table = await openTable(options.file.path, { header, limits, temporary: options.folder })
    const { institution, run, credential } = options
    const sender: Omit<FlatSender, 'row' | 'source'> = { institution, run, ...(credential !== undefined && { credential }) }
    const read = rowReader({ columns: table.header.columns, limits, file, sender })
    const at = (name: string) => join(options.folder, name)
    const paths = { spool: at('rows.ndjson'), plan: at(PLAN), done: at('done.ndjson') }
    return await runTable({ table, file, limits, read, ...paths }, options)
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    const summary = rejected(options, file, error)
    for (const path of options.reports) await writeRefusal(path, summary)
    return summary
  }
}

async function runTable(opened: Opened, options: RunOptions): Promise<Summary> {
  const { table, file, spool, plan, done } = opened
  const { institution, isDryRun = false, isApproved = false, planned, lastRows, onPlanned } = options
  const about = { options, file, table, spool }
  if (planned !== undefined) {
    const tally = await carry(opened, options, planned.rows, true)
    return tell(summaryOf({ ...about, result: 'processed', tally }), done, about)
  }
  const tally = await planFile({ ...options, ...opened, path: plan, ...withDefaults(options) })
  const hold = isApproved ? undefined : holdFor(tally, institution.settings.files?.thresholds, lastRows)
  if (hold !== undefined) return tell(summaryOf({ ...about, result: 'held', tally, hold }), plan, about)
  if (isDryRun) return tell(summaryOf({ ...about, result: 'processed', tally }), plan, about)
  await onPlanned?.(tally.rows)
  const { created, updated } = tally.counts
  if (created + updated === 0) return tell(summaryOf({ ...about, result: 'processed', tally }), plan, about)
  const applied = await carry(opened, options, tally.rows, false)
  return tell(summaryOf({ ...about, result: 'processed', tally: applied, plan: tally }), done, about)
}

function carry(
  { table, file, read, spool, plan, done }: Opened,
  options: RunOptions,
  rows: number,
  isResumed: boolean,
): Promise<Tally> {
  return carryOut({ ...options, ...withDefaults(options), table, file, read, spool, plan, path: done, rows, isResumed })
}

function withDefaults({ now = Date.now, onProgress = () => {} }: RunOptions) {
  return { now, onProgress }
}

async function tell(
  summary: Summary,
  verdicts: string,
  { options, table, spool }: { readonly options: RunOptions; readonly table: Table; readonly spool: string },
): Promise<Summary> {
  for (const path of options.reports) await writeReport(path, { summary, table, spool, verdicts })
  return summary
}

/**
 * What became of a file, in one object: printed, stored with the run, sent on.
 */
import type { FileSource } from './file-source.ts'
import type { FileCode, FileRefused } from './refusal.ts'
import type { TableHead } from './table.ts'
import type { Planned, Tally, ZerosLost } from './tally.ts'
import type { Hold, HoldCode } from './thresholds.ts'
import type { Counts } from './verdict.ts'
import { NO_COUNTS } from './verdict.ts'

export type Summary = {
  readonly file: string
  readonly run: string
  readonly result: 'processed' | 'held' | 'rejected'
  /** Why it was held or rejected; null when it was processed. */
  readonly reason: FileCode | HoldCode | null
  readonly message: string
  /** Absent where no header was found. */
  readonly header: { readonly row: number; readonly columns: readonly (string | null)[] } | null
  readonly rows: number
  /** Of a held file and of a dry run: what would be. */
  readonly counts: Counts
  /** The first of the files to which the report went. */
  readonly report: string | null
  readonly dryRun?: true
  readonly source: string
  readonly mode: FileSource['mode']
  /** The field to blame for a rejected file, where there is one. */
  readonly field?: string
  /** People who are turned inactive, by their rows or for being missing. */
  readonly deactivated?: number
  /** Of a roster: who is missing from the file; null when nobody could be looked for. */
  readonly missing?: { readonly people: number; readonly deactivated: number } | null
  readonly keysChanged?: number
  /** Refused rows by the code of what is wrong. */
  readonly problems?: { readonly [code: string]: number }
  readonly format?: TableHead['format']
  readonly encoding?: string
  readonly delimiter?: string
  readonly sheet?: string
  readonly notices: readonly string[]
}

type About = {
  readonly options: {
    readonly file: { readonly name: string }
    readonly run: string
    readonly reports: readonly string[]
    readonly isDryRun?: boolean
    /** Of a run that was interrupted while it carried out its plan. */
    readonly planned?: object
  }
  readonly file: FileSource
}

/** @param planned of a file that was carried out */
export function summaryOf(
  about: About & {
    readonly table: TableHead
    readonly result: 'processed' | 'held'
    readonly tally: Tally
    readonly planned?: Planned
    readonly hold?: Hold
  },
): Summary {
  const { table, result, tally, planned = tally.planned, hold } = about
  const { format, encoding, delimiter, sheet, header } = table
  return {
    ...common(about),
    result,
    reason: hold?.code ?? null,
    message: hold === undefined ? said(tally, about.options) : heldMessage(hold),
    header: { row: header.row, columns: header.columns.map(({ field }) => field ?? null) },
    rows: tally.rows,
    counts: tally.counts,
    deactivated: planned.deactivated + (tally.missing?.deactivated ?? 0),
    ...(about.file.mode === 'roster' && { missing: missingIn(tally) }),
    keysChanged: planned.keysChanged,
    problems: tally.problems,
    format,
    ...(encoding !== undefined && { encoding }),
    ...(delimiter !== undefined && { delimiter }),
    ...(sheet !== undefined && { sheet }),
    notices: [...table.notices, ...ownNotices(about.file, tally, planned)],
  }
}

function missingIn({ missing }: Tally): NonNullable<Summary['missing']> | null {
  return missing === undefined ? null : { people: missing.people, deactivated: missing.deactivated }
}

function ownNotices({ constants }: FileSource, { rows }: Tally, { notLooked, garbled, zerosLost }: Planned): string[] {
  const fixed = Object.keys(constants)
  return [
    ...(rows === 0 ? ['the file has no rows below its header'] : []),
    ...(fixed.length > 0 ? [`${fixed.join(', ')} as the settings say for files of this name`] : []),
    ...(zerosLost === undefined ? [] : [zerosNotice(zerosLost)]),
    ...(garbled === undefined ? [] : [garbled]),
    ...(notLooked === undefined ? [] : [`nobody counts as missing from this file: ${notLooked}`]),
  ]
}

function zerosNotice({ rows, first: { row, was, is } }: ZerosLost): string {
  return `netids without the zeros in front that they have on the roll, in rows: ${rows} ("${is}" in row ${row}, on the roll "${was}"). They are taken as they stand: format the column as text in whatever wrote the file`
}

export function rejected(options: About['options'], file: FileSource, { code, field, message }: FileRefused): Summary {
  return {
    ...common({ options, file }),
    result: 'rejected',
    reason: code,
    message,
    ...(field !== undefined && { field }),
    header: null,
    rows: 0,
    counts: NO_COUNTS,
    notices: options.planned === undefined ? [] : [INTERRUPTED],
  }
}

/** The settings or the limits are others than when the file was planned. */
const INTERRUPTED = 'the run was interrupted before, while it carried out the file: what was done then stays done'

function common({ options, file }: About) {
  return {
    file: options.file.name,
    run: options.run,
    report: options.reports[0] ?? null,
    ...(options.isDryRun && { dryRun: true as const }),
    source: file.source,
    mode: file.mode,
  }
}

function said({ rows, refused, missing }: Tally, { isDryRun, reports }: About['options']): string {
  if (rows === 0) return 'there was nothing to do'
  const why = reports.length === 0 ? '' : ', the report says why'
  const done = refused === rows ? [] : [`${refused === 0 ? 'every row was' : 'the others were'} carried out`]
  return [
    ...(isDryRun ? ['nothing was written: this is what would be'] : []),
    ...(refused === 0 ? [] : [`${refused} of ${rows} rows cannot be used as they are${why}`]),
    ...(isDryRun ? [] : done),
    ...(missing === undefined || missing.people === 0
      ? []
      : [`people missing from the file: ${missing.people}, deactivated for it: ${missing.deactivated}`]),
  ].join('; ')
}

function heldMessage({ message }: Hold): string {
  return `${message}. Nothing was changed. If the file is right, approve it and it goes through`
}

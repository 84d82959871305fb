/**
 * How large a flat file and its parts may be. Each refusal names its limit and the setting that moves it.
 */
import type { FileCode } from './refusal.ts'
import { FileRefused } from './refusal.ts'

const MB = 1024 * 1024

export const DEFAULT_LIMITS = {
  /** Of the file as it was sent. */
  fileBytes: 200 * MB,
  rows: 2_000_000,
  columns: 1000,
  /** What Excel itself can hold in a cell, in UTF-16 units. A longer cell costs its row only. */
  cellCharacters: 32_767,
  /** One record of a text file. What is longer ends the reading: where the next one begins is unknown. */
  recordBytes: 4 * MB,
  /** Cells of one record, filled or not, which cost memory each. More of them end the reading likewise. */
  recordCells: 100_000,
  /** Rows in which the header is looked for. */
  headerRows: 20,
  zipEntries: 5000,
  /** All parts of a workbook together. */
  inflatedBytes: 2048 * MB,
  /** Inflated to packed, for each part that inflates to more than 10 MB. A true workbook has about 8. */
  inflationRatio: 100,
  sharedStrings: 5_000_000,
  sharedStringBytes: 256 * MB,
  /** An .xls file is read as a whole, in a process of its own. */
  xlsBytes: 40 * MB,
  xlsMemoryMb: 1536,
  xlsSeconds: 120,
} as const

export type FileLimits = { readonly [limit in keyof typeof DEFAULT_LIMITS]: number }

const WORDS: { readonly [limit in keyof FileLimits]?: { readonly what: string; readonly code?: FileCode } } = {
  fileBytes: { what: 'bytes in a file' },
  rows: { what: 'rows in a file' },
  columns: { what: 'columns' },
  zipEntries: { what: 'parts in a workbook', code: 'inflation_limit' },
  inflatedBytes: { what: 'bytes in an inflated workbook', code: 'inflation_limit' },
  inflationRatio: { what: 'times the packed size when inflated', code: 'inflation_limit' },
  sharedStrings: { what: 'different texts in a workbook', code: 'inflation_limit' },
  sharedStringBytes: { what: 'bytes of different texts in a workbook', code: 'inflation_limit' },
  xlsBytes: { what: 'bytes in an .xls file; .xlsx and .csv may be larger' },
  xlsMemoryMb: { what: 'MB of memory to read an .xls file; .xlsx and .csv need less' },
  xlsSeconds: { what: 'seconds to read an .xls file; .xlsx and .csv are faster' },
}

export function overLimit(limit: keyof FileLimits, limits: FileLimits): FileRefused {
  const { what = limit, code = 'limit_exceeded' } = WORDS[limit] ?? {}
  return new FileRefused(code, `the file is past the limit of ${limits[limit]} ${what} (setting files.limits.${limit})`)
}

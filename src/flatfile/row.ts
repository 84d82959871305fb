/**
 * Rows as every reader hands them on, whatever the format: numbered as a spreadsheet numbers them, cells as text.
 */

/** A row of a sheet. Rows without any text are left out, but they count. */
export type Row = {
  /** What a spreadsheet program shows beside the row. A quoted line break begins no new one. */
  readonly number: number
  readonly cells: readonly Cell[]
  /** Filled cells past the column limit, which are counted and not kept. */
  readonly more?: number
  /** What is wrong with the row as a whole: where its cells end cannot be told. */
  readonly fault?: RowFault
  /** Of a row with a stray quotation mark: how many lines of the text it takes up. */
  readonly lines?: number
  /** The last row of a text that does not end with a line end. */
  readonly isOpen?: true
}

/** Text as the sheet shows it; `''` for an empty cell. Text past the cell limit is cut one character behind it. */
export type Cell = string | OddCell

export type OddCell = { readonly text: string; readonly odd: Oddity; readonly plain?: string }

/**
 * `error`: an error value. `no_value`: a formula whose result was never stored. `rounded`: a number with more digits
 * than a spreadsheet keeps. `fraction`: a number that is no whole one. `date`: a day, kept as a number. `styled`: a
 * number that is shown with words around it, `plain` without them. `boolean`: a truth value.
 */
export type Oddity = 'error' | 'no_value' | 'rounded' | 'fraction' | 'date' | 'styled' | 'boolean'

/**
 * `row_cut`: the file ends in the middle of it. `record_too_long`: longer than a record may be. Nothing below that and
 * `quote_unclosed` is read.
 */
export type RowFault = 'quote_unclosed' | 'quote_stray' | 'row_cut' | 'record_too_long'

/** One sheet of a workbook, or the only one of a text file. */
export type Sheet = {
  /** Absent for text. */
  readonly name?: string
  readonly hidden: boolean
  /**
   * From the first row on, in order, each time it is called; some rows at a time.
   * @throws {FileRefused} at the latest behind the last row, where anything of the sheet is broken
   */
  rows(): AsyncGenerator<readonly Row[]>
}

export const FORMATS = ['csv', 'xlsx', 'xls'] as const

/** A file whose format is known. */
export type Source = AsyncDisposable & {
  readonly format: (typeof FORMATS)[number]
  readonly sheets: readonly Sheet[]
  readonly encoding?: string
  readonly delimiter?: string
  /** What whoever sent the file should know although it was read. */
  readonly notices: readonly string[]
}

export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

export function isBlank(row: Row): boolean {
  return (
    row.fault === undefined && row.more === undefined && row.cells.every((cell) => typeof cell === 'string' && cell.trim() === '')
  )
}

/** A, B, … Z, AA …: the name of a column that has no heading. */
export function columnLetters(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : columnLetters(Math.floor(index / 26) - 1) + letter
}

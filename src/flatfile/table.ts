/**
 * A flat file, whatever its format, as one table: its header understood, its rows in order, as often as they are asked for.
 */
import type { Column, Header, HeaderRules } from './columns.ts'
import { columnName, faultOf, findHeader, meantBy, readHeader, suggestionsIn } from './columns.ts'
import { openCsv } from './csv.ts'
import { detect } from './detect.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS, overLimit } from './limits.ts'
import { FileRefused } from './refusal.ts'
import { IN_FRONT, isAboutMissing, isReport } from './report-columns.ts'
import type { Row, Sheet, Source } from './row.ts'
import { textOf } from './row.ts'
import { openXls } from './xls.ts'
import { openXlsx } from './xlsx.ts'

/** What is known of a table before its rows are read. */
export type TableHead = {
  readonly format: Source['format']
  readonly encoding?: string
  readonly delimiter?: string
  /** The name of the sheet that is read; absent for text. */
  readonly sheet?: string
  readonly header: { readonly row: number; readonly columns: readonly Column[] }
  /** What whoever sent the file should know although it was read. */
  readonly notices: readonly string[]
}

export type Table = TableHead &
  AsyncDisposable & {
    /**
     * The filled rows below the header, some at a time, from the first on at each call.
     * @throws {FileRefused} at the row where a limit is passed
     */
    rows(): AsyncGenerator<readonly Row[]>
  }

export type TableOptions = {
  readonly header: HeaderRules
  readonly limits?: Partial<FileLimits>
  /** Where rows may be put down that their format gives only once. */
  readonly temporary: string
}

/** @throws {FileRefused} for a file of which no row can be used */
export async function openTable(path: string, options: TableOptions): Promise<Table> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const source = await openSource(path, options, limits)
  try {
    const found = await chooseSheet(source, options.header, limits)
    return tableOf(source, found, limits)
  } catch (error) {
    await source[Symbol.asyncDispose]()
    throw error
  }
}

async function openSource(path: string, { header, temporary }: TableOptions, limits: FileLimits): Promise<Source> {
  const detected = await detect(path, limits)
  switch (detected.format) {
    case 'csv':
      return openCsv({ path, encoding: detected.encoding, limits, score: (rows) => findHeader(rows, header)?.known ?? 0 })
    case 'xlsx':
      return openXlsx(path, limits)
    case 'xls':
      return openXls(path, temporary, limits)
    default:
      return detected satisfies never
  }
}

type Found = { readonly sheet: Sheet; readonly header: Header }

const ALL_HIDDEN = 'all sheets of the workbook are hidden: show the one that holds the table, and save it again'

/** The first visible sheet whose header is whole; else what is wrong with the header that comes nearest. */
async function chooseSheet(source: Source, rules: HeaderRules, limits: FileLimits): Promise<Found> {
  let nearest: Header | undefined
  const looked: Row[] = []
  const visible = source.sheets.filter(({ hidden }) => !hidden)
  if (visible.length === 0 && source.sheets.length > 0) throw new FileRefused('file_empty', ALL_HIDDEN)
  for (const sheet of visible) {
    const rows = await firstRows(sheet, limits)
    looked.push(...rows)
    const header = findHeader(
      rows.filter(({ number }) => number <= limits.headerRows),
      rules,
    )
    if (header === undefined) continue
    if (faultOf(header, rules) === undefined) return { sheet, header: withinLimit(header, rows, limits) }
    if (header.known > (nearest?.known ?? 0)) nearest = header
  }
  const fault = nearest === undefined ? undefined : faultOf(nearest, rules)
  if (fault !== undefined) throw new FileRefused(fault.code, fault.message, { field: fault.field })
  throw headerMissing(looked, rules, limits)
}

/** More is no header, and need not be held to find that out. */
const MOST_HEADER_LETTERS = 4 * 1024 * 1024

/** The filled rows among those in which a header is looked for, or the first one below. */
async function firstRows(sheet: Sheet, { headerRows }: FileLimits): Promise<Row[]> {
  const found: Row[] = []
  let letters = 0
  for await (const rows of sheet.rows()) {
    for (const row of rows) letters += row.number > headerRows ? 0 : lettersIn(row)
    found.push(...rows.filter(({ number }, index) => number <= headerRows || found.length + index === 0))
    if ((rows.at(-1)?.number ?? 0) >= headerRows || letters > MOST_HEADER_LETTERS) break
  }
  return found
}

function lettersIn({ cells }: Row): number {
  return cells.reduce((sum, cell) => sum + textOf(cell).length, 0)
}

function withinLimit(header: Header, rows: readonly Row[], limits: FileLimits): Header {
  const row = rows.find(({ number }) => number === header.row)
  if ((row?.more ?? 0) > 0) throw overLimit('columns', limits)
  return header
}

function headerMissing(looked: readonly Row[], rules: HeaderRules, limits: FileLimits): FileRefused {
  const [first] = looked
  if (first === undefined) return new FileRefused('file_empty', 'the file has no rows that are filled')
  const begins = first.cells
    .map(textOf)
    .filter((text) => text.trim() !== '')
    .slice(0, 5)
    .join(', ')
    .slice(0, 200)
  const wanted = [...rules.required, ...rules.oneOf].join(', ')
  const message = `none of the first ${limits.headerRows} rows is a header; row ${first.number} reads: ${begins}. Wanted are columns named ${wanted}`
  return new FileRefused('header_missing', [message, ...guessesIn(looked, rules)].join('; '))
}

/** What the row that comes nearest to a header may have meant. */
function guessesIn(rows: readonly Row[], rules: HeaderRules): readonly string[] {
  const guesses = rows.map(({ number, cells }) => suggestionsIn(readHeader({ number, cells: cells.slice(0, MOST_NAMED) }, rules)))
  return guesses.reduce((most, some) => (some.length > most.length ? some : most), [])
}

/** What can be told to another thread. */
export function tableHead({ rows: _, [Symbol.asyncDispose]: __, ...head }: Table): TableHead {
  return head
}

function tableOf(source: Source, { sheet, header }: Found, limits: FileLimits): Table {
  const { format, encoding, delimiter } = source
  return {
    format,
    ...(encoding !== undefined && { encoding }),
    ...(delimiter !== undefined && { delimiter }),
    ...(sheet.name !== undefined && { sheet: sheet.name }),
    header: { row: header.row, columns: header.columns },
    notices: [...source.notices, ...sheetNotices(source, sheet), ...columnNotices(header)],
    rows: () => rowsBelow(header, sheet, limits),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}

async function* rowsBelow(header: Header, sheet: Sheet, limits: FileLimits): AsyncGenerator<readonly Row[]> {
  const hasMissing = isReport(header.columns.map(({ heading }) => heading))
  const isCut = cutWatch(header)
  let count = 0
  for await (const rows of sheet.rows()) {
    let below = (rows[0]?.number ?? 0) > header.row ? rows : rows.filter(({ number }) => number > header.row)
    if (hasMissing) below = below.filter((row) => !isAboutMissing(row))
    below = below.map((row) => (isCut(row) ? { ...row, fault: 'row_cut' } : row))
    count += below.length
    if (count > limits.rows) throw overLimit('rows', limits)
    if (below.length > 0) yield below
  }
}

/** How many rows have to have a cell for each column before one that has fewer is more than a row that says less. */
const ROWS_THAT_TELL = 20

/** @returns what has to be asked of every row, in order: whether the file was cut in it */
function cutWatch({ columns }: Header): (row: Row) => boolean {
  let whole = 0
  let isShort = false
  return ({ cells, isOpen, fault }) => {
    if (isOpen && !isShort && fault === undefined && cells.length < columns.length) return whole >= ROWS_THAT_TELL
    if (cells.length < columns.length) isShort = true
    else whole++
    return false
  }
}

function sheetNotices({ sheets }: Source, read: Sheet): string[] {
  const others = sheets.filter((sheet) => sheet !== read).map(({ name, hidden }) => `"${name}"${hidden ? ' (hidden)' : ''}`)
  return others.length === 0 ? [] : [`the sheet "${read.name}" was read; not read: ${others.join(', ')}`]
}

const MOST_NAMED = 50

function columnNotices(header: Header): string[] {
  const own = isReport(header.columns.map(({ heading }) => heading)) ? IN_FRONT.length : 0
  const ignored = header.columns.flatMap((column, index) =>
    index >= own && column.field === undefined ? [{ column, index }] : [],
  )
  if (ignored.length === 0) return []
  const named = ignored.slice(0, MOST_NAMED).map(({ column, index }) => {
    const meant = meantBy(column, header)
    return columnName(column, index) + (meant === undefined ? '' : `, which may mean ${meant}`)
  })
  const rest = ignored.length > MOST_NAMED ? ` and ${ignored.length - MOST_NAMED} more` : ''
  return [`columns ignored, since no field has their name: ${named.join('; ')}${rest}`]
}

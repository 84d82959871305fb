/**
 * Delimited text (RFC 4180 and what spreadsheet programs make of it) as a stream of rows. Cells are text, always.
 * Blank lines count as rows, quoted line breaks do not; line ends may be of any kind, even mixed.
 */
import { finished } from 'node:stream/promises'
import type { Options } from 'csv-parse'
import { CsvError, parse } from 'csv-parse'
import { parse as parseAtOnce } from 'csv-parse/sync'
import type { Encoding } from './encoding.ts'
import { textOfFile } from './encoding.ts'
import type { FileLimits } from './limits.ts'
import { hasStrayQuote } from './quotes.ts'
import type { Cell, Row, RowFault, Source } from './row.ts'
import { isBlank } from './row.ts'

export type CsvOptions = {
  readonly path: string
  readonly encoding: Encoding
  readonly limits: FileLimits
  /** How well the first rows of a file look when they are cut by one delimiter: the best look decides. */
  readonly score: (rows: readonly Row[]) => number
}

const DELIMITERS = [',', ';', '\t', '|'] as const

/** Enough for a header among the first rows, however wide. */
const SAMPLE_LETTERS = 512 * 1024

/** What Excel writes, and reads, above the header. */
const SEPARATOR_LINE = /^sep=([^"\r\n])(?:\r\n|\r|\n|$)/i

/** As DOS and what came after it ends a text. */
const END_OF_FILE = '\x1a'

export async function openCsv(options: CsvOptions): Promise<Source> {
  const { encoding, limits } = options
  const sample = await sampleOf(options)
  const declared = SEPARATOR_LINE.exec(sample)?.[1]
  const delimiter = declared ?? bestDelimiter(sample, options)
  const layout: Layout = { delimiter, skip: declared === undefined ? 0 : 1, limits }
  return {
    format: 'csv',
    encoding: encoding.name,
    delimiter,
    notices: encoding.notice === undefined ? [] : [encoding.notice],
    sheets: [{ hidden: false, rows: () => rowsOf(textOfFile(options.path, encoding), layout) }],
    [Symbol.asyncDispose]: async () => {},
  }
}

type Layout = {
  readonly delimiter: string
  /** Rows at the top that are no part of the table. */
  readonly skip: number
  readonly limits: FileLimits
}

async function sampleOf({ path, encoding }: CsvOptions): Promise<string> {
  let sample = ''
  for await (const text of textOfFile(path, encoding)) {
    sample += text
    if (sample.length > SAMPLE_LETTERS) break
  }
  return sample
}

function bestDelimiter(sample: string, { limits, score }: CsvOptions): string {
  let best: string = DELIMITERS[0]
  let bestScore = 0
  for (const delimiter of DELIMITERS) {
    const found = score(firstRows(sample, { delimiter, skip: 0, limits }))
    if (found > bestScore) [best, bestScore] = [delimiter, found]
  }
  return best
}

function firstRows(sample: string, layout: Layout): Row[] {
  const rows: Row[] = []
  try {
    parseAtOnce(sample, { ...parserOptions(layout, rows), to: layout.limits.headerRows })
  } catch (error) {
    // The sample may end within quotation marks; the rows before are what is asked for.
    if (!(error instanceof CsvError)) throw error
  }
  return rows
}

async function* rowsOf(text: AsyncIterable<string>, layout: Layout): AsyncGenerator<readonly Row[]> {
  const rows: Row[] = []
  const parser = parse(parserOptions(layout, rows))
  // Records are taken as they are found, since an error would throw away those that wait in the stream.
  parser.on('error', () => {}).resume()
  const isTooLong = lineWatch(layout)
  const fail = (fault: RowFault) => rows.push({ number: parser.info.records + 1, cells: [], fault })
  try {
    for await (const piece of text) {
      if (isTooLong(piece)) {
        fail('record_too_long')
        return yield rows
      }
      parser.write(piece)
      if (parser.errored !== null) break
      if (rows.length > 0) yield rows.splice(0)
    }
    if (parser.errored === null) await finished(parser.end()).catch(() => {})
    if (parser.errored !== null) fail(faultBy(parser.errored))
    if (rows.length > 0) yield rows
  } finally {
    parser.destroy()
  }
}

/** The parser counts what stands in cells, and a line of delimiters alone has millions of cells with nothing in them. */
function lineWatch({ delimiter, limits }: Layout): (piece: string) => boolean {
  let [length, cells, isQuoted] = [0, 0, false]
  return (piece) => {
    const from = Math.max(piece.lastIndexOf('\n'), piece.lastIndexOf('\r')) + 1
    if (from > 0) [length, cells, isQuoted] = [0, 0, false]
    length += piece.length - from
    for (let at = from; at < piece.length; at++) {
      const letter = piece[at]
      if (letter === '"') isQuoted = !isQuoted
      else if (letter === delimiter && !isQuoted) cells++
    }
    return length > limits.recordBytes || cells > limits.recordCells
  }
}

function parserOptions({ delimiter, skip, limits }: Layout, rows: Row[]): Options<string[]> {
  let number = 0
  return {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
    max_record_size: limits.recordBytes,
    raw: true,
    // With `raw` the record comes wrapped, which the types of the library do not say.
    on_record: (wrapped: unknown) => {
      const { record, raw } = wrapped as { record: string[]; raw: string }
      number++
      const row = { number, ...cellsOf(record, raw, delimiter, limits) }
      if (number > skip && !isBlank(row) && raw !== END_OF_FILE) rows.push(row)
      return null
    },
  }
}

function cellsOf(record: string[], raw: string, delimiter: string, limits: FileLimits): Omit<Row, 'number'> {
  const fault = raw.includes('"') && record.some((cell) => cell.trimStart().startsWith('"')) && hasStrayQuote(raw, delimiter)
  let more = 0
  for (let i = limits.columns; i < record.length; i++) if (record[i]?.trim() !== '') more++
  if (record.length > limits.columns) record.length = limits.columns
  const cells: Cell[] =
    raw.length > limits.cellCharacters ? record.map((cell) => cell.slice(0, limits.cellCharacters + 1)) : record
  return {
    cells,
    ...(more > 0 && { more }),
    ...(fault && { fault: 'quote_stray', lines: raw.trimEnd().split(/\r\n|\n|\r/).length }),
    ...(!raw.endsWith('\n') && !raw.endsWith('\r') && { isOpen: true }),
  }
}

/** A quotation mark that is never closed has swallowed the rest of the file, or as much of it as a record may have. */
function faultBy(error: Error): RowFault {
  const isOpenQuote = error instanceof CsvError && (error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE')
  if (isOpenQuote) return 'quote_unclosed'
  throw error
}

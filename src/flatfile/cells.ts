/**
 * The cells of a row -> the text of each field, freed of what spreadsheets wrap around it. What a spreadsheet has
 * damaged beyond repair is refused by name, never stored. What the text means is for `directory/flat-change.ts`.
 */
import type { Problem } from '../directory/change.ts'
import type { Field } from '../directory/fields.ts'
import { fieldNamed } from '../directory/fields.ts'
import { faultIn, isClear } from '../directory/flat-values.ts'
import { quoted } from '../directory/quoted.ts'
import { NETIDS } from '../directory/user.ts'
import type { Column } from './columns.ts'
import { KEEP_TAGS } from './columns.ts'
import type { FileLimits } from './limits.ts'
import type { Cell, Row, RowFault } from './row.ts'
import { columnLetters, textOf } from './row.ts'

/** `column` as the file calls it; its letters where it has no heading. */
export type CellProblem = Problem & { readonly column?: string }

export type RowValues = {
  /** By field; a field whose cell is empty, absent or refused is not there. */
  readonly values: { readonly [field: string]: string }
  readonly problems: readonly CellProblem[]
}

export type CellReader = (row: Row) => RowValues

/** @returns what reads every row below a header with these columns */
export function cellReader(columns: readonly Column[], limits: FileLimits): CellReader {
  const known = columns.flatMap(({ field, heading }, index) => {
    const kind = field === undefined ? undefined : kindOf(field)
    return kind === undefined ? [] : [{ kind, index, column: heading || columnLetters(index) }]
  })
  return (row) => {
    if (row.fault !== undefined) return { values: {}, problems: [faultOfRow(row.fault, row, limits)] }
    const values: { [field: string]: string } = {}
    const problems: CellProblem[] = []
    const slipped = cellsPast(columns.length, row, limits)
    if (slipped !== undefined) problems.push(slipped)
    for (const { kind, index, column } of known) {
      const cell = row.cells[index]
      if (cell === undefined || cell === '') continue
      const read = readCell(cell, kind, limits)
      if (typeof read !== 'string')
        problems.push({ code: read.code, field: kind.name, column, message: `${kind.name} ${read.message}` })
      else if (read !== '') values[kind.name] = read
    }
    return { values, problems }
  }
}

type Kind = {
  readonly name: string
  /** A match key that is a number only by accident. */
  readonly isNetid: boolean
  /** Digits that are no amount: netids, telephone numbers, postal codes. */
  readonly isDigits: boolean
  /** Numbers, and words for which 1 and 0 may stand. */
  readonly isNumber: boolean
}

const DIGITS = new Set<string>([...NETIDS, 'phone_number', 'mobile_number', 'zipcode'])

function kindOf(name: string): Kind | undefined {
  const field: Pick<Field, 'type'> | undefined = name === KEEP_TAGS ? { type: 'status' } : fieldNamed(name)
  if (field === undefined) return undefined
  const isNetid = NETIDS.some((netid) => netid === name)
  return { name, isNetid, isDigits: DIGITS.has(name), isNumber: field.type === 'integer' || field.type === 'status' }
}

/** What nearly every cell is: nothing to trim, to unwrap or to doubt. */
const PLAIN = /^(?!['=#[*]|Err:)[!-~](?:[ -~]*[!-~])?$/
const EXPONENT_OR_POINT = /[E.,]/i
const SHORT = 256

type Refusal = { readonly code: string; readonly message: string }

/** @returns the text, or what is wrong with it */
function readCell(cell: Cell, kind: Kind, limits: FileLimits): string | Refusal {
  if (
    typeof cell === 'string' &&
    cell.length < SHORT &&
    PLAIN.test(cell) &&
    !((kind.isDigits || kind.isNumber) && EXPONENT_OR_POINT.test(cell)) &&
    !(kind.isNetid && PLACEHOLDER.test(cell))
  )
    return cell
  const odd = typeof cell === 'string' ? undefined : oddityOf(cell, kind)
  if (odd !== undefined) return odd
  const raw = typeof cell !== 'string' && cell.plain !== undefined && !kind.isDigits ? cell.plain : textOf(cell)
  if (raw.length > limits.cellCharacters) return tooLong(limits)
  const text = unwrapped(trimmed(raw), kind)
  return damageIn(text, kind) ?? (kind.isNumber ? withoutMarks(text) : text)
}

function oddityOf(cell: Exclude<Cell, string>, { isNetid, isDigits }: Kind): Refusal | undefined {
  switch (cell.odd) {
    case 'error':
      return errorValue(cell.text)
    case 'no_value':
      return {
        code: 'formula_without_value',
        message:
          'holds a formula whose result was never stored: open the file in a spreadsheet program, let it calculate and save it',
      }
    case 'rounded':
      return isDigits ? damaged(cell.text, 'has more digits than a spreadsheet keeps, so the last ones are lost') : undefined
    case 'fraction':
      return isNetid ? damaged(cell.text, 'is no whole number') : undefined
    case 'date':
      return isDigits ? damaged(cell.text, 'is a date that a spreadsheet made of it') : undefined
    case 'boolean':
      return isDigits ? damaged(cell.text, 'is a truth value that a spreadsheet made of it') : undefined
    case 'styled':
      return undefined
    default:
      return cell.odd satisfies never
  }
}

/** Text that shows what a spreadsheet did before the file was written. */
function damageIn(text: string, kind: Kind): Refusal | undefined {
  if (ERROR_TEXT.test(text)) return errorValue(text)
  if (kind.isDigits && SCIENTIFIC.test(text)) return damaged(text, 'is a rounded number')
  if (kind.isDigits && (FLOAT.test(text) || GROUPED.test(text))) return damaged(text, 'is a number that was taken for an amount')
  if (text.includes('\ufffd')) {
    return {
      code: 'value_invalid',
      message: `is ${quoted(text)}: letters were lost to a wrong encoding before or while the file was written`,
    }
  }
  if (ALMOST_CLEAR.test(text) && !isClear(text))
    return { code: 'value_invalid', message: `is ${quoted(text)}: to clear a field write [[CLEAR]]` }
  const fault = faultIn(kind, text)
  if (fault !== undefined) return { code: fault.code, message: fault.message.slice(kind.name.length + 1) }
  if (!kind.isNetid || !PLACEHOLDER.test(text)) return undefined
  return { code: 'value_invalid', message: `is ${quoted(text)}, which stands for no value: leave the cell empty` }
}

/**
 * What a narrow column shows, those of LibreOffice, those that stand for a value that is missing (in English, German,
 * Italian, Spanish, Portuguese, Dutch, Danish, Swedish, Finnish, Polish, Turkish, Hungarian), and whatever shouts
 * between a hash and a mark, as all others do in any language.
 */
const ERROR_TEXT =
  /^(?:[Ee]rr:\d{3}|#(?:#{2,}|N\/[ABD]!?|NV|I\/T|SAKNAS!|PUUTTUU!?|YOK|HIÁNYZIK|[¡¿]?[\p{Lu}_]+(?:\/0)?\s?[!?]))$/u

/** As exports fill a gap (R, pandas, JavaScript and dumps of databases, too): all who have none would be one person. */
const PLACEHOLDER = /^(?:[([<]?(?:null|NULL|Null|none|NONE|None|NA|[Nn]\/[Aa]|[Nn]a[Nn]|undefined)[)\]>]?|\\N|[^\p{L}\p{N}]+)$/u

/** As other systems have it, or with a bracket too few. */
const ALMOST_CLEAR = /^(?:\[{1,3}|\*{2})\s?clear\s?(?:\]{1,3}|\*{2})$/i

/** As a spreadsheet writes it; `12e5` is an identifier. */
const SCIENTIFIC = /^-?\d(?:[.,]\d+)?E[+-]\d{2,3}$/i

/**
 * What data tools make of a column of whole numbers with a gap in it, with a comma too where that is the point: a year is
 * one still and 1 says yes, an identifier has lost its zeros.
 */
const FLOAT = /^\d+(?:\.0+|,0)$/

/** Thousands apart, as a format for amounts shows them in text that a spreadsheet exports. */
const GROUPED = /^[1-9]\d{0,2}(?:,\d{3})+$/

function withoutMarks(text: string): string {
  if (FLOAT.test(text)) return text.replace(/[.,]0+$/, '')
  return GROUPED.test(text) ? text.replaceAll(',', '') : text
}

function errorValue(text: string): Refusal {
  return { code: 'cell_error', message: `holds ${quoted(text)}, which is an error of a spreadsheet and no value` }
}

function damaged(text: string, why: string): Refusal {
  return { code: 'number_damaged', message: `is ${quoted(text)}, which ${why}: format the column as text and export it again` }
}

function tooLong({ cellCharacters }: FileLimits): Refusal {
  return { code: 'cell_too_long', message: `is longer than ${cellCharacters} characters (setting files.limits.cellCharacters)` }
}

/** Freed of white space, byte order marks, zero-width spaces and stray direction marks at either end. */
function trimmed(text: string): string {
  let from = 0
  let to = text.length
  // No regular expression: one that looks for the end of a text takes its time over long gaps in the middle.
  while (from < to && isEdge(text.charCodeAt(from))) from++
  while (to > from && isEdge(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isEdge(code: number): boolean {
  return code === 0x200b || code === 0x2060 || (code >= 0x202a && code <= 0x202c) || String.fromCharCode(code).trim() === ''
}

/** `="00042"` and `'00042`, by which people guard digits, and the apostrophe by which reports disarm formulas. */
function unwrapped(text: string, { isDigits, isNumber }: Kind): string {
  const guarded = /^="((?:[^"]|"")*)"$/.exec(text)?.[1]
  if (guarded !== undefined) return trimmed(guarded.replaceAll('""', '"'))
  if (!text.startsWith("'")) return text
  const isGuard = /^'[=+\-@\t\r]/.test(text) || ((isDigits || isNumber) && /^'\d/.test(text))
  return isGuard ? text.slice(1) : text
}

function cellsPast(count: number, { cells, more = 0 }: Row, limits: FileLimits): CellProblem | undefined {
  if (cells.length <= count && more === 0) return undefined
  const first = cells.findIndex((cell, index) => index >= count && textOf(cell).trim() !== '')
  if (first < 0 && more === 0) return undefined
  // What stands past the column limit was counted, and not kept.
  const [column, where] =
    first < 0
      ? [undefined, `behind column ${columnLetters(limits.columns - 1)}`]
      : [columnLetters(first), `in column ${columnLetters(first)}`]
  const message = `there is something ${where}, past the ${count} columns of the header: if the row has slipped, put cells that hold a delimiter into quotation marks; if not, give that column a heading or take it out`
  return { code: 'too_many_cells', ...(column !== undefined && { column }), message }
}

function faultOfRow(fault: RowFault, { lines = 1 }: Row, { recordBytes, recordCells }: FileLimits): CellProblem {
  switch (fault) {
    case 'quote_unclosed':
      return {
        code: fault,
        message: `a quotation mark is opened here and not closed before the end of the file or ${recordBytes} bytes later: this row and all below it are not read, nor in this report: mend the file itself`,
      }
    case 'row_cut':
      return {
        code: fault,
        message: 'the file ends in the middle of this row: it was cut here, and what stood below is not in it; send it again',
      }
    case 'record_too_long':
      return {
        code: 'cell_too_long',
        message: `this row is longer than ${recordBytes} bytes or ${recordCells} cells (settings files.limits.recordBytes and files.limits.recordCells): it and all below it are not read, nor in this report: mend the file itself`,
      }
    case 'quote_stray':
      return {
        code: fault,
        message:
          'a quotation mark stands behind a space or is closed in the middle of a cell: put quotation marks right around the cell, and write those within it twice' +
          (lines > 1
            ? `. With all that stands between two such marks this row takes ${lines} lines of the file: if those below are rows of their own, they are not read, and the file itself has to be mended`
            : ''),
      }
    default:
      return fault satisfies never
  }
}

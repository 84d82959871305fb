/**
 * The XML of a worksheet (ECMA-376 part 1, 18.3.1) -> rows. Takes what real programs write: cells and rows without
 * their place, missing rows, prefixes, inline text, formulas with and without a result.
 */
import type { FileLimits } from './limits.ts'
import type { NumberFormat } from './number-format.ts'
import { numberCell, PLAIN } from './number-format.ts'
import { notSound } from './refusal.ts'
import type { Cell, Row } from './row.ts'
import { isBlank } from './row.ts'
import type { SharedStrings } from './shared-strings.ts'
import type { Span, XmlHandlers } from './xml-scanner.ts'
import { attributeIn, textIn } from './xml-scanner.ts'

export type SheetContext = {
  readonly strings: SharedStrings
  /** By the style number of a cell. */
  readonly formats: readonly NumberFormat[]
  readonly has1904Dates: boolean
  /** Whether who wrote the workbook left it to others to calculate: its noughts are then no results. */
  readonly isUncalculated: boolean
  readonly limits: FileLimits
}

export type SheetRows = {
  readonly handlers: XmlHandlers
  /** The rows that have ended since the last call. */
  take(): Row[]
  /** Whether the data of the sheet has ended: what follows are its looks. */
  isDone(): boolean
}

export function sheetRows(context: SheetContext): SheetRows {
  const { limits } = context
  let rows: Row[] = []
  let isInData = false
  let isDone = false
  let rowNumber = 0
  let cells: Cell[] = []
  let more = 0
  const cell: OpenCell = { isOpen: false, type: 'n', style: -1, text: '', index: -1, hasFormula: false, hasValue: false }
  let column = -1
  /** Text is being gathered: within `v`, or within a `t` that is no reading aid. */
  let isGathering = false
  let isReadingAid = false

  function open(name: string, tag: Span): void {
    if (!isInData) isInData = name === 'sheetData' && !isDone
    else if (name === 'c') openCell(tag)
    else if (name === 'row') openRow(tag)
    else if (cell.isOpen) openInCell(name)
  }

  function openRow(tag: Span): void {
    const given = attributeIn(tag, 'r')
    rowNumber = Math.max(given === undefined ? 0 : digitsIn(given), rowNumber + 1)
    cells = []
    more = 0
    column = -1
  }

  function openCell(tag: Span): void {
    const place = attributeIn(tag, 'r')
    const style = attributeIn(tag, 's')
    column = place === undefined ? column + 1 : columnIn(place)
    cell.isOpen = true
    cell.type = typeIn(attributeIn(tag, 't'))
    cell.style = style === undefined ? -1 : digitsIn(style)
    cell.text = ''
    cell.index = -1
    cell.hasFormula = false
    cell.hasValue = false
  }

  function openInCell(name: string): void {
    if (name === 'f') cell.hasFormula = true
    else if (name === 'rPh') isReadingAid = true
    else if (name === 'v' || (name === 't' && !isReadingAid)) {
      cell.hasValue = true
      isGathering = true
    }
  }

  function text(span: Span): void {
    if (!isGathering) return
    if (cell.type === 's') cell.index = digitsIn(span, Math.max(cell.index, 0))
    else if (cell.text.length <= limits.cellCharacters) cell.text += textIn(span)
  }

  function close(name: string): void {
    if (!isInData) return
    if (name === 'v' || name === 't') isGathering = false
    else if (name === 'rPh') isReadingAid = false
    else if (name === 'c') closeCell()
    else if (name === 'row') closeRow()
    else if (name === 'sheetData') {
      isInData = false
      isDone = true
    }
  }

  function closeCell(): void {
    if (!cell.isOpen) return
    const value = cellFrom(cell, context)
    cell.isOpen = false
    isGathering = false
    isReadingAid = false
    if (value === '') return
    if (column >= limits.columns) more++
    else {
      while (cells.length < column) cells.push('')
      cells[column] = value
    }
  }

  function closeRow(): void {
    const row = { number: rowNumber, cells, ...(more > 0 && { more }) }
    if (!isBlank(row)) rows.push(row)
    cells = []
  }

  return {
    handlers: { open, text, close },
    take() {
      const taken = rows
      rows = []
      return taken
    },
    isDone: () => isDone,
  }
}

/** One for all cells of a sheet, of which there are millions. */
type OpenCell = {
  isOpen: boolean
  type: CellType
  style: number
  text: string
  /** Of the shared text; -1 for none. */
  index: number
  hasFormula: boolean
  hasValue: boolean
}

const CELL_TYPES = ['n', 's', 'str', 'inlineStr', 'b', 'e', 'd'] as const
type CellType = (typeof CELL_TYPES)[number]

function typeIn(value: Span | undefined): CellType {
  if (value === undefined) return 'n'
  // Nearly all are one of the two.
  if (value.to - value.from === 1 && value.bytes[value.from] === 0x73) return 's'
  const word = textIn(value)
  return CELL_TYPES.find((type) => type === word) ?? 'str'
}

function cellFrom(cell: OpenCell, context: SheetContext): Cell {
  const { strings, formats, has1904Dates, limits } = context
  if (cell.type === 's' && cell.index >= 0) return strings.get(cell.index)
  const text = cell.text.length > limits.cellCharacters ? cell.text.slice(0, limits.cellCharacters + 1) : cell.text
  if (cell.hasFormula && !hasResult(cell, text, context)) return { text: '', odd: 'no_value' }
  if (!cell.hasValue || text === '') return ''
  switch (cell.type) {
    case 'b':
      return { text: text.trim() === '1' || text.trim() === 'true' ? 'TRUE' : 'FALSE', odd: 'boolean' }
    case 'e':
      return { text, odd: 'error' }
    case 'd':
      return { text: text.replace(/T00:00:00(?:\.0+)?Z?$/, ''), odd: 'date' }
    case 'n':
      return numberCell(text, formats[cell.style] ?? PLAIN, has1904Dates)
    case 's':
    case 'str':
    case 'inlineStr':
      return unescaped(text)
    default:
      return cell.type satisfies never
  }
}

/** A nought may stand where nothing was calculated: with a sign to readers that they should, or as `0.0`, as Java writes it. */
function hasResult({ hasValue, type }: OpenCell, text: string, { isUncalculated }: SheetContext): boolean {
  if (!hasValue || (text === '' && type !== 'str')) return false
  return type !== 'n' || !(text === '0.0' || (isUncalculated && text === '0'))
}

/** Characters that XML cannot hold are written `_x000D_`, and `_x005F_` is the line before such a text (22.9.2.19). */
export function unescaped(text: string): string {
  if (!text.includes('_x')) return text
  return text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** @param before what the digits go on from, where a text comes in pieces */
function digitsIn({ bytes, from, to }: Span, before = 0): number {
  let number = before
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9 || number > 100_000_000) throw notSound('a row, a style or a text of it has no number')
    number = 10 * number + digit
  }
  return number
}

/** The letters of `AB12`, in either case, as a number from 0 on. */
function columnIn({ bytes, from, to }: Span): number {
  let number = 0
  for (let i = from; i < to; i++) {
    const letter = ((bytes[i] ?? 0) | 0x20) - 0x60
    if (letter < 1 || letter > 26) break
    number = 26 * number + letter
  }
  if (number === 0 || number > 1_000_000) throw notSound('a cell of it has no place')
  return number - 1
}

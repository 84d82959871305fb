/**
 * The template as an .xls workbook (Excel 97 to 2003), for those who have nothing newer: the writer of this format knows
 * no lists to choose from, so the allowed values stand in the sheet that explains the columns.
 */
import type { CellObject, WorkSheet } from '@e965/xlsx'
import { columnLetters } from './row.ts'
import type { TemplateColumn } from './template-columns.ts'
import { EXPLANATION_WIDTHS, explanation, widthOf } from './template-columns.ts'

/** Rows whose cells are text before anything stands in them: the writer has no style for a whole column. */
const TEXT_ROWS = 1000
const TEXT_FORMAT = '@'

export async function templateXls(columns: readonly TemplateColumn[]): Promise<Buffer> {
  // Loaded here only: it is large, and whoever reads files runs it in a process of its own.
  const { utils, write } = await import('@e965/xlsx')
  const book = utils.book_new()
  utils.book_append_sheet(book, peopleSheet(columns), 'People')
  utils.book_append_sheet(
    book,
    sheetOf(
      explanation(columns).map((row) => row.map(textCell)),
      EXPLANATION_WIDTHS,
    ),
    'Fields',
  )
  return write(book, { type: 'buffer', bookType: 'biff8', bookSST: true }) as Buffer
}

function peopleSheet(columns: readonly TemplateColumn[]): WorkSheet {
  const header = columns.map(({ heading }) => textCell(heading))
  const empty = Array.from({ length: TEXT_ROWS }, () => columns.map(({ isText }) => (isText ? EMPTY_TEXT : undefined)))
  return sheetOf([header, ...empty], columns.map(widthOf))
}

const EMPTY_TEXT: CellObject = { t: 'z', z: TEXT_FORMAT }

function textCell(text: string): CellObject {
  return { t: 's', v: text, z: TEXT_FORMAT }
}

function sheetOf(rows: readonly (readonly (CellObject | undefined)[])[], widths: readonly number[]): WorkSheet {
  const cells = rows.flatMap((row, r) =>
    row.flatMap((cell, c) => (cell === undefined ? [] : [[`${columnLetters(c)}${r + 1}`, cell] as const])),
  )
  return {
    '!ref': `A1:${columnLetters(widths.length - 1)}${rows.length}`,
    '!cols': widths.map((wch) => ({ wch })),
    ...Object.fromEntries(cells),
  }
}

/**
 * The process that reads one .xls file: puts the rows of each sheet down in a folder and says on stdout what it found.
 * Started by `xls.ts` alone, with leave to read that file and write that folder.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CellObject, WorkBook, WorkSheet } from '@e965/xlsx'
import { read, set_cptable } from '@e965/xlsx'
import * as codePages from '@e965/xlsx/dist/cpexcel'
import { bookIn, markUncalculated, NEVER_CALCULATED } from './biff.ts'
import type { FileLimits } from './limits.ts'
import { formatFrom, numberCell } from './number-format.ts'
import type { Cell, Row } from './row.ts'
import { isBlank } from './row.ts'
import { writeSpool } from './spool.ts'

export type XlsReply =
  | {
      readonly kind: 'read'
      readonly sheets: readonly { readonly name: string; readonly hidden: boolean; readonly file: string }[]
    }
  | { readonly kind: 'encrypted' }
  | { readonly kind: 'broken'; readonly message: string }

const BATCH = 500

// A workbook of Excel 5 or 95 has its letters in the code page of whoever wrote it.
set_cptable(codePages)

/** By their codes in the file ([MS-XLS] 2.5.10). */
const ERRORS = new Map([
  [0x00, '#NULL!'],
  [0x07, '#DIV/0!'],
  [0x0f, '#VALUE!'],
  [0x17, '#REF!'],
  [0x1d, '#NAME?'],
  [0x24, '#NUM!'],
  [0x2a, '#N/A'],
])

const [path = '', folder = '', limits = '{}'] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await replyFor(path, folder, JSON.parse(limits) as FileLimits)))

async function replyFor(path: string, folder: string, limits: FileLimits): Promise<XlsReply> {
  let book: WorkBook
  try {
    const records = bookIn(await readFile(path))
    markUncalculated(records)
    book = read(records, { type: 'buffer', dense: true, cellNF: true, cellText: false, cellHTML: false })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return /password|encrypt/i.test(message) ? { kind: 'encrypted' } : { kind: 'broken', message: message.slice(0, 200) }
  }
  const has1904Dates = book.Workbook?.WBProps?.date1904 ?? false
  const sheets = []
  for (const [index, name] of book.SheetNames.entries()) {
    const sheet = book.Sheets[name]
    if (sheet === undefined || (sheet['!type'] ?? 'sheet') !== 'sheet') continue
    const file = join(folder, `sheet-${index}.ndjson`)
    await writeSpool(file, batches(sheet, has1904Dates, limits), false)
    sheets.push({ name, hidden: (book.Workbook?.Sheets?.[index]?.Hidden ?? 0) !== 0, file })
  }
  return { kind: 'read', sheets }
}

function* batches(sheet: WorkSheet, has1904Dates: boolean, limits: FileLimits): Generator<Row[]> {
  let rows: Row[] = []
  for (const [index, cells] of (sheet['!data'] ?? []).entries()) {
    if (cells === undefined) continue
    const kept = Array.from(cells.slice(0, limits.columns), (cell) => cellFrom(cell, has1904Dates, limits))
    const more = cells.slice(limits.columns).filter((cell) => cellFrom(cell, has1904Dates, limits) !== '').length
    const row = { number: index + 1, cells: kept, ...(more > 0 && { more }) }
    if (!isBlank(row)) rows.push(row)
    if (rows.length === BATCH) {
      yield rows
      rows = []
    }
  }
  yield rows
}

function cellFrom(cell: CellObject | undefined, has1904Dates: boolean, { cellCharacters }: FileLimits): Cell {
  if (cell?.v === undefined) return cell?.f === undefined ? '' : { text: '', odd: 'no_value' }
  switch (cell.t) {
    case 'b':
      return { text: cell.v === true ? 'TRUE' : 'FALSE', odd: 'boolean' }
    case 'e':
      if (cell.v === NEVER_CALCULATED) return { text: '', odd: 'no_value' }
      return { text: ERRORS.get(Number(cell.v)) ?? '#N/A', odd: 'error' }
    case 'n':
      return numberCell(String(cell.v), formatFrom(String(cell.z ?? '')), has1904Dates)
    case 'z':
      return ''
    default:
      return String(cell.v).slice(0, cellCharacters + 1)
  }
}

/**
 * The rows of a file that are refused, as a workbook to mend and send back. Every cell is text, so that no spreadsheet
 * program takes the zeros off an identifier or makes a day of it, as it does with a table of text.
 */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import type { Report } from './report.ts'
import { reportLines } from './report.ts'
import { cell, column, FROZEN_HEADER, frameParts, LAST_ROW, rowOf, STYLE, sheetAround, sheetPart, XML } from './spreadsheet-ml.ts'

const SHEETS = [{ name: 'To mend' }] as const
const WIDTH = 20

/** As many as a sheet can hold. */
export async function writeMendWorkbook(path: string, report: Report): Promise<void> {
  const zip = new ZipFile()
  for (const [name, content] of frameParts(SHEETS)) zip.addBuffer(Buffer.from(XML + content), name)
  zip.addReadStream(Readable.from(sheetOf(report), { objectMode: false }), sheetPart(0))
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path, { mode: 0o600, flush: true }))
}

async function* sheetOf(report: Report): AsyncGenerator<string> {
  const { headings, lines } = reportLines(report)
  const [start, end] = sheetAround(
    headings.map((_, index) => column(index, WIDTH, STYLE.text)),
    { views: FROZEN_HEADER },
  )
  const row = (number: number, texts: readonly string[], style: number) =>
    rowOf(
      number,
      texts.flatMap((text, index) => (text === '' ? [] : [cell(index, number, text, style)])),
    )
  yield XML + start + row(1, headings, STYLE.heading)
  let last = 1
  for await (const some of lines()) {
    const refused = some.filter(({ isRefused }) => isRefused).slice(0, LAST_ROW - last)
    if (refused.length > 0) yield refused.map(({ cells }) => row(++last, cells, STYLE.text)).join('')
  }
  yield end
}

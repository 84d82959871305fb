/**
 * The template as an .xlsx workbook: the sheet to fill in, with lists to choose from, and a sheet that explains it.
 */
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { columnLetters } from './row.ts'
import { cell, column, FROZEN_HEADER, frameParts, LAST_ROW, rowOf, STYLE, sheetAround, sheetPart, XML } from './spreadsheet-ml.ts'
import type { TemplateColumn } from './template-columns.ts'
import { EXPLANATION_WIDTHS, explanation, widthOf } from './template-columns.ts'

export async function templateXlsx(columns: readonly TemplateColumn[]): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of partsOf(columns)) zip.addBuffer(Buffer.from(XML + content), name, { mtime: LONG_AGO })
  zip.end()
  return buffer(zip.outputStream)
}

/** The same template is the same file, byte for byte. */
const LONG_AGO = new Date(2000, 0, 1)

const SHEETS = [{ name: 'People' }, { name: 'Fields' }, { name: 'Lists', isHidden: true }] as const

function partsOf(columns: readonly TemplateColumn[]): (readonly [name: string, content: string])[] {
  return [
    ...frameParts(SHEETS),
    [sheetPart(0), peopleSheet(columns)],
    [sheetPart(1), fieldsSheet(columns)],
    [sheetPart(2), listsSheet(columns)],
  ]
}

function peopleSheet(columns: readonly TemplateColumn[]): string {
  const cols = columns.map((one, i) => column(i, widthOf(one), one.isText ? STYLE.text : STYLE.plain))
  const header = columns.map(({ heading, isRequired }, i) =>
    cell(i, 1, heading, isRequired ? STYLE.requiredHeading : STYLE.heading),
  )
  return sheet(cols, [header], { views: FROZEN_HEADER, after: validations(columns) })
}

function fieldsSheet(columns: readonly TemplateColumn[]): string {
  const cells = explanation(columns).map((row, r) =>
    row.map((text, c) => cell(c, r + 1, text, r === 0 ? STYLE.heading : STYLE.text)),
  )
  return sheet(
    EXPLANATION_WIDTHS.map((width, i) => column(i, width, STYLE.plain)),
    cells,
  )
}

/** A list below each letter that its column has in the sheet to fill in. */
function listsSheet(columns: readonly TemplateColumn[]): string {
  const longest = Math.max(0, ...columns.map(({ allowed = [] }) => allowed.length))
  const rows = Array.from({ length: longest }, (_, r) =>
    columns.flatMap(({ allowed }, c) => (allowed?.[r] === undefined ? [] : [cell(c, r + 1, allowed[r], STYLE.text)])),
  )
  return sheet([], rows)
}

function validations(columns: readonly TemplateColumn[]): string {
  const rules = columns.flatMap(({ allowed = [] }, i) => {
    const letters = columnLetters(i)
    const list = `Lists!$${letters}$1:$${letters}$${allowed.length}`
    const rule = `<dataValidation type="list" allowBlank="1" showErrorMessage="1" errorTitle="Not on the list" error="Choose one of the list, or leave the cell empty." sqref="${letters}2:${letters}${LAST_ROW}"><formula1>${list}</formula1></dataValidation>`
    return allowed.length === 0 ? [] : [rule]
  })
  return rules.length === 0 ? '' : `<dataValidations count="${rules.length}">${rules.join('')}</dataValidations>`
}

function sheet(
  cols: readonly string[],
  rows: readonly (readonly string[])[],
  around: { readonly views?: string; readonly after?: string } = {},
): string {
  const [start, end] = sheetAround(cols, around)
  return start + rows.map((cells, i) => rowOf(i + 1, cells)).join('') + end
}

/**
 * The template as an .xlsx workbook: the sheet to fill in, with lists to choose from, and a sheet that explains it.
 * Plain SpreadsheetML (ECMA-376 part 1), as Excel, LibreOffice and Numbers open it.
 */
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { columnLetters } from './row.ts'
import type { TemplateColumn } from './template-columns.ts'
import { EXPLANATION_WIDTHS, explanation, widthOf } from './template-columns.ts'

const LAST_ROW = 1_048_576

/** Places in `cellXfs` of the styles part. */
const STYLE = { plain: 0, text: 1, heading: 2, requiredHeading: 3 } as const

export async function templateXlsx(columns: readonly TemplateColumn[]): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of partsOf(columns)) zip.addBuffer(Buffer.from(XML + content), name, { mtime: LONG_AGO })
  zip.end()
  return buffer(zip.outputStream)
}

/** The same template is the same file, byte for byte. */
const LONG_AGO = new Date(2000, 0, 1)

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const SHEETS = ['People', 'Fields', 'Lists'] as const

function partsOf(columns: readonly TemplateColumn[]): (readonly [name: string, content: string])[] {
  return [
    ['[Content_Types].xml', contentTypes()],
    ['_rels/.rels', relations([['officeDocument', 'xl/workbook.xml']])],
    ['xl/workbook.xml', workbook()],
    [
      'xl/_rels/workbook.xml.rels',
      relations([...SHEETS.map((_, i) => ['worksheet', `worksheets/sheet${i + 1}.xml`] as const), ['styles', 'styles.xml']]),
    ],
    ['xl/worksheets/sheet1.xml', peopleSheet(columns)],
    ['xl/worksheets/sheet2.xml', fieldsSheet(columns)],
    ['xl/worksheets/sheet3.xml', listsSheet(columns)],
    ['xl/styles.xml', STYLES],
  ]
}

function contentTypes(): string {
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const part = (name: string, kind: string) => `<Override PartName="/xl/${name}.xml" ContentType="${type}.${kind}+xml"/>`
  const sheets = SHEETS.map((_, i) => part(`worksheets/sheet${i + 1}`, 'worksheet')).join('')
  return `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${part('workbook', 'sheet.main')}${sheets}${part('styles', 'styles')}</Types>`
}

function relations(targets: readonly (readonly [type: string, target: string])[]): string {
  const each = targets.map(
    ([type, target], i) => `<Relationship Id="rId${i + 1}" Type="${RELATIONSHIPS}/${type}" Target="${target}"/>`,
  )
  return `<Relationships xmlns="${PACKAGE}/relationships">${each.join('')}</Relationships>`
}

function workbook(): string {
  const sheets = SHEETS.map(
    (name, i) => `<sheet name="${name}" sheetId="${i + 1}"${name === 'Lists' ? ' state="hidden"' : ''} r:id="rId${i + 1}"/>`,
  )
  return `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONSHIPS}"><sheets>${sheets.join('')}</sheets></workbook>`
}

function peopleSheet(columns: readonly TemplateColumn[]): string {
  const cols = columns.map((one, i) => column(i, widthOf(one), one.isText ? STYLE.text : STYLE.plain))
  const header = columns.map(({ heading, isRequired }, i) =>
    cell(i, 1, heading, isRequired ? STYLE.requiredHeading : STYLE.heading),
  )
  const pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/>'
  return sheet(cols, [header], {
    before: `<sheetViews><sheetView workbookViewId="0">${pane}</sheetView></sheetViews>`,
    after: validations(columns),
  })
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
  around: { before?: string; after?: string } = {},
): string {
  const data = rows.map((cells, i) => `<row r="${i + 1}">${cells.join('')}</row>`).join('')
  const widths = cols.length === 0 ? '' : `<cols>${cols.join('')}</cols>`
  return `<worksheet xmlns="${MAIN}">${around.before ?? ''}${widths}<sheetData>${data}</sheetData>${around.after ?? ''}</worksheet>`
}

function column(index: number, width: number, style: number): string {
  return `<col min="${index + 1}" max="${index + 1}" width="${width}" style="${style}" customWidth="1"/>`
}

function cell(index: number, row: number, text: string, style: number): string {
  return `<c r="${columnLetters(index)}${row}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[^\P{Cc}\t\n]/gu, '')
}

/** `@` is text: what is typed there stays as it was typed. */
const STYLES = `<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFF2CC"/><bgColor indexed="64"/></patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/><xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

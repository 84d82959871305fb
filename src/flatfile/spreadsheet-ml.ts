/**
 * Parts of a workbook that is written here: plain SpreadsheetML (ECMA-376 part 1), as Excel, LibreOffice and Numbers open it.
 */
import { columnLetters } from './row.ts'

export const LAST_ROW = 1_048_576
/** What Excel can hold in a cell: with more it takes the workbook for damaged. */
const MOST_LETTERS = 32_767

/** Places in `cellXfs` of the styles part. */
export const STYLE = { plain: 0, text: 1, heading: 2, requiredHeading: 3 } as const

export const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'

export type SheetName = { readonly name: string; readonly isHidden?: true }

/** All parts but the sheets, which are `sheetPart(0)` and so on. */
export function frameParts(sheets: readonly SheetName[]): (readonly [name: string, content: string])[] {
  return [
    ['[Content_Types].xml', contentTypes(sheets)],
    ['_rels/.rels', relations([['officeDocument', 'xl/workbook.xml']])],
    ['xl/workbook.xml', workbook(sheets)],
    [
      'xl/_rels/workbook.xml.rels',
      relations([...sheets.map((_, i) => ['worksheet', `worksheets/sheet${i + 1}.xml`] as const), ['styles', 'styles.xml']]),
    ],
    ['xl/styles.xml', STYLES],
  ]
}

export function sheetPart(index: number): string {
  return `xl/worksheets/sheet${index + 1}.xml`
}

function contentTypes(sheets: readonly SheetName[]): string {
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const part = (name: string, kind: string) => `<Override PartName="/xl/${name}.xml" ContentType="${type}.${kind}+xml"/>`
  const each = sheets.map((_, i) => part(`worksheets/sheet${i + 1}`, 'worksheet')).join('')
  return `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${part('workbook', 'sheet.main')}${each}${part('styles', 'styles')}</Types>`
}

function relations(targets: readonly (readonly [type: string, target: string])[]): string {
  const each = targets.map(
    ([type, target], i) => `<Relationship Id="rId${i + 1}" Type="${RELATIONSHIPS}/${type}" Target="${target}"/>`,
  )
  return `<Relationships xmlns="${PACKAGE}/relationships">${each.join('')}</Relationships>`
}

function workbook(sheets: readonly SheetName[]): string {
  const each = sheets.map(
    ({ name, isHidden }, i) =>
      `<sheet name="${name}" sheetId="${i + 1}"${isHidden ? ' state="hidden"' : ''} r:id="rId${i + 1}"/>`,
  )
  return `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONSHIPS}"><sheets>${each.join('')}</sheets></workbook>`
}

/** What stands before the rows of a sheet, and behind them. */
export function sheetAround(
  cols: readonly string[],
  { views = '', after = '' }: { readonly views?: string; readonly after?: string } = {},
): readonly [start: string, end: string] {
  const widths = cols.length === 0 ? '' : `<cols>${cols.join('')}</cols>`
  return [`<worksheet xmlns="${MAIN}">${views}${widths}<sheetData>`, `</sheetData>${after}</worksheet>`]
}

/** The first row stays where it is while one scrolls. */
export const FROZEN_HEADER =
  '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/></sheetView></sheetViews>'

/** @param number from 1 on */
export function rowOf(number: number, cells: readonly string[]): string {
  return `<row r="${number}">${cells.join('')}</row>`
}

export function column(index: number, width: number, style: number): string {
  return `<col min="${index + 1}" max="${index + 1}" width="${width}" style="${style}" customWidth="1"/>`
}

export function cell(index: number, row: number, text: string, style: number): string {
  return `<c r="${columnLetters(index)}${row}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`
}

/** What XML cannot hold is left out; what would be read as an escape (`_x0041_`) is written so that it is not. */
function escaped(text: string): string {
  return text
    .slice(0, MOST_LETTERS)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replaceAll(/[^\P{Cc}\t\n]|[\p{Cs}\ufffe\uffff]/gu, '')
}

/** `@` is text: what is typed there stays as it was typed. */
const STYLES = `<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFF2CC"/><bgColor indexed="64"/></patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/><xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

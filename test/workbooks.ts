/**
 * Workbooks for tests, written part by part, as odd as a test wants them.
 */
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'

export type SheetOptions = { readonly name?: string; readonly state?: 'visible' | 'hidden' | 'veryHidden'; readonly xml: string }

export type WorkbookOptions = {
  readonly sheets: readonly SheetOptions[]
  /** What stands within `<sst>`. */
  readonly strings?: string
  /** What stands within `<styleSheet>`. */
  readonly styles?: string
  /** What stands before `<sheets>`. */
  readonly properties?: string
  /** Parts to add or to put in the place of others. */
  readonly parts?: { readonly [name: string]: string | Buffer }
}

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

/** A sheet of inline texts; undefined leaves the cell out. */
export function rowsXml(rows: readonly (readonly (string | undefined)[])[]): string {
  const cell = (text: string) => `<c t="inlineStr"><is><t>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</t></is></c>`
  return rows.map((row) => `<row>${row.map((text) => (text === undefined ? '<c/>' : cell(text))).join('')}</row>`).join('')
}

export function workbook({ sheets, strings, styles, properties = '', parts = {} }: WorkbookOptions): Promise<Buffer> {
  const listed = sheets.map(({ name, state }, i) => {
    return `<sheet name="${name ?? `Sheet${i + 1}`}" sheetId="${i + 1}" state="${state ?? 'visible'}" r:id="rId${i + 1}"/>`
  })
  const related = [
    ...sheets.map((_, i) => `<Relationship Id="rId${i + 1}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`),
    `<Relationship Id="rId90" Type="${OFFICE}/styles" Target="/xl/styles.xml"/>`,
    `<Relationship Id="rId91" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/>`,
  ]
  return archive({
    '[Content_Types].xml': '<Types/>',
    '_rels/.rels': `<Relationships><Relationship Id="a" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook ${MAIN} xmlns:r="${OFFICE}">${properties}<sheets>${listed.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${related.join('')}</Relationships>`,
    ...Object.fromEntries(sheets.map(({ xml }, i) => [`xl/worksheets/sheet${i + 1}.xml`, sheetXml(xml)])),
    'xl/styles.xml': `<styleSheet ${MAIN}>${styles ?? ''}</styleSheet>`,
    'xl/sharedStrings.xml': `<sst ${MAIN}>${strings ?? ''}</sst>`,
    ...parts,
  })
}

/** @param rows what stands within `<sheetData>`, or the whole document */
function sheetXml(rows: string): string {
  return rows.startsWith('<?xml') ? rows : `<worksheet ${MAIN}><sheetData>${rows}</sheetData></worksheet>`
}

/** A zip archive with these parts, packed. */
export function archive(parts: { readonly [name: string]: string | Buffer }): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of Object.entries(parts)) zip.addBuffer(Buffer.from(content), name)
  zip.end()
  return buffer(zip.outputStream)
}

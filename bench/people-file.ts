/**
 * A nightly spreadsheet of any length, the same people each time: as a student system writes it (.csv), and as Excel
 * does (.xlsx: texts are shared and stand behind the sheet that shows them).
 */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'

const HEADER = [
  'netid',
  'email',
  'phone_number',
  'first_name',
  'last_name',
  'account_type',
  'account_status',
  'school_program',
  'degree',
  'year_of_entry',
  'year_of_graduation',
  'city',
  'state',
  'zipcode',
  'country',
] as const

/** Columns in which every text is another one. */
const OWN = 3
const CHUNK = 1000

export function writePeopleFile(path: string, rows: number): Promise<void> {
  return path.endsWith('.xlsx') ? writeXlsx(path, rows) : writeCsv(path, rows)
}

function netidOf(number: number): string {
  return String(number).padStart(8, '0')
}

function rowOf(number: number): readonly (string | number)[] {
  return [
    netidOf(number),
    `person.${number}@campus.example`,
    `+1-555-${String(number).padStart(7, '0')}`,
    `First${number % 500}`,
    `Last${number % 9000}`,
    number % 7 === 0 ? 'Staff' : 'Student',
    'active',
    ['History', 'Physics', 'Computer Science', 'Law'][number % 4] as string,
    'BSc',
    2020 + (number % 5),
    2024 + (number % 5),
    'Springfield',
    'IL',
    String(60_000 + (number % 9999)),
    'United States',
  ]
}

async function writeCsv(path: string, rows: number): Promise<void> {
  const lines = chunked(rows, (number) => `${rowOf(number).join(',')}\r\n`)
  await pipeline(Readable.from(withHead(`${HEADER.join(',')}\r\n`, lines)), createWriteStream(path))
}

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

async function writeXlsx(path: string, rows: number): Promise<void> {
  const zip = new ZipFile()
  const part = (name: string, pieces: Iterable<string>) => zip.addReadStream(Readable.from(pieces), name)
  const common = new Map<string, number>()
  part('[Content_Types].xml', [
    `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`,
    `<Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPES}.worksheet+xml"/>`,
    `<Override PartName="/xl/sharedStrings.xml" ContentType="${TYPES}.sharedStrings+xml"/></Types>`,
  ])
  part('_rels/.rels', [relationships(['officeDocument', 'xl/workbook.xml'])])
  part('xl/_rels/workbook.xml.rels', [
    relationships(['worksheet', 'worksheets/sheet1.xml'], ['sharedStrings', 'sharedStrings.xml']),
  ])
  part('xl/workbook.xml', [
    `<workbook ${MAIN} xmlns:r="${OFFICE}"><sheets><sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  ])
  part('xl/worksheets/sheet1.xml', sheet(rows, common))
  part('xl/sharedStrings.xml', sharedStrings(rows, common))
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
}

function relationships(...targets: readonly (readonly [type: string, target: string])[]): string {
  const each = targets.map(
    ([type, target], index) => `<Relationship Id="rId${index + 1}" Type="${OFFICE}/${type}" Target="${target}"/>`,
  )
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${each.join('')}</Relationships>`
}

/** @param common texts that many rows have, gathered here: they stand behind those of which every row has its own */
function* sheet(rows: number, common: Map<string, number>): Generator<string> {
  const shared = (text: string) => {
    const index = common.get(text) ?? common.size
    common.set(text, index)
    return rows * OWN + index
  }
  const rowXml = (number: number, cells: string) => `<row r="${number}" spans="1:${HEADER.length}">${cells}</row>`
  const cellXml = (row: number, column: number, value: number, isText: boolean) =>
    `<c r="${String.fromCharCode(65 + column)}${row}"${isText ? ' t="s"' : ''}><v>${value}</v></c>`
  yield `<worksheet ${MAIN}><sheetData>`
  yield rowXml(1, HEADER.map((name, column) => cellXml(1, column, shared(name), true)).join(''))
  yield* chunked(rows, (number) => {
    const cells = rowOf(number).map((value, column) => {
      if (typeof value === 'number') return cellXml(number + 1, column, value, false)
      return cellXml(number + 1, column, column < OWN ? (number - 1) * OWN + column : shared(value), true)
    })
    return rowXml(number + 1, cells.join(''))
  })
  yield '</sheetData></worksheet>'
}

function* sharedStrings(rows: number, common: ReadonlyMap<string, number>): Generator<string> {
  const item = (text: string | number) => `<si><t>${text}</t></si>`
  yield `<sst ${MAIN}>`
  yield* chunked(rows, (number) => rowOf(number).slice(0, OWN).map(item).join(''))
  yield [...common.keys()].map(item).join('')
  yield '</sst>'
}

function* chunked(rows: number, textOf: (number: number) => string): Generator<string> {
  for (let from = 1; from <= rows; from += CHUNK) {
    yield Array.from({ length: Math.min(CHUNK, rows - from + 1) }, (_, index) => textOf(from + index)).join('')
  }
}

function* withHead(head: string, rest: Iterable<string>): Generator<string> {
  yield head
  yield* rest
}

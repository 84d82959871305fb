/**
 * Workbooks of Excel 2007 and later (.xlsx, .xlsm, ECMA-376) as a stream of rows: no sheet is ever held as a whole.
 */
import { posix } from 'node:path'
import { TextDecoder } from 'node:util'
import { encodingByMark } from './encoding.ts'
import type { FileLimits } from './limits.ts'
import type { NumberFormat } from './number-format.ts'
import { builtInFormat, formatFrom } from './number-format.ts'
import { notSound } from './refusal.ts'
import type { Row, Sheet, Source } from './row.ts'
import type { SharedStrings } from './shared-strings.ts'
import { sharedStrings } from './shared-strings.ts'
import type { SheetContext } from './sheet-rows.ts'
import { sheetRows, unescaped } from './sheet-rows.ts'
import { eachElement } from './xml-part.ts'
import { textIn, xmlScanner } from './xml-scanner.ts'
import type { Zip } from './zip.ts'
import { openZip } from './zip.ts'

/** @throws {FileRefused} for what is not sound, encrypted or past a limit */
export async function openXlsx(path: string, limits: FileLimits): Promise<Source> {
  const zip = await openZip(path, limits)
  try {
    const workbook = await workbookPart(zip)
    const relations = await relationsOf(zip, workbook)
    const { sheets, ...properties } = await readWorkbook(zip, workbook)
    const formats = await readFormats(zip, partOf(relations, 'styles'))
    const strings = await readStrings(zip, partOf(relations, 'sharedStrings'), limits)
    const context = { strings, formats, ...properties, limits }
    return {
      format: 'xlsx',
      sheets: sheets.flatMap((sheet) => worksheet(zip, sheet, relations, context)),
      notices: [],
      [Symbol.asyncDispose]: () => zip[Symbol.asyncDispose](),
    }
  } catch (error) {
    await zip[Symbol.asyncDispose]()
    throw error
  }
}

type Relation = { readonly type: string; readonly part: string }
type Relations = ReadonlyMap<string, Relation>
type SheetEntry = { readonly name: string; readonly hidden: boolean; readonly relation: string }

async function workbookPart(zip: Zip): Promise<string> {
  const found = zip.has('_rels/.rels') ? partOf(await relationsOf(zip, ''), 'officeDocument') : undefined
  return found ?? 'xl/workbook.xml'
}

/** What a part refers to, by the id it uses; types by their last word, since there are two families of them. */
async function relationsOf(zip: Zip, part: string): Promise<Relations> {
  const relations = new Map<string, Relation>()
  const listed = posix.join(posix.dirname(part), '_rels', `${posix.basename(part)}.rels`)
  if (!zip.has(listed)) return relations
  await eachElement(zip, listed, ({ name, attributes }) => {
    if (name !== 'Relationship' || attributes.get('TargetMode') === 'External') return
    const type = attributes.get('Type')?.split('/').at(-1) ?? ''
    const target = posix.resolve('/', posix.dirname(part), attributes.get('Target') ?? '').slice(1)
    relations.set(attributes.get('Id') ?? '', { type, part: target })
  })
  return relations
}

function partOf(relations: Relations, type: string): string | undefined {
  return relations.values().find((relation) => relation.type === type)?.part
}

type Workbook = { readonly sheets: readonly SheetEntry[] } & Pick<SheetContext, 'has1904Dates' | 'isUncalculated'>

async function readWorkbook(zip: Zip, part: string): Promise<Workbook> {
  const sheets: SheetEntry[] = []
  let has1904Dates = false
  let isUncalculated = false
  await eachElement(zip, part, ({ name, parent, attributes }) => {
    if (name === 'workbookPr') has1904Dates = isTrue(attributes.get('date1904'))
    if (name === 'calcPr') isUncalculated = isTrue(attributes.get('fullCalcOnLoad'))
    if (name !== 'sheet' || parent !== 'sheets') return
    const hidden = (attributes.get('state') ?? 'visible') !== 'visible'
    sheets.push({ name: attributes.get('name') ?? '', hidden, relation: attributes.get('id') ?? '' })
  })
  if (sheets.length === 0) throw notSound('it has no sheet')
  return { sheets, has1904Dates, isUncalculated }
}

function isTrue(word: string | undefined): boolean {
  return word === '1' || word === 'true' || word === 'on'
}

/** By the style numbers that cells use. */
async function readFormats(zip: Zip, part: string | undefined): Promise<NumberFormat[]> {
  const declared = new Map<number, NumberFormat>()
  const styles: number[] = []
  if (part === undefined || !zip.has(part)) return []
  await eachElement(zip, part, ({ name, parent, attributes }) => {
    const id = Number(attributes.get('numFmtId') ?? 0)
    if (name === 'numFmt' && parent === 'numFmts') declared.set(id, formatFrom(attributes.get('formatCode') ?? ''))
    if (name === 'xf' && parent === 'cellXfs') styles.push(id)
  })
  return styles.map((id) => declared.get(id) ?? builtInFormat(id))
}

async function readStrings(zip: Zip, part: string | undefined, limits: FileLimits): Promise<SharedStrings> {
  const strings = sharedStrings(limits)
  if (part === undefined || !zip.has(part)) return strings
  let text = ''
  let isText = false
  let isReadingAid = false
  const scanner = xmlScanner({
    open(name) {
      if (name === 'si') text = ''
      else if (name === 'rPh') isReadingAid = true
      else if (name === 't') isText = !isReadingAid
    },
    text(span) {
      if (isText && text.length <= limits.cellCharacters) text += textIn(span)
    },
    close(name) {
      if (name === 't') isText = false
      else if (name === 'rPh') isReadingAid = false
      else if (name === 'si') strings.add(unescaped(text).slice(0, limits.cellCharacters + 1))
    },
  })
  for await (const chunk of asUtf8(zip.read(part))) scanner.write(chunk)
  scanner.end()
  return strings
}

/** @returns nothing for a sheet of another kind: a chart, a macro */
function worksheet(zip: Zip, { name, hidden, relation }: SheetEntry, relations: Relations, context: SheetContext): Sheet[] {
  const found = relations.get(relation)
  if (found === undefined) throw notSound(`its sheet "${name}" is missing`)
  if (found.type !== 'worksheet') return []
  return [{ name, hidden, rows: () => rowsOf(zip, found.part, context) }]
}

async function* rowsOf(zip: Zip, part: string, context: SheetContext): AsyncGenerator<readonly Row[]> {
  const reader = sheetRows(context)
  const scanner = xmlScanner(reader.handlers)
  for await (const chunk of asUtf8(zip.read(part))) {
    // What comes behind the rows is read for its checksum alone.
    if (reader.isDone()) continue
    scanner.write(chunk)
    const rows = reader.take()
    if (rows.length > 0) yield rows
  }
  if (!reader.isDone()) scanner.end()
}

/** Parts are UTF-8 but for the odd one in UTF-16, which has a mark (XML 1.0, section 4.3.3). */
async function* asUtf8(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let wide: TextDecoder | undefined
  let isFirst = true
  for await (const chunk of bytes) {
    const encoding = isFirst ? encodingByMark(chunk) : undefined
    if (encoding !== undefined && encoding.name !== 'utf-8') wide = new TextDecoder(encoding.name)
    isFirst = false
    yield wide === undefined ? chunk : Buffer.from(wide.decode(chunk, { stream: true }))
  }
}

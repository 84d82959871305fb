/**
 * What a file is, by its content: names lie, and people rename files until something takes them.
 * A table that is not read is refused by its own name, with what to save it as.
 */
import { stat } from 'node:fs/promises'
import type { Encoding } from './encoding.ts'
import { encodingOf, headOf } from './encoding.ts'
import type { FileLimits } from './limits.ts'
import { overLimit } from './limits.ts'
import { OLE2_MAGIC, streamNames } from './ole2.ts'
import { FileRefused, notSound } from './refusal.ts'
import { openZip, ZIP_MAGIC } from './zip.ts'

export type Detected =
  | { readonly format: 'csv'; readonly encoding: Encoding }
  | { readonly format: 'xlsx' }
  | { readonly format: 'xls' }

const HEAD_BYTES = 8192

/** The first record of an .xls workbook, which small scripts of web sites write without a container around it. */
const BIFF_MAGIC = Buffer.from('0908', 'hex')

/** What is no table, or none that is read, by its first bytes. */
const BINARIES: readonly (readonly [magic: string, name: string])[] = [
  ['25504446', 'a PDF document'],
  ['7b5c727466', 'a text document (.rtf)'],
  ['1f8b', 'a packed file (.gz)'],
  ['425a68', 'a packed file (.bz2)'],
  ['fd377a585a00', 'a packed file (.xz)'],
  ['28b52ffd', 'a packed file (.zst)'],
  ['377abcaf271c', 'a packed file (.7z)'],
  ['526172211a07', 'a packed file (.rar)'],
  ['89504e47', 'a picture (.png)'],
  ['ffd8ff', 'a picture (.jpg)'],
  ['47494638', 'a picture (.gif)'],
  ['53514c69746520666f726d6174', 'a database (SQLite)'],
  ['50415231', 'a Parquet file'],
  ['fffe0000', 'text in UTF-32'],
  ['0000feff', 'text in UTF-32'],
  ['09000400', 'a workbook of Excel 2'],
  ['09020600', 'a workbook of Excel 3'],
  ['09040600', 'a workbook of Excel 4'],
]

/** What is text and yet no delimited text, by how it begins. */
const TEXTS: readonly (readonly [begins: RegExp, name: string])[] = [
  [/^<\?xml.*<(?:\w+:)?Workbook\b/s, 'an Excel 2003 XML file'],
  [/^(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body|meta|style|table|div|center)\b/i, 'a web page'],
  [/^<\?xml|^<[^<>]*\sxmlns\b/, 'an XML file'],
  [/^MIME-Version:/i, 'a web archive (.mht)'],
  [/^%PDF/, 'a PDF document'],
  [/^ID;P[^\r\n]*[\r\n]+(?:P;P|F;P|B;Y|O;)/, 'a SYLK file (.slk)'],
  [/^TABLE\r?\n0,1\r?\n/, 'a DIF file (.dif)'],
  [/^\{\s*"|^\[\s*[{["]/, 'a JSON file'],
]

/** @throws {FileRefused} for what is empty, too large, encrypted, broken or no table that is read */
export async function detect(path: string, limits: FileLimits): Promise<Detected> {
  const { size } = await stat(path)
  if (size === 0) throw new FileRefused('file_empty', 'the file has no content')
  if (size > limits.fileBytes) throw overLimit('fileBytes', limits)
  const head = await headOf(path, HEAD_BYTES)
  if (head.subarray(0, 2).equals(ZIP_MAGIC) && (head[2] ?? 0) < 9) return detectZip(path, limits)
  if (head.subarray(0, 8).equals(OLE2_MAGIC)) return detectOle2(path, size, limits)
  if (head.subarray(0, 2).equals(BIFF_MAGIC)) return xlsOf(size, limits)
  const hex = head.toString('hex', 0, 16)
  const binary = BINARIES.find(([magic]) => hex.startsWith(magic))
  if (binary !== undefined) throw unsupported(binary[1])
  return detectText(path, head)
}

function unsupported(what: string): FileRefused {
  return new FileRefused('format_unsupported', `this is ${what}, which is not read: save the table as .csv, .xlsx or .xls`)
}

async function detectZip(path: string, limits: FileLimits): Promise<Detected> {
  await using zip = await openZip(path, limits)
  const names = zip.names.map((name) => name.toLowerCase())
  const holds = (pattern: RegExp) => names.find((name) => pattern.test(name))
  if (zip.has('[Content_Types].xml')) {
    if (holds(/(^|\/)workbook\d*\.bin$/)) throw unsupported('a binary Excel workbook (.xlsb)')
    if (holds(/^word\//)) throw unsupported('a Word document (.docx)')
    if (holds(/^ppt\//)) throw unsupported('a presentation (.pptx)')
    return { format: 'xlsx' }
  }
  if (zip.has('mimetype')) throw unsupported(await openDocumentName(zip.read('mimetype')))
  if (holds(/(^|\/)index\/.*\.iwa$|^index\.zip$/)) throw unsupported('an Apple Numbers document')
  const table = holds(/\.(csv|txt|tsv|xlsx|xls)$/)
  throw unsupported(table === undefined ? 'a zip archive' : `a zip archive with ${table} in it, to be sent unpacked`)
}

async function openDocumentName(mimetype: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of mimetype) text = (text + chunk.toString('latin1')).slice(0, 200)
  return text.includes('spreadsheet') ? 'an OpenDocument spreadsheet (.ods)' : 'an OpenDocument file'
}

async function detectOle2(path: string, size: number, limits: FileLimits): Promise<Detected> {
  const names = (await streamNames(path)).map((name) => name.toLowerCase())
  if (names.includes('encryptedpackage')) {
    throw new FileRefused('file_encrypted', 'the workbook is protected by a password; save it without one')
  }
  if (names.includes('workbook') || names.includes('book')) return xlsOf(size, limits)
  if (names.includes('worddocument')) throw unsupported('a Word document (.doc)')
  if (names.includes('powerpoint document')) throw unsupported('a presentation (.ppt)')
  if (names.length === 0) throw notSound('its directory is empty')
  throw unsupported('an Office file without a workbook in it')
}

function xlsOf(size: number, limits: FileLimits): Detected {
  if (size > limits.xlsBytes) throw overLimit('xlsBytes', limits)
  return { format: 'xls' }
}

async function detectText(path: string, head: Buffer): Promise<Detected> {
  const encoding = await encodingOf(path)
  const text = new TextDecoder(encoding.name)
    .decode(head)
    .replaceAll(/<!--.*?-->/gs, '')
    .trimStart()
  const known = TEXTS.find(([begins]) => begins.test(text))
  if (known !== undefined) throw unsupported(known[1])
  if (isBinary(text)) throw unsupported('no text and no workbook')
  return { format: 'csv', encoding }
}

/** A stray NUL is one bad cell; every tenth letter a control character is no text. */
function isBinary(text: string): boolean {
  const controls = text.match(/[^\P{Cc}\t\r\n]/gu)?.length ?? 0
  return controls > text.length / 10
}

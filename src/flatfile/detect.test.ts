import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { utils, write } from '@e965/xlsx'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { archive, rowsXml, workbook } from '../../test/workbooks.ts'
import { detect } from './detect.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { OLE2_MAGIC } from './ole2.ts'
import type { FileCode } from './refusal.ts'
import { FileRefused } from './refusal.ts'

const CSV = 'netid,email\r\n1,a@b.example\r\n'
const XLSX = await workbook({ sheets: [{ xml: rowsXml([['netid', 'email']]) }] })

describe('what a file is', () => {
  for (const [name, format, content] of [
    ['people.xls', 'csv', CSV],
    ['people.pdf', 'csv', CSV],
    ['people.slk', 'csv', 'ID;Program;email\n7;Law;a@b.example\n'],
    ['people.csv', 'xlsx', XLSX],
    ['people.csv', 'xls', xls('biff8')],
    ['people.xlsx', 'xls', xls('biff5')],
    ['people.csv', 'xls', Buffer.from('0908080000001000', 'hex')],
  ] as const) {
    it(`is told by its content, not by its name: ${format} named ${name}`, async () => {
      assert.equal((await detected(content, name)).format, format)
    })
  }

  for (const [what, content] of [
    ['a PDF document', '%PDF-1.7\n%âãÏÓ'],
    ['a text document (.rtf)', '{\\rtf1\\ansi'],
    ['a packed file (.gz)', gzipSync(CSV)],
    ['a picture (.png)', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
    ['a database (SQLite)', 'SQLite format 3\0'],
    ['a workbook of Excel 4', Buffer.from('09040600000010000a000000', 'hex')],
    ['text in UTF-32', Buffer.from('fffe00006e000000', 'hex')],
    ['a web page', '\ufeff<!-- made by SIS --><table><tr><td>netid</td></tr></table>'],
    ['a web page', '<!DOCTYPE html><html><body></body></html>'],
    ['an Excel 2003 XML file', '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">'],
    ['an XML file', '<?xml version="1.0"?><people/>'],
    ['a web archive (.mht)', 'MIME-Version: 1.0\r\nContent-Type: multipart/related'],
    ['a SYLK file (.slk)', 'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"netid"\r\nE\r\n'],
    ['a DIF file (.dif)', 'TABLE\r\n0,1\r\n"EXCEL"\r\n'],
    ['a JSON file', '[{"netid": "1"}]'],
    ['no text and no workbook', Buffer.from(Array.from({ length: 400 }, (_, i) => i % 16))],
    [
      'an OpenDocument spreadsheet (.ods)',
      archive({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<x/>' }),
    ],
    ['a binary Excel workbook (.xlsb)', archive({ '[Content_Types].xml': '<Types/>', 'xl/workbook.bin': 'x' })],
    ['a Word document (.docx)', archive({ '[Content_Types].xml': '<Types/>', 'word/document.xml': '<x/>' })],
    ['an Apple Numbers document', archive({ 'Index/Document.iwa': 'x' })],
    ['a zip archive with people.csv in it', archive({ 'people.csv': CSV })],
  ] as const) {
    it(`is named when it is no table that is read: ${what}`, async () => {
      await assert.rejects(detected(await content, 'people.csv'), refused('format_unsupported', what))
    })
  }

  it('refuses an empty file', async () => {
    await assert.rejects(detected('', 'people.csv'), refused('file_empty'))
  })

  it('refuses a file past the size limit and names the setting', async () => {
    await assert.rejects(detected(CSV, 'a.csv', { fileBytes: 10 }), refused('limit_exceeded', 'files.limits.fileBytes'))
    await assert.rejects(detected(xls('biff8'), 'a.xls', { xlsBytes: 10 }), refused('limit_exceeded', 'files.limits.xlsBytes'))
  })

  it('tells a password-protected workbook from a broken one', async () => {
    await assert.rejects(detected(container(['EncryptionInfo', 'EncryptedPackage']), 'a.xlsx'), refused('file_encrypted'))
    await assert.rejects(detected(container(['WordDocument']), 'a.xls'), refused('format_unsupported', 'a Word document (.doc)'))
    await assert.rejects(detected(container(['Notes']), 'a.xls'), refused('format_unsupported', 'without a workbook'))
    await assert.rejects(
      detected(container(['Workbook']).subarray(0, 700), 'a.xls'),
      refused('format_invalid', 'ends in the middle'),
    )
  })

  it('reads a directory of an old workbook that leads in a circle to its limit and no further', async () => {
    const circle = container(['Notes'])
    circle.writeUInt32LE(1, 512 + 4)
    await assert.rejects(detected(circle, 'a.xls'), refused('format_invalid', 'no end'))
  })

  it('takes a workbook whose archive is cut for a broken workbook', async () => {
    await assert.rejects(detected(XLSX.subarray(0, XLSX.length - 30), 'a.xlsx'), refused('format_invalid'))
  })

  it('lets a comment in front of anything cost no time, however often it is repeated', async () => {
    const began = process.cpuUsage().user
    await detected(`${'<!---->'.repeat(1000)}netid,email`, 'a.csv')
    assert.ok(process.cpuUsage().user - began < 1_000_000)
  })
})

async function detected(content: string | Buffer, name: string, limits: Partial<FileLimits> = {}) {
  await using folder = await temporaryFolder()
  return await detect(await folder.put(name, content), { ...DEFAULT_LIMITS, ...limits })
}

function refused(code: FileCode, words = '') {
  return (error: unknown) => error instanceof FileRefused && error.code === code && error.message.includes(words)
}

function xls(bookType: 'biff8' | 'biff5'): Buffer {
  const book = utils.book_new()
  utils.book_append_sheet(book, utils.aoa_to_sheet([['netid', 'email']]), 'Users')
  return write(book, { type: 'buffer', bookType }) as Buffer
}

/** An OLE2 container with these streams, all empty: header, allocation table, one sector of directory. */
function container(streams: readonly string[]): Buffer {
  const bytes = Buffer.alloc(3 * 512, 0xff)
  OLE2_MAGIC.copy(bytes)
  bytes.writeUInt16LE(9, 30)
  bytes.writeUInt32LE(1, 48)
  bytes.writeUInt32LE(0, 76)
  bytes.writeUInt32LE(0xfffffffd, 512)
  bytes.writeUInt32LE(0xfffffffe, 512 + 4)
  for (const [i, name] of ['Root Entry', ...streams].entries()) {
    const at = 1024 + 128 * i
    bytes.fill(0, at, at + 128)
    bytes.write(name, at, 'utf16le')
    bytes.writeUInt16LE(2 * name.length + 2, at + 64)
  }
  return bytes
}

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readdir } from 'node:fs/promises'
import { describe, it } from 'node:test'
import type { CellObject, WorkBook } from '@e965/xlsx'
import { utils, write } from '@e965/xlsx'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { FileCode } from './refusal.ts'
import { FileRefused } from './refusal.ts'
import type { Row, Sheet } from './row.ts'
import { openXls } from './xls.ts'

const BIG_BOOK = bytesOf(
  bookOf({
    Users: Array.from({ length: 3000 }, (_, i) => [
      { t: 's', v: `someone${i}` },
      { t: 'n', v: i },
    ]),
  }),
)

describe('an old workbook', () => {
  it('gives its cells as the others do: identifiers as shown, days, errors, truth values', async () => {
    const cells: CellObject[] = [
      { t: 's', v: '00042' },
      { t: 'n', v: 1234, z: '00000000' },
      { t: 'n', v: 33612345678 },
      { t: 'n', v: 45536, z: 'yyyy-mm-dd' },
      { t: 'n', v: 2028 },
      { t: 'b', v: true },
      { t: 'e', v: 42 },
      { t: 'e', v: 7 },
      { t: 's', v: 'Zoë Łódź' },
    ]
    const rows = await withBook(bookOf({ Users: [[], cells] }), rowsOf)
    assert.deepEqual(rows, [
      {
        number: 2,
        cells: [
          '00042',
          '00001234',
          '33612345678',
          { text: '2024-09-01', odd: 'date' },
          '2028',
          { text: 'TRUE', odd: 'boolean' },
          { text: '#N/A', odd: 'error' },
          { text: '#DIV/0!', odd: 'error' },
          'Zoë Łódź',
        ],
      },
    ])
  })

  it('takes a nought that was stored for want of calculating for no result, and a calculated one for itself', async () => {
    const one = { t: 'n', v: 0, bf: [3, 0, 0x1e, 1, 0] } as CellObject
    const bytes = bytesOf(bookOf({ Users: [[one, one]] }))
    const flags = bytes.indexOf(Buffer.from([0x21, 0, 0, 0, 0, 0, 3, 0, 0x1e]))
    bytes.writeUInt8(0x03, flags)
    assert.deepEqual(await withBytes(bytes, rowsOf), [{ number: 1, cells: [{ text: '', odd: 'no_value' }, '0'] }])
  })

  it('lists its sheets, says which are hidden, and gives their rows again at each call', async () => {
    const book = bookOf({ Lists: [[{ t: 's', v: 'x' }]], Users: [[{ t: 's', v: 'y' }]] })
    book.Workbook = { Sheets: [{ Hidden: 1 }, { Hidden: 0 }] }
    await withBook(book, async (sheets) => {
      assert.deepEqual(
        sheets.map(({ name, hidden }) => [name, hidden]),
        [
          ['Lists', true],
          ['Users', false],
        ],
      )
      assert.deepEqual(await rowsOf(sheets.slice(1)), [{ number: 1, cells: ['y'] }])
      assert.deepEqual(await rowsOf(sheets.slice(1)), [{ number: 1, cells: ['y'] }])
    })
  })

  for (const [codePage, letter] of [
    [1250, 'ł'],
    [1251, 'і'],
    [1252, '³'],
  ] as const) {
    it(`of Excel 95 has its letters in the code page that it names: ${codePage}`, async () => {
      const bytes = write(bookOf({ Users: [[{ t: 's', v: 'Pawe_' }]] }), { type: 'buffer', bookType: 'biff5' }) as Buffer
      bytes.writeUInt16LE(codePage, bytes.indexOf(Buffer.from([0x42, 0, 2, 0])) + 4)
      bytes.writeUInt8(0xb3, bytes.indexOf('Pawe_') + 4)
      assert.deepEqual(await withBytes(bytes, rowsOf), [{ number: 1, cells: [`Pawe${letter}`] }])
    })
  }

  it('is read without a container around it, too, as small scripts of web sites write it, but not when it is cut', async () => {
    const label = Buffer.concat([Buffer.from([0x04, 0x02, 11, 0, 0, 0, 0, 0, 0, 0, 3, 0]), Buffer.from('Zo\xeb', 'latin1')])
    const whole = Buffer.concat([Buffer.from('090808000000100000000000', 'hex'), label, Buffer.from([0x0a, 0, 0, 0])])
    for (const bytes of [whole, Buffer.concat([whole, Buffer.from('\r\n')])])
      assert.deepEqual(await withBytes(bytes, rowsOf), [{ number: 1, cells: ['Zoë'] }])
    for (const bytes of [whole.subarray(0, -4), whole.subarray(0, -6)])
      await assert.rejects(withBytes(bytes, rowsOf), /ends in the middle/)
  })

  it('leaves nothing behind when it is closed or refused', async () => {
    await using folder = await temporaryFolder()
    const path = await folder.put('a.xls', bytesOf(bookOf({ Users: [] })))
    await (await openXls(path, folder.path, DEFAULT_LIMITS))[Symbol.asyncDispose]()
    await assert.rejects(openXls(await folder.put('b.xls', brokenBook()), folder.path, DEFAULT_LIMITS))
    assert.deepEqual((await readdir(folder.path)).sort(), ['a.xls', 'b.xls'])
  })

  for (const [why, code, limits, words] of [
    ['that is broken', 'format_invalid', {}, 'cannot be read'],
    ['that takes longer than the time limit', 'limit_exceeded', { xlsSeconds: 0.01 }, 'files.limits.xlsSeconds'],
    ['that takes more memory than the limit', 'limit_exceeded', { xlsMemoryMb: 8 }, 'files.limits.xlsMemoryMb'],
  ] as const satisfies readonly (readonly [string, FileCode, Partial<FileLimits>, string])[]) {
    it(`is refused ${why}, and this process lives on: ${code}`, async () => {
      await assert.rejects(
        withBytes(code === 'format_invalid' ? brokenBook() : BIG_BOOK, rowsOf, limits),
        (error) => error instanceof FileRefused && error.code === code && error.message.includes(words),
      )
    })
  }

  it('is refused for want of memory, not of time, where the system ends the process that reads it', async () => {
    const endIt = (message: unknown) => {
      const { process: child } = message as { readonly process: ChildProcess }
      child.once('spawn', () => process.kill(child.pid as number, 'SIGKILL'))
    }
    subscribe('child_process', endIt)
    try {
      await assert.rejects(
        withBytes(BIG_BOOK, rowsOf),
        (error) =>
          error instanceof FileRefused &&
          error.code === 'limit_exceeded' &&
          /has too little memory .*1536 MB.*files\.limits\.xlsMemoryMb/.test(error.message),
      )
    } finally {
      unsubscribe('child_process', endIt)
    }
  })
})

function bookOf(sheets: { readonly [name: string]: CellObject[][] }): WorkBook {
  const book = utils.book_new()
  for (const [name, rows] of Object.entries(sheets)) {
    const sheet = utils.aoa_to_sheet(rows.length === 0 ? [['']] : rows)
    utils.book_append_sheet(book, sheet, name)
  }
  return book
}

function bytesOf(book: WorkBook): Buffer {
  return write(book, { type: 'buffer', bookType: 'biff8' }) as Buffer
}

/** The container is whole, the book in it is not. */
function brokenBook(): Buffer {
  return Buffer.from(BIG_BOOK).fill(0xff, 1024, 20_000)
}

async function rowsOf([sheet]: readonly Sheet[]): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of sheet?.rows() ?? []) rows.push(...batch)
  return rows
}

function withBook<T>(book: WorkBook, use: (sheets: readonly Sheet[]) => Promise<T>): Promise<T> {
  return withBytes(bytesOf(book), use)
}

async function withBytes<T>(
  bytes: Buffer,
  use: (sheets: readonly Sheet[]) => Promise<T>,
  limits: Partial<FileLimits> = {},
): Promise<T> {
  await using folder = await temporaryFolder()
  await using source = await openXls(await folder.put('a.xls', bytes), folder.path, { ...DEFAULT_LIMITS, ...limits })
  return await use(source.sheets)
}

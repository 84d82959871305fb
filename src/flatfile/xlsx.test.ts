import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import type { WorkbookOptions } from '../../test/workbooks.ts'
import { rowsXml, workbook } from '../../test/workbooks.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { FileCode } from './refusal.ts'
import { FileRefused } from './refusal.ts'
import type { Row, Sheet } from './row.ts'
import { openXlsx } from './xlsx.ts'

const STYLES = `<numFmts><numFmt numFmtId="164" formatCode="00000000"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="49"/></cellXfs>`

describe('a workbook', () => {
  for (const [why, xml, rows] of [
    [
      'reads cells and rows without their place',
      '<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>',
      [
        [1, '1', '2'],
        [2, '3'],
      ],
    ],
    [
      'fills the gaps of cells and counts the gaps of rows',
      '<row r="2"><c r="B2"><v>1</v></c><c r="D2"><v>2</v></c></row><row r="7"><c r="A7"><v>3</v></c></row>',
      [
        [2, '', '1', '', '2'],
        [7, '3'],
      ],
    ],
    [
      'goes on counting behind a row with a place',
      '<row r="5"><c><v>1</v></c></row><row><c r="C6"><v>2</v></c><c><v>3</v></c></row>',
      [
        [5, '1'],
        [6, '', '', '2', '3'],
      ],
    ],
    [
      'pads a number as the sheet shows it',
      '<row><c s="1"><v>1234</v></c><c s="3"><v>1234</v></c></row>',
      [[1, '00001234', '1234']],
    ],
    [
      'reads runs of text and passes over reading aids',
      '<row><c t="inlineStr"><is><r><t>A</t></r><r><t xml:space="preserve"> na</t></r><rPh sb="0"><t>x</t></rPh></is></c></row>',
      [[1, 'A na']],
    ],
    ['reads shared texts', '<row><c t="s"><v>1</v></c><c t="s"><v>0</v></c></row>', [[1, 'Ana & Co', 'Zoë']]],
    [
      'takes the stored result of a formula',
      '<row><c t="str"><f>A1</f><v>Eva</v></c><c><f>1+1</f><v>2</v></c><c t="str"><f>""</f><v></v></c></row>',
      [[1, 'Eva', '2']],
    ],
    [
      'says where a formula has no result',
      '<row><c><f>A1</f></c><c><f>A1</f><v></v></c><c><f t="shared" si="0"/></c></row>',
      [[1, { text: '', odd: 'no_value' }, { text: '', odd: 'no_value' }, { text: '', odd: 'no_value' }]],
    ],
    [
      'takes 0.0 for no result: programs in Java write it where nothing was calculated',
      '<row><c><f>A1</f><v>0.0</v></c><c><v>0.0</v></c><c t="str"><f>A1</f><v>0.0</v></c><c><f>A1</f><v>0</v></c></row>',
      [[1, { text: '', odd: 'no_value' }, '0', '0.0', '0']],
    ],
    ['says where an error stands', '<row><c t="e"><v>#N/A</v></c></row>', [[1, { text: '#N/A', odd: 'error' }]]],
    [
      'reads truth values as a sheet shows them',
      '<row><c t="b"><v>1</v></c><c t="b"><v>0</v></c></row>',
      [[1, { text: 'TRUE', odd: 'boolean' }, { text: 'FALSE', odd: 'boolean' }]],
    ],
    [
      'reads days',
      '<row><c s="2"><v>45536</v></c><c t="d"><v>2024-09-01T00:00:00</v></c></row>',
      [[1, { text: '2024-09-01', odd: 'date' }, { text: '2024-09-01', odd: 'date' }]],
    ],
    [
      'reads the characters that XML cannot hold',
      '<row><c t="str"><v>a_x000D_b_x005F_x0041_</v></c></row>',
      [[1, 'a\rb_x0041_']],
    ],
    [
      'hands on no rows that hold nothing but looks or spaces',
      '<row r="1" spans="1:9"/><row r="2"><c r="A2" s="1"/><c t="str"><v> \u00a0</v></c></row><row r="3"><c><v>1</v></c></row>',
      [[3, '1']],
    ],
    ['reads what comes without any style', '<row><c s="99"><v>1</v></c></row>', [[1, '1']]],
  ] as const) {
    it(why, async () => {
      assert.deepEqual(
        await readSheet({ sheets: [{ xml }], styles: STYLES, strings: '<si><t>Zoë</t></si><si><t>Ana &amp; Co</t></si>' }),
        rows,
      )
    })
  }

  it('reads tags with a prefix, as some systems write them', async () => {
    const xml =
      '<?xml version="1.0"?><x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1" t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>'
    assert.deepEqual(await readSheet({ sheets: [{ xml }] }), [[1, 'a']])
  })

  it('reads a sheet in UTF-16', async () => {
    const xml = Buffer.from(
      '\ufeff<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData><row><c t="str"><v>Zoë</v></c></row></sheetData></worksheet>',
      'utf16le',
    )
    assert.deepEqual(await readSheet({ sheets: [{ xml: '' }], parts: { 'xl/worksheets/sheet1.xml': xml } }), [[1, 'Zoë']])
  })

  it('counts days from 1904 where the workbook does', async () => {
    const [row] = await readSheet({
      sheets: [{ xml: '<row><c s="2"><v>44074</v></c></row>' }],
      styles: STYLES,
      properties: '<workbookPr date1904="1"/>',
    })
    assert.deepEqual(row, [1, { text: '2024-09-01', odd: 'date' }])
  })

  it('takes a nought for no result where it says that it was not calculated', async () => {
    const [row] = await readSheet({
      sheets: [{ xml: '<row><c><f>A9</f><v>0</v></c><c><v>0</v></c><c><f>1+1</f><v>2</v></c></row>' }],
      properties: '<calcPr calcId="124519" fullCalcOnLoad="1"/>',
    })
    assert.deepEqual(row, [1, { text: '', odd: 'no_value' }, '0', '2'])
  })

  it('lists its sheets with their names and says which are hidden', async () => {
    const sheets = [
      { name: 'A &amp; B', xml: '' },
      { name: 'Lists', state: 'hidden', xml: '' },
      { name: 'Code', state: 'veryHidden', xml: '' },
    ] as const
    const found = await withWorkbook({ sheets }, async (all) => all.map(({ name, hidden }) => [name, hidden]))
    assert.deepEqual(found, [
      ['A & B', false],
      ['Lists', true],
      ['Code', true],
    ])
  })

  it('counts filled cells past the column limit and does not keep them', async () => {
    const rows = await withWorkbook(
      { sheets: [{ xml: '<row><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c><c r="XFE1" s="1"/></row>' }] },
      rowsOf,
    )
    assert.deepEqual(rows, [{ number: 1, cells: ['1'], more: 1 }])
  })

  it('cuts a cell of a megabyte behind the cell limit, inline and shared', async () => {
    const long = 'x'.repeat(1_048_576)
    const xml = `<row><c t="inlineStr"><is><t>${long}</t></is></c><c t="s"><v>0</v></c></row>`
    const [row] = await readSheet({ sheets: [{ xml }], strings: `<si><t>${long}</t></si>` })
    assert.deepEqual(
      row?.slice(1).map((cell) => String(cell).length),
      [32_768, 32_768],
    )
  })

  it('gives back the texts that were put in, whatever they are', async () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'é', '🎓', '&', '<', '>', '"', ']', '_x', ' '),
      minLength: 1,
      maxLength: 10,
    })
    const rows = fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 10 })
    await fc.assert(
      fc.asyncProperty(rows, async (cells) => {
        const wanted = cells.map((row, i) => [i + 1, ...row]).filter(([, ...row]) => row.some((one) => String(one).trim() !== ''))
        assert.deepEqual(await readSheet({ sheets: [{ xml: rowsXml(cells) }] }), wanted)
      }),
      { numRuns: 30 },
    )
  })

  const GOOD = { sheets: [{ xml: rowsXml([['a']]) }] }
  for (const [why, code, options, limits] of [
    [
      'with a DOCTYPE in a sheet',
      'format_invalid',
      { sheets: [{ xml: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet/>' }] },
      {},
    ],
    [
      'with a DOCTYPE in its list of sheets',
      'format_invalid',
      { ...GOOD, parts: { 'xl/workbook.xml': '<!DOCTYPE x><workbook/>' } },
      {},
    ],
    ['with a DOCTYPE in its texts', 'format_invalid', { ...GOOD, parts: { 'xl/sharedStrings.xml': '<!DOCTYPE x><sst/>' } }, {}],
    ['whose list of sheets is no XML', 'format_invalid', { ...GOOD, parts: { 'xl/workbook.xml': '<workbook><sheets>' } }, {}],
    ['without sheets', 'format_invalid', { ...GOOD, parts: { 'xl/workbook.xml': '<workbook/>' } }, {}],
    [
      'whose sheet is listed and not there',
      'format_invalid',
      { ...GOOD, parts: { 'xl/_rels/workbook.xml.rels': '<Relationships/>' } },
      {},
    ],
    [
      'whose sheet ends in the middle',
      'format_invalid',
      { sheets: [{ xml: '<?xml version="1.0"?><worksheet><sheetData><row>' }] },
      {},
    ],
    [
      'whose cell shows a text that is not there',
      'format_invalid',
      { sheets: [{ xml: '<row><c t="s"><v>7</v></c></row>' }] },
      {},
    ],
    ['whose cell has no place', 'format_invalid', { sheets: [{ xml: '<row><c r="12"><v>7</v></c></row>' }] }, {}],
    ['with too many texts', 'inflation_limit', { ...GOOD, strings: '<si/>'.repeat(11) }, { sharedStrings: 10 }],
    [
      'with too large texts',
      'inflation_limit',
      { ...GOOD, strings: '<si><t>abcdef</t></si>'.repeat(3) },
      { sharedStringBytes: 17 },
    ],
    ['with millions of texts in a few kilobytes', 'inflation_limit', { ...GOOD, strings: '<si/>'.repeat(3_000_000) }, {}],
    [
      'with a cell of 12 million letters',
      'inflation_limit',
      { sheets: [{ xml: `<row><c t="str"><v>${'x'.repeat(12_000_000)}</v></c></row>` }] },
      {},
    ],
  ] as const satisfies readonly (readonly [string, FileCode, WorkbookOptions, Partial<FileLimits>])[]) {
    it(`is refused ${why}: ${code}`, async () => {
      await assert.rejects(withWorkbook(options, rowsOf, limits), (error) => error instanceof FileRefused && error.code === code)
    })
  }

  it('whose sheet has another checksum is refused, though all of its rows can be read', async () => {
    const looks = '<mergeCell ref="A1:B1"/>'.repeat(10_000)
    const xml = `<?xml version="1.0"?><worksheet><sheetData>${rowsXml([['netid'], ['1']])}</sheetData>${looks}</worksheet>`
    const bytes = await workbook({ sheets: [{ xml }] })
    // In the directory, 30 bytes before the name of the part (APPNOTE 4.3.12).
    const at = bytes.lastIndexOf('xl/worksheets/sheet1.xml') - 30
    bytes.writeUInt32LE((bytes.readUInt32LE(at) ^ 1) >>> 0, at)
    await assert.rejects(withFile(bytes, rowsOf), { code: 'format_invalid', message: /checksum/ })
  })

  it('that is cut anywhere is refused, or reads to its end: nothing else happens', async () => {
    const whole = await workbook({
      sheets: [
        {
          xml: rowsXml([
            ['netid', 'email'],
            ['1', 'a@b.c'],
          ]),
        },
      ],
      styles: STYLES,
    })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 4, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }), async (at, byte) => {
        const broken = Buffer.from(whole)
        broken[at] = byte
        await readsOrRefuses(whole.subarray(0, at))
        await readsOrRefuses(broken)
      }),
      { numRuns: 100 },
    )
  })
})

async function readsOrRefuses(bytes: Buffer): Promise<void> {
  try {
    await withFile(bytes, rowsOf)
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
  }
}

async function readSheet(options: WorkbookOptions) {
  return (await withWorkbook(options, rowsOf)).map(({ number, cells }) => [number, ...cells])
}

async function rowsOf([sheet]: readonly Sheet[]): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of sheet?.rows() ?? []) rows.push(...batch)
  return rows
}

async function withWorkbook<T>(
  options: WorkbookOptions,
  use: (sheets: readonly Sheet[]) => Promise<T>,
  limits: Partial<FileLimits> = {},
) {
  return withFile(await workbook(options), use, limits)
}

async function withFile<T>(
  bytes: Buffer,
  use: (sheets: readonly Sheet[]) => Promise<T>,
  limits: Partial<FileLimits> = {},
): Promise<T> {
  await using folder = await temporaryFolder()
  await using source = await openXlsx(await folder.put('a.xlsx', bytes), { ...DEFAULT_LIMITS, ...limits })
  return await use(source.sheets)
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { openCsv } from './csv.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { hasStrayQuote } from './quotes.ts'
import type { Row } from './row.ts'

describe('delimited text', () => {
  for (const [why, text, rows] of [
    [
      'takes line ends of every kind, even mixed',
      'a,b\r\nc,d\ne,f\rg,h',
      [
        [1, 'a', 'b'],
        [2, 'c', 'd'],
        [3, 'e', 'f'],
        [4, 'g', 'h'],
      ],
    ],
    [
      'counts blank lines and hands none on',
      'a,b\n\n\r\n , \nc,d\n\n',
      [
        [1, 'a', 'b'],
        [5, 'c', 'd'],
      ],
    ],
    [
      'begins no new row at a quoted line break',
      'a,"b\r\nb\nb"\nc,d',
      [
        [1, 'a', 'b\r\nb\nb'],
        [2, 'c', 'd'],
      ],
    ],
    ['reads doubled quotation marks as one', '"a ""b"" c",""""\n', [[1, 'a "b" c', '"']]],
    ['takes a quotation mark within unquoted text for a letter', '="00042",5" pipe\n', [[1, '="00042"', '5" pipe']]],
    ['keeps white space around cells for whoever reads them', ' a , b\n', [[1, ' a ', ' b']]],
    [
      'leaves out nothing of a last line without an end',
      'a,b\nc,',
      [
        [1, 'a', 'b'],
        [2, 'c', ''],
      ],
    ],
    ['keeps a NUL where it is', 'a,b\0b\n', [[1, 'a', 'b\0b']]],
  ] as const) {
    it(why, async () => {
      assert.deepEqual(await read(text), rows)
    })
  }

  it('refuses the row of a quotation mark that is closed in the middle of a cell, and reads on', async () => {
    assert.deepEqual(await faults('a,b\n"Ada "The" L",x\nc,d\n"""Ada"" L",x\n'), [[1], [2, 'quote_stray'], [3], [4]])
  })

  it('counts the lines that a quotation mark has swallowed which is closed in the middle of a later cell', async () => {
    await using source = await openText('a,b\n"Ada,1\r\nc,d\re,"f",g\n')
    const [, row] = await rowsOf(source)
    assert.deepEqual([row?.fault, row?.lines], ['quote_stray', 3])
  })

  it('refuses the row of a quotation mark behind a space, which guards no delimiter', async () => {
    assert.deepEqual(await faults('a,b\n1, "c, d"\n2, "e"\n" ""f""",5 "\n"g, ""h""",i\n'), [
      [1],
      [2, 'quote_stray'],
      [3, 'quote_stray'],
      [4],
      [5],
    ])
  })

  it('ends where DOS ends a text', async () => {
    assert.deepEqual(await read('a,b\r\n1,2\r\n\x1a'), [
      [1, 'a', 'b'],
      [2, '1', '2'],
    ])
  })

  it('names the row where a quotation mark is opened that nothing closes, and keeps the rows above', async () => {
    assert.deepEqual(await faults('a,b\nc,"d\n\ne,f\n'), [[1], [2, 'quote_unclosed']])
  })

  it('stops at the record limit when a quotation mark has swallowed the rest', async () => {
    const rows = await faults(`a,b\nc,"d\n${'e,f\n'.repeat(50_000)}`, { recordBytes: 10_000 })
    assert.deepEqual(rows, [[1], [2, 'quote_unclosed']])
  })

  it('stops at a line without end, before its empty cells fill the memory', async () => {
    for (const limit of [{ recordBytes: 100_000 }, { recordCells: 100_000 }]) {
      const rows = await faults(`a,b\nc,d\n${','.repeat(300_000)}\ne,f\n`, limit)
      assert.deepEqual(rows, [[1], [2], [3, 'record_too_long']])
    }
  })

  it('does not take delimiters within quotation marks for cells', async () => {
    assert.deepEqual(await faults(`a,b\nc,"${','.repeat(300_000)}"\ne,f\n`, { recordCells: 100 }), [[1], [2], [3]])
  })

  it('cuts a cell of a megabyte behind the cell limit and reads on', async () => {
    const [, long, next] = await read(`a,b\n${'x'.repeat(1_048_576)},b\nc,d\n`)
    assert.equal(String(long?.[1]).length, DEFAULT_LIMITS.cellCharacters + 1)
    assert.deepEqual(next, [3, 'c', 'd'])
  })

  it('counts filled cells past the column limit and does not keep them', async () => {
    await using source = await openText('a,b,c,,d\n,,,,e\n,,,,\n', { columns: 2 })
    assert.deepEqual(await rowsOf(source), [
      { number: 1, cells: ['a', 'b'], more: 2 },
      { number: 2, cells: ['', ''], more: 1 },
    ])
  })

  for (const [delimiter, text] of [
    [';', 'a;b;c,d\n'],
    ['\t', 'a\tb\n'],
    ['|', 'a|b\n'],
    [',', '"a;x;y","b"\n'],
  ] as const) {
    it(`takes the delimiter by which the header looks best: ${JSON.stringify(delimiter)}`, async () => {
      await using source = await openText(text)
      assert.equal(source.delimiter, delimiter)
    })
  }

  it('obeys a sep= line, whatever it names, and counts it as a row', async () => {
    await using source = await openText('sep=^\r\na^b\r\n')
    assert.equal(source.delimiter, '^')
    assert.deepEqual(await rowsOf(source), [{ number: 2, cells: ['a', 'b'] }])
  })

  it('gives its rows again at each call', async () => {
    await using source = await openText('a,b\nc,d\n')
    assert.deepEqual(await rowsOf(source), await rowsOf(source))
  })

  it('reads back whatever is written by the book', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'é', '🎓', '"', ',', ';', '\n', '\r', ' ', "'", '='), maxLength: 6 })
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n', '\r'), async (rows, lineEnd) => {
        const text = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',')).join(lineEnd)
        const wanted = rows.flatMap((row, i) => (row.every((one) => one.trim() === '') ? [] : [[i + 1, ...row]]))
        assert.deepEqual(
          await read(`sep=,\n${text}`),
          wanted.map(([number, ...cells]) => [Number(number) + 1, ...cells]),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('reads any text at all without an error of its own', async () => {
    const any = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\t', '\n', '\r', '\0', 'é', '\ufffd'), maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(any, async (text) => void (await read(text))),
      { numRuns: 200 },
    )
  })
})

it('hasStrayQuote looks at closing quotation marks alone', () => {
  for (const [raw, stray] of [
    ['a,b', false],
    ['"a","b"\r\n', false],
    ['"a ""b"" c",d', false],
    ['a"b"c,d', false],
    ['"a"b,c', true],
    ['x,"a" ,c', true],
    ['"a', false],
  ] as const) {
    assert.equal(hasStrayQuote(raw, ','), stray, raw)
  }
})

/** The more cells begin with a, b, …, the better the header looks. */
function score(rows: readonly Row[]): number {
  return rows[0]?.cells.filter((cell, i) => typeof cell === 'string' && cell.startsWith(String.fromCharCode(97 + i))).length ?? 0
}

async function openText(text: string, limits: Partial<FileLimits> = {}) {
  const folder = await temporaryFolder()
  const path = await folder.put('a.csv', text)
  const source = await openCsv({
    path,
    encoding: { name: 'utf-8', markBytes: 0 },
    limits: { ...DEFAULT_LIMITS, ...limits },
    score,
  })
  return { ...source, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

async function rowsOf({ sheets }: Awaited<ReturnType<typeof openText>>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of sheets[0]?.rows() ?? []) rows.push(...batch)
  return rows
}

async function read(text: string) {
  await using source = await openText(text)
  return (await rowsOf(source)).map(({ number, cells }) => [number, ...cells] as const)
}

async function faults(text: string, limits: Partial<FileLimits> = {}) {
  await using source = await openText(text, limits)
  return (await rowsOf(source)).map(({ number, fault }) => (fault === undefined ? [number] : [number, fault]))
}

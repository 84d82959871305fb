/**
 * The 27 files of `test/fixtures/files`, as far as reading goes: what the file is, its header, the rows that cannot be
 * read. `expected.json` says how it is to be read; who is created and updated is judged further up.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import expected from '../../test/fixtures/files/expected.json' with { type: 'json' }
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { rowsXml, workbook } from '../../test/workbooks.ts'
import { faultsIn, flatChange } from '../directory/flat-change.ts'
import type { RowValues } from './cells.ts'
import { cellReader } from './cells.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { FileRefused } from './refusal.ts'
import type { Row } from './row.ts'
import { openTable } from './table.ts'

const FILES = new URL('../../test/fixtures/files/', import.meta.url).pathname
const HEADER = { required: ['email', 'first_name', 'last_name', 'account_type'], oneOf: [] }

/** What only the roll can tell. */
const OF_THE_ROLL = new Set(['key_conflict', 'required_missing', 'key_disagrees', 'key_held'])

type Expected = {
  readonly result: string
  readonly reason?: string
  readonly field?: string
  readonly header?: { readonly row: number; readonly columns: readonly (string | null)[] }
  readonly rows?: readonly { readonly row: number; readonly reason?: string; readonly field?: string }[]
  readonly warn?: string
}

describe('a flat file', () => {
  for (const { file, why, orElse = [], ...first } of expected.cases as (Expected & {
    file: string
    why: string
    orElse?: Expected[]
  })[]) {
    it(`${file}: ${why}`, async () => {
      await using folder = await temporaryFolder()
      const found = await readAll(`${FILES}${file}`, folder.path)
      const wanted = [first as Expected, ...orElse].map(readingOf)
      if (!wanted.slice(1).some((one) => isSame(found, one))) assert.deepEqual(found, wanted[0])
    })
  }
})

describe('a table', () => {
  for (const [file, notice] of [
    ['windows1252-semicolon.csv', /encoding was guessed/],
    ['sheets.xlsx', /"Users" was read; not read: "Lists" \(hidden\), "Read me", "More"/],
    ['unknown-columns.csv', /columns ignored.*"Favourite colour" \(column B\); column G; "Favourite colour" \(column H\)/],
  ] as const) {
    it(`tells what whoever sent ${file} should know`, async () => {
      await using table = await openTable(`${FILES}${file}`, { header: HEADER, temporary: '/nowhere' })
      assert.match(table.notices.join('\n'), notice)
    })
  }

  it('gives its rows again at each call, for a second pass', async () => {
    await using table = await openTable(`${FILES}typed.xlsx`, { header: HEADER, temporary: '/nowhere' })
    const numbers = async () => (await all(table.rows())).map(({ number }) => number)
    assert.deepEqual(await numbers(), [2, 3, 4, 5, 6, 8])
    assert.deepEqual(await numbers(), [2, 3, 4, 5, 6, 8])
  })

  const HEADINGS = 'email,first_name,last_name,account_type'
  for (const [why, code, text, limits] of [
    ['whose header stands too low', 'header_missing', `${'title\n'.repeat(20)}${HEADINGS}\n`, {}],
    ['of blank lines alone', 'file_empty', '\ufeff\n \r\n,,,\n', {}],
    ['with too many rows', 'limit_exceeded', `${HEADINGS}\n${'a@b.c,A,B,Student\n'.repeat(3)}`, { rows: 2 }],
    ['with too many columns', 'limit_exceeded', `${HEADINGS},x,y\n`, { columns: 5 }],
  ] as const) {
    it(`is refused ${why}: ${code}`, async () => {
      await using folder = await temporaryFolder()
      const path = await folder.put('a.csv', text)
      await assert.rejects(
        async () => {
          await using table = await openTable(path, { header: HEADER, limits, temporary: folder.path })
          for await (const _ of table.rows());
        },
        (error) => error instanceof FileRefused && error.code === code,
      )
    })
  }

  const row = (n: number) => `n${n}@uni.edu,Ana,Ode,Student,Rome`
  const rows = Array.from({ length: 20 }, (_, n) => row(n))
  for (const [why, lines, fault] of [
    ['has no line end and fewer cells than all above: the file was cut in it', [...rows, 'ana@un'], 'row_cut'],
    ['has a line end: it says less', [...rows, 'ana@uni.edu,Ana,Ode,Student', ''], undefined],
    ['has no line end and all cells', [...rows, row(20)], undefined],
    ['is below others that say less, too', ['bo@uni.edu,Bo,Ash,Student', ...rows, 'ana@uni.edu,Ana,Ode,Student'], undefined],
    ['is below few rows, by which it cannot be told', [...rows.slice(1), 'ana@uni.edu,Ana,Ode,Student'], undefined],
  ] as const) {
    it(`has a last row that ${why}`, async () => {
      await using folder = await temporaryFolder()
      const path = await folder.put('a.csv', ['email,first_name,last_name,account_type,city', ...lines].join('\n'))
      await using table = await openTable(path, { header: HEADER, temporary: folder.path })
      const found = (await all(table.rows())).filter((one) => one.fault !== undefined)
      assert.deepEqual(
        found.map((one) => [one.number, one.fault]),
        fault === undefined ? [] : [[22, fault]],
      )
    })
  }

  it('has its header in row 20 at the lowest, and may have 300 columns that nobody knows', async () => {
    await using folder = await temporaryFolder()
    const unknown = Array.from({ length: 300 }, (_, i) => `Extra ${i}`).join(',')
    const path = await folder.put('a.csv', `${'title\n'.repeat(19)}${HEADINGS},${unknown}\na@b.c,A,B,Student\n`)
    await using table = await openTable(path, { header: HEADER, temporary: folder.path })
    assert.equal(table.header.row, 20)
    assert.equal(table.header.columns.length, 304)
  })

  it('is the first visible sheet whose header is whole, though one before has half of it', async () => {
    await using folder = await temporaryFolder()
    const sheets = [
      { name: 'Notes', xml: rowsXml([['email', 'city']]) },
      { name: 'Hidden', state: 'hidden', xml: rowsXml([HEADINGS.split(',')]) },
      { name: 'People', xml: rowsXml([['Autumn'], HEADINGS.split(','), ['a@b.c', 'A', 'B', 'Student']]) },
    ] as const
    await using table = await openTable(await folder.put('a', await workbook({ sheets })), {
      header: HEADER,
      temporary: folder.path,
    })
    assert.deepEqual([table.sheet, table.header.row], ['People', 2])
  })

  it('without a whole header in any sheet says what the nearest one lacks', async () => {
    await using folder = await temporaryFolder()
    const sheets = [{ xml: rowsXml([['hello']]) }, { xml: rowsXml([['email', 'first_name', 'Lastnam']]) }]
    const path = await folder.put('a', await workbook({ sheets }))
    await assert.rejects(openTable(path, { header: HEADER, temporary: folder.path }), {
      code: 'header_missing_column',
      field: 'last_name',
      message: /no column for last_name, account_type; "Lastnam" \(column C\) is not known: did you mean last_name\?/,
    })
  })
})

async function all(batches: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of batches) rows.push(...batch)
  return rows
}

function isSame(found: unknown, wanted: unknown): boolean {
  try {
    assert.deepEqual(found, wanted)
    return true
  } catch {
    return false
  }
}

/** The rows that are named and what is wrong with them before anybody looks at the roll. */
async function readAll(path: string, temporary: string) {
  try {
    await using table = await openTable(path, { header: HEADER, temporary })
    const { row, columns } = table.header
    const read = cellReader(columns, DEFAULT_LIMITS)
    const rows = []
    for (const one of await all(table.rows())) {
      const { values, problems } = read(one)
      const [problem] = problems.length > 0 ? problems : meaningOf(values)
      rows.push({ row: one.number, reason: problem?.code, field: problem?.field })
    }
    return { result: 'processed', row, columns: columns.map(({ field }) => field ?? null), rows }
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    return { result: 'refused', reason: error.code, field: error.field }
  }
}

function meaningOf(values: RowValues['values']) {
  const institution = {
    _id: 'uni',
    institution: '*',
    version: '',
    name: 'Uni',
    created: 0,
    lastModified: 0,
    settings: expected.settings,
  }
  return faultsIn(flatChange(values, { institution: institution as never, source: 'file' }))
}

function readingOf({ result, reason, field, header, rows = [] }: Expected) {
  if (result === 'refused') return { result, reason, field: field ?? (reason === 'header_duplicate' ? 'first_name' : undefined) }
  const judged = rows.map(({ row, reason, field }) =>
    reason === undefined || OF_THE_ROLL.has(reason) ? { row, reason: undefined, field: undefined } : { row, reason, field },
  )
  return { result, row: header?.row, columns: header?.columns, rows: judged }
}

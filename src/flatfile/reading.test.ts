import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { rowsXml, workbook } from '../../test/workbooks.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Reading } from './reading.ts'
import { openReading } from './reading.ts'
import type { Row } from './row.ts'
import { runFile } from './run.ts'

const HEADER = ['netid', 'email', 'first_name', 'last_name', 'account_type', 'city']
/** With texts that make a file large enough for a thread of its own, even when they are packed. */
const ROWS = 30_000
const people = Array.from({ length: ROWS }, (_, n) => [`${n}`, `p${n}@uni.edu`, 'Ana', 'Ode', 'Student', noise(n)])
/** Somebody who comes again long after planning has begun. */
const withOneAgain = [...people, ['0', 'p0@uni.edu', 'Ana', 'King', 'Student', noise(0)]]
const csv = (rows: readonly (readonly string[])[]) => [HEADER, ...rows].map((row) => `${row.join(',')}\n`).join('')
const header = { required: ['netid', 'email'], oneOf: [] }

describe('a large file', () => {
  for (const format of ['csv', 'xlsx'] as const)
    it(`is read beside this thread, row by row as it stands there, when it is a .${format}`, async () => {
      await using folder = await temporaryFolder()
      const content = format === 'csv' ? csv(withOneAgain) : await workbookOf(withOneAgain)
      const path = await folder.put('people', content)
      await using reading = await openReading(path, optionsIn(folder.path))
      assert.equal(reading.count, undefined)
      assert.deepEqual(
        reading.head.header.columns.map(({ heading }) => heading),
        HEADER,
      )
      assert.equal(reading.asked.lastRowAfter('netid:0', 2), 0)
      const rows = await rowsOf(reading)
      for (const [n, cells] of withOneAgain.entries()) assert.deepEqual(rows[n], { number: n + 2, cells })
      assert.equal(reading.count, ROWS + 1)
      assert.equal(reading.asked.lastRow('userName:p0@uni.edu'), ROWS + 2)
      assert.equal(reading.asked.lastRow(`netid:${ROWS - 1}`), ROWS + 1)
      assert.equal(await reading.asked.wasWrong(), true)
    })

  it('that is broken further down is refused while its rows are taken', async () => {
    await using folder = await temporaryFolder()
    const path = await folder.put('people', csv(people))
    const limits = { ...DEFAULT_LIMITS, rows: ROWS - 1 }
    await using reading = await openReading(path, { ...optionsIn(folder.path), limits })
    await assert.rejects(rowsOf(reading), { name: 'FileRefused', code: 'limit_exceeded', message: /files\.limits\.rows/ })
  })

  it('whose header cannot be used is refused before that', async () => {
    await using folder = await temporaryFolder()
    const path = await folder.put('people', csv(people).replace('email', 'e-post'))
    const refused = { name: 'FileRefused', code: 'header_missing_column', field: 'email' }
    await assert.rejects(openReading(path, optionsIn(folder.path)), refused)
  })

  it('fails as its disk does', async () => {
    await using folder = await temporaryFolder()
    const path = await folder.put('people', csv(people))
    const options = { ...optionsIn(folder.path), spool: '/nowhere/at/all' }
    const read = async () => {
      await using reading = await openReading(path, options)
      await rowsOf(reading)
    }
    await assert.rejects(read, { code: 'ENOENT' })
  })

  it('that nobody wants any more is not read on', async () => {
    await using folder = await temporaryFolder()
    const path = await folder.put('people', csv(people))
    const reading = await openReading(path, optionsIn(folder.path))
    const [rows] = await Promise.allSettled([rowsOf(reading), reading[Symbol.asyncDispose]()])
    assert.equal(rows.status === 'rejected' && rows.reason.message, 'the thread that reads the file has ended')
  })

  it('makes one person of two rows, however far they are apart', async () => {
    await using store = await openSqlite({ path: temporaryFile('reading') })
    await using folder = await temporaryFolder()
    const file = { path: await folder.put('people.csv', csv(withOneAgain)), name: 'people.csv' }
    const institution = anInstitution()
    const { counts } = await runFile({ store, institution, file, run: 'r1', folder: folder.path, reports: [] })
    assert.deepEqual(counts, { created: ROWS, updated: 1, unchanged: 0, conflict: 0, invalid: 0 })
  })
})

function noise(seed: number): string {
  return [1, 2, 3].map((n) => createHash('sha512').update(`${seed} ${n}`).digest('base64').slice(0, 80)).join('')
}

function optionsIn(folder: string) {
  return { header, limits: DEFAULT_LIMITS, temporary: folder, spool: join(folder, 'rows'), onRows: () => {} }
}

async function rowsOf(reading: Reading): Promise<Row[]> {
  const all: Row[] = []
  for await (const rows of reading.rows()) all.push(...rows)
  return all
}

function workbookOf(rows: readonly (readonly string[])[]): Promise<Buffer> {
  return workbook({ sheets: [{ xml: rowsXml([HEADER, ...rows]) }] })
}

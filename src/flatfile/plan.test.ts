import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import fc from 'fast-check'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { apply } from '../directory/apply.ts'
import { SLICE } from '../directory/slice.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { Asked } from './asked.ts'
import { GarbledRows } from './garbled.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { Mentions } from './mentions.ts'
import { planFile } from './plan.ts'
import type { Reading } from './reading.ts'
import type { Row } from './row.ts'
import { rowReader } from './row-change.ts'
import type { PlannedVerdict } from './verdict.ts'

const columns = ['netid', 'email', 'first_name', 'last_name', 'account_type'].map((field) => ({ heading: field, field }))
const file = { source: 'file', mode: 'upsert', constants: {}, deactivateAfter: 3 } as const
const MOST_ROWS = 4 * SLICE

/** Rows in which each person comes once, but for some of whom one key, or both, come again. */
const again = fc.record({ from: fc.nat(3), to: fc.nat(MOST_ROWS), what: fc.constantFrom('netid', 'email', 'both') })
const rows = fc
  .record({ count: fc.integer({ min: 1, max: MOST_ROWS }), again: fc.array(again, { maxLength: 6 }) })
  .map(({ count, again }) => {
    const cells = Array.from({ length: count }, (_, n) => [`n${n}`, `e${n}@uni.edu`, 'Ana', 'Ode', 'Student'])
    for (const { from, to, what } of again) {
      const [one, other] = [cells[from % count] as string[], cells[to % count] as string[]]
      if (what !== 'email') other[0] = one[0] as string
      if (what !== 'netid') other[1] = one[1] as string
      if (to % 2 === 1) other[3] = `Of${to}`
    }
    return cells.map((row, n): Row => ({ number: n + 2, cells: row }))
  })

it('a plan that is made while the file is read says what one says that is made afterwards', async () => {
  await using store = await openSqlite({ path: temporaryFile('plan') })
  await using folder = await temporaryFolder()
  const known = fc.array(fc.record({ netid: fc.nat(MOST_ROWS), email: fc.nat(MOST_ROWS) }), { maxLength: 4 })
  const property = fc.asyncProperty(rows, known, fc.nat(2 * SLICE), fc.nat(MOST_ROWS), async (rows, known, ahead, whole) => {
    const institution = anInstitution()
    const changes = known.map(({ netid, email }) => aChange({ netid: `n${netid}`, email: `e${email}@uni.edu`, last: 'Old' }))
    await apply(store, institution, changes)
    const read = rowReader({ columns, limits: DEFAULT_LIMITS, file, sender: { institution, run: 'r' } })
    const planned = async (reading: Reading) => {
      const path = join(folder.path, 'plan')
      const watch = () => ({ garbled: new GarbledRows(columns), attendance: undefined })
      const more = { reading, path, watch, now: () => 0, onProgress: () => {} }
      const { tally } = await planFile({ store, institution, file, read, ...more })
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
      return { counts: tally.counts, lines: lines.map((line) => inShort(JSON.parse(line))) }
    }
    assert.deepEqual(await planned(readingOf(rows, ahead, whole)), await planned(readingOf(rows, 0, 0)))
  })
  await fc.assert(property, { numRuns: 100 })
})

/** An id that stands for nobody yet is another one each time. */
function inShort({ standsFor, ...verdict }: PlannedVerdict): object {
  return { ...verdict, comesAgain: standsFor !== undefined }
}

/**
 * @param ahead how many rows further the reading is than the planning
 * @param whole from which planned row on all is read
 */
function readingOf(rows: readonly Row[], ahead: number, whole: number): Reading {
  const asked = new Asked()
  const mentions = new Mentions()
  let noted = 0
  const noteUpTo = (count: number) => {
    for (; noted < Math.min(count, rows.length); noted++) {
      const { number, cells } = rows[noted] as Row
      for (const name of [`netid:${cells[0]}`, `email:${cells[1]}`]) if (mentions.add(name, number) > 0) asked.note(name, number)
    }
  }
  const complete = () => {
    noteUpTo(rows.length)
    asked.complete(mentions.parts)
  }
  if (whole === 0) complete()
  return {
    head: { format: 'csv', header: { row: 1, columns }, notices: [] },
    asked,
    count: undefined,
    async *rows() {
      for (let from = 0; from < rows.length; from += 30) {
        noteUpTo(from + 30 + ahead)
        if (from >= whole) complete()
        yield rows.slice(from, from + 30)
      }
      complete()
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

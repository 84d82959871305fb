import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { insertRun, lastRowsOf, moveRun, newRun, RunLost } from './run-record.ts'
import type { Summary } from './summary.ts'

const path = temporaryFile('matricula.db')
const by = { source: 'admin' } as const

describe('the last file of a name', () => {
  for (const [why, before, after, isSame] of [
    ['is one of the same name', 'people.csv', 'people.csv', true],
    ['is one of another day', 'sis-2026-11-24.csv', 'sis-2026-11-25.csv', true],
    ['is one of another day and time, in any case', 'SIS 20261124 0300.csv', 'sis 20261125 0301.csv', true],
    ['is one of another day as it is written elsewhere', '24.11.2026.csv', '25.11.2026.csv', true],
    ['is no file of another number', 'part-1.csv', 'part-2.csv', false],
    ['is no file of another year', 'class-of-2026.csv', 'class-of-2027.csv', false],
  ] as const) {
    it(why, async () => {
      await using store = await openSqlite({ path })
      const institution = anInstitution()
      await insertRun(store, { ...newRun(before, 'processed', { institution, by }), summary: { rows: 60 } as Summary })
      await insertRun(store, { ...newRun(before, 'held', { institution, by }), summary: { rows: 3 } as Summary })
      assert.equal(await lastRowsOf(store, institution._id, after), isSame ? 60 : undefined)
    })
  }
})

describe('a run', () => {
  it('is moved on by one process alone', async () => {
    await using store = await openSqlite({ path })
    const run = await insertRun(store, newRun('people.csv', 'planning', { institution: anInstitution(), by }))
    await moveRun(store, run, { state: 'applying' })
    await assert.rejects(moveRun(store, run, { state: 'applying' }), RunLost)
  })
})

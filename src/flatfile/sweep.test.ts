import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { countingTrips } from '../../test/store-trips.ts'
import { temporaryFile } from '../../test/stores.ts'
import { DAY_MS } from '../days.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openFolders } from './folders.ts'
import { sweep } from './sweep.ts'

describe('what was gone through', () => {
  for (const [when, settings, days] of [
    ['400 days', {}, 400],
    ['as long as the institution says', { files: { keepDays: 30 } }, 30],
  ] as const) {
    it(`is kept ${when}, and its report as well`, async () => {
      const path = temporaryFile('roll.db')
      await using store = await openSqlite({ path })
      const institution = anInstitution(settings)
      const folders = await openFolders(dirname(path), institution._id)
      const kept = [folders.archive, folders.reports]
      for (const folder of kept) {
        writeFileSync(join(folder, '2026-11-24T030000.000Z_people.csv'), '')
        mkdirSync(join(folder, 'of somebody else'))
      }
      for (const [age, left] of [
        [days - 1, 2],
        [days + 1, 1],
      ] as const) {
        await sweep({ store, institution, folders, now: () => Date.now() + age * DAY_MS })
        assert.deepEqual(
          kept.map((folder) => readdirSync(folder).length),
          [left, left],
        )
      }
    })
  }
})

describe('what runs have left behind', () => {
  it('is looked up together, and goes where nobody knows the run', async () => {
    const path = temporaryFile('roll.db')
    await using open = await openSqlite({ path })
    const { store, tripsOf } = countingTrips(open)
    const institution = anInstitution()
    const folders = await openFolders(dirname(path), institution._id)
    for (let n = 0; n < 20; n++) mkdirSync(join(folders.work, `run-${n}`))
    const { calls } = await tripsOf(() => sweep({ store, institution, folders }))
    assert.deepEqual(calls, ['lookUp runs'])
    assert.deepEqual(readdirSync(folders.work), [])
  })
})

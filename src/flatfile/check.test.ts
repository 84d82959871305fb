import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openChecks } from './check.ts'
import { newRun } from './run-record.ts'

it('the check of a file is not behind all those of another institution', async () => {
  await using store = await openSqlite({ path: temporaryFile('roll.db') })
  // No folders can be made here, so that each check tells when its turn came.
  const dataDir = temporaryFile('no-folder')
  writeFileSync(dataDir, '')
  const by = { source: 'file' } as const
  for (const id of ['north', 'south']) await createInstitution(store, { id, name: id, by, now: Date.now() })
  const order: string[] = []
  await using checks = openChecks({ store, dataDir, onFailure: (institution) => order.push(institution) })
  const ask = (id: string, file: string) =>
    checks.ask(newRun(file, 'waiting', { institution: { _id: id, institution: id, version: '' }, by }))
  for (let n = 0; n < 20; n++) ask('north', `${n}.csv`)
  ask('south', 'people.csv')
  await checks.idle()
  assert.equal(order.length, 21)
  assert.ok(order.indexOf('south') < 5, order.join())
})

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openAbsences } from './absences.ts'

it('an absence counts on from the file before alone, and a file that is gone through again counts once', async () => {
  await using store = await openSqlite({ path: temporaryFile('absences.db') })
  const open = (run: string, source: 'file:sis' | 'file:crm' = 'file:sis') =>
    openAbsences({ store, institution: { _id: 'uni' }, source, run, now: Date.now })
  const counted = async (run: string, ...users: string[]) => [...(await (await open(run)).countedWith(users)).values()]
  for (const [run, missed] of [
    ['run-1', { ada: 1, bob: 1 }],
    ['run-2', { ada: 2, eve: 1 }],
  ] as const) {
    const absences = await open(run)
    assert.equal(absences.isFirst, run === 'run-1')
    await absences.note(new Map(Object.entries(missed)))
    await absences.close()
  }
  assert.equal((await open('run-2')).isFirst, false)
  assert.deepEqual(await counted('run-2', 'ada', 'bob', 'eve', 'new'), [2, 2, 1, 1])
  assert.deepEqual(await counted('run-3', 'ada', 'bob', 'eve', 'new'), [3, 1, 2, 1])
  assert.equal((await open('run-3', 'file:crm')).isFirst, true)
})

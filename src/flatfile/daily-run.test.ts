import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { getInstitution } from '../directory/institution.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import type { Rounds } from '../jobs/rounds.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { openDailyRun } from './daily-run.ts'
import { openFolders } from './folders.ts'
import { receive } from './receive.ts'

const path = temporaryFile('roll.db')
const dataDir = dirname(path)
const PEOPLE = 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\n'
const MADE = Date.parse('2026-03-27T12:00:00Z')

describe('the daily run', () => {
  it('goes through files that wait when their time has come, and not before', async () => {
    await using test = await open('north', '2026-03-28T05:59:00Z')
    await test.upload('people.csv')
    await test.run.look()
    assert.deepEqual(test.done, [])
    test.at('2026-03-28T06:00:00Z')
    await test.run.look()
    await test.upload('late.csv')
    await test.run.look()
    assert.deepEqual(test.done, ['people.csv'])
    // Clocks are put forward that night.
    test.at('2026-03-29T05:00:00Z')
    await test.run.look()
    assert.deepEqual(test.done, ['people.csv', 'late.csv'])
  })

  it('catches up with days that it missed, once', async () => {
    await using test = await open('south', '2026-03-28T01:00:00Z')
    await test.upload('people.csv')
    test.at('2026-04-02T03:00:00Z')
    await test.run.look()
    await test.run.look()
    assert.deepEqual(test.done, ['people.csv'])
  })

  it('is done by one of two processes that look at once', async () => {
    await using one = await open('west', '2026-03-28T01:00:00Z')
    await using other = await open('west', '2026-03-28T01:00:00Z')
    await one.upload('people.csv')
    for (const test of [one, other]) test.at('2026-03-28T09:00:00Z')
    await Promise.all([one.run.look(), other.run.look()])
    assert.deepEqual([...one.done, ...other.done], ['people.csv'])
  })
})

async function open(id: string, time: string) {
  const opened = new AsyncDisposableStack()
  const store: Store = opened.use(await openSqlite({ path }))
  const settings = { files: { runAt: '07:00', timeZone: 'Europe/Berlin' } }
  await createInstitution(store, { id, name: id, settings, by: { source: 'admin' }, now: MADE })
  const institution = await getInstitution(store, id)
  assert.ok(institution)
  let now = Date.parse(time)
  const done: string[] = []
  const run: Rounds = opened.use(
    openDailyRun({
      store,
      dataDir,
      now: () => now,
      everyMs: 2_000_000_000,
      onSummary: (owner, { file, result }) => {
        if (owner === id && result === 'processed') done.push(file)
      },
      onFailure: (_, error) => assert.fail(String(error)),
    }),
  )
  return {
    run,
    done,
    at: (next: string) => {
      now = Date.parse(next)
    },
    async upload(file: string) {
      const folders = await openFolders(dataDir, id)
      const by = { source: 'file' } as const
      const { kind } = await receive(Readable.from([Buffer.from(PEOPLE)]), file, { store, institution, folders, by })
      assert.equal(kind, 'waiting')
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

import assert from 'node:assert/strict'
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { getInstitution } from '../directory/institution.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import type { FileSettings } from '../directory/settings.ts'
import type { Rounds } from '../jobs/rounds.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { openDailyRun } from './daily-run.ts'
import { openFolders } from './folders.ts'
import { receive } from './receive.ts'

const path = temporaryFile('roll.db')
const dataDir = dirname(path)
const PEOPLE = 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\n'
/** Tests look themselves. */
const EVERY_MS = 2_000_000_000
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

  it('fetches files when their time has come, once, and goes through them with those that are here', async () => {
    let fetches = 0
    await using test = await open('fetches', '2026-03-28T05:59:00Z', async (fetched) => {
      fetches++
      await fetched('fetched.csv')
    })
    await test.upload('people.csv')
    await test.run.look()
    assert.equal(fetches, 0)
    test.at('2026-03-28T06:00:00Z')
    await test.run.look()
    await test.run.look()
    assert.deepEqual([fetches, test.done], [1, ['people.csv', 'fetched.csv']])
  })

  it('waits for no word that a file is whole when it was fetched, which says so', async () => {
    await using test = await open('said', '2026-03-28T09:00:00Z', (fetched) => fetched('fetched.csv'), { waitForDone: true })
    await test.upload('people.csv')
    await test.run.look()
    assert.deepEqual(test.done, ['fetched.csv'])
  })

  it('has no second run of a file that was fetched', async () => {
    const twice = async (fetched: (file: string) => Promise<void>) => {
      await fetched('fetched.csv')
      await assert.rejects(fetched('fetched.csv'), /could not be stored: duplicate/)
    }
    await using test = await open('once', '2026-03-28T09:00:00Z', twice)
    await test.run.look()
    assert.deepEqual(test.done, ['fetched.csv'])
  })

  it('goes through the other files where one cannot be read, and tries that one again', async () => {
    await using test = await open('broken', '2026-03-28T09:00:00Z')
    test.mayFail()
    await test.upload('bad.csv')
    await test.upload('people.csv')
    const { upload, work } = await openFolders(dataDir, 'broken')
    await rm(join(upload, 'bad.csv'))
    await mkdir(join(upload, 'bad.csv'))
    await test.run.look()
    await test.run.look()
    assert.deepEqual([test.done, test.failures], [['people.csv'], ['EISDIR', 'EISDIR']])
    assert.deepEqual(test.toldFailed, [['bad.csv']])
    const [run = ''] = await readdir(work)
    await rmdir(join(work, run, 'file'))
    await writeFile(join(work, run, 'file'), PEOPLE)
    await test.run.look()
    assert.deepEqual(test.done, ['people.csv', 'bad.csv'])
  })

  it('is done when a machine wakes that was asleep at its time', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    await using test = await open('east', '2026-03-28T05:59:30Z')
    await test.upload('people.csv')
    await test.run.look()
    assert.deepEqual(test.done, [])
    // No timer goes on in a machine that sleeps; the next one finds a clock that went on without it.
    test.at('2026-03-28T09:12:00Z')
    t.mock.timers.tick(EVERY_MS)
    await test.oneDone
    assert.deepEqual(test.done, ['people.csv'])
  })

  it('goes on every day when the clock of the machine was years ahead for a while', async () => {
    await using test = await open('ahead', '2031-03-28T09:00:00Z')
    await test.run.look()
    test.at('2026-03-29T09:00:00Z')
    await test.run.look()
    await test.upload('people.csv')
    await test.run.look()
    assert.deepEqual(test.done, [])
    test.at('2026-03-30T09:00:00Z')
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

type Fetch = (upload: (file: string) => Promise<void>) => Promise<void>

async function open(id: string, time: string, fetch: Fetch = async () => {}, files: FileSettings = {}) {
  const opened = new AsyncDisposableStack()
  const store: Store = opened.use(await openSqlite({ path }))
  const settings = { files: { runAt: '07:00', timeZone: 'Europe/Berlin', ...files } }
  await createInstitution(store, { id, name: id, settings, by: { source: 'admin' }, now: MADE })
  const institution = await getInstitution(store, id)
  assert.ok(institution)
  let now = Date.parse(time)
  const done: string[] = []
  let failures: string[] | undefined
  const toldFailed: string[][] = []
  const oneDone = Promise.withResolvers<void>()
  const take = async (file: string, about: { fetched?: string } = {}) => {
    const folders = await openFolders(dataDir, id)
    const by = { source: 'file' } as const
    const { kind } = await receive(Readable.from([Buffer.from(PEOPLE)]), file, { store, institution, folders, by, ...about })
    assert.equal(kind, 'waiting')
  }
  const fetched = (file: string) => take(file, { fetched: `sis/${file}` })
  const run: Rounds = opened.use(
    openDailyRun({
      store,
      dataDir,
      now: () => now,
      everyMs: EVERY_MS,
      fetch: async ({ _id }) => (_id === id ? await fetch(fetched) : undefined),
      onSummary: (owner, { file, result }) => {
        if (owner !== id || result !== 'processed') return
        done.push(file)
        oneDone.resolve()
      },
      onFailure: (_, error) => {
        if (failures === undefined) assert.fail(String(error))
        failures.push((error as { readonly code: string }).code)
      },
      async onDone({ _id }, { failed }) {
        if (_id === id) toldFailed.push(failed.map(({ file }) => file))
      },
    }),
  )
  return {
    run,
    done,
    /** Of each day. */
    toldFailed,
    get failures() {
      return failures
    },
    mayFail() {
      failures = []
    },
    oneDone: oneDone.promise,
    at: (next: string) => {
      now = Date.parse(next)
    },
    upload: (file: string) => take(file),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

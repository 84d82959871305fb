import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { aChange, anInstitution } from '../../test/builders.ts'
import { forEachStore, temporaryFile } from '../../test/stores.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { apply } from '../directory/apply.ts'
import { allDocs } from '../directory/each-doc.ts'
import type { User } from '../directory/user.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { runFile } from './run.ts'

describe('a run', () => {
  it('tells of letters that a wrong encoding has made, and stores them as they stand', async () => {
    await using store = await openSqlite({ path: temporaryFile('run') })
    await using folder = await temporaryFolder()
    const table = 'email,first_name,last_name,account_type\nada@uni.edu,Ada,MÃ¼ller,Student\nbo@uni.edu,Bo,Müller,Student\n'
    const file = { path: await folder.put('people.csv', table), name: 'people.csv' }
    const { counts, notices } = await runFile({
      store,
      institution: anInstitution(),
      file,
      run: 'r1',
      folder: folder.path,
      reports: [],
    })
    assert.equal(counts.created, 2)
    assert.match(notices.join(), /^letters like those of UTF-8 .* in rows: 1 \("MÃ¼ller" in row 2/)
  })
})

await forEachStore((name, place) => {
  describe(`a run whose people have come another way since it was planned, on ${name}`, () => {
    const { open } = place()

    it('finds those, and makes the others as of the moment at which they are written', async () => {
      await using store = await open()
      await using folder = await temporaryFolder()
      const institution = anInstitution()
      const rows = ['1,ada@uni.edu,Ada,King,Student', '2,bo@uni.edu,Bo,Ode,Student', '3,cy@uni.edu,Cy,Fox,Student']
      const table = ['netid,email,first_name,last_name,account_type', ...rows, ''].join('\n')
      const report = join(folder.path, 'report.ndjson')
      let now = 1000
      const { counts } = await runFile({
        store,
        institution,
        file: { path: await folder.put('people.csv', table), name: 'people.csv' },
        run: 'r1',
        folder: folder.path,
        reports: [report],
        now: () => now,
        onPlanned: async () => {
          now = 2000
          const others = [aChange({ netid: '1' }), aChange({ netid: '9', email: 'bo@uni.edu', first: 'Bob', last: 'Old' })]
          await apply(store, institution, others, { now: () => now })
        },
      })
      assert.deepEqual(counts, { created: 1, updated: 1, unchanged: 0, conflict: 1, invalid: 0 })
      const told = readFileSync(report, 'utf8').trimEnd().split('\n')
      assert.deepEqual(
        told.map((line) => JSON.parse(line)).map(({ matched_on, problems }) => matched_on ?? problems[0]?.code ?? null),
        ['netid', 'key_disagrees', null],
      )
      const [made] = (await store.lookUp('users', institution._id, { keys: { netid: ['3'] } })) as User[]
      assert.deepEqual([made?.created, made?.lastModified, made?.provenance.map(({ at }) => at)], [2000, 2000, [2000]])
      const where = { op: 'eq', path: 'run', value: 'r1' } as const
      const events = await allDocs(store, 'events', institution._id, where)
      assert.deepEqual(
        events.map(({ row, kind, at }) => [row, kind, at]),
        [
          [4, 'user.created', 2000],
          [2, 'user.updated', 2000],
        ],
      )
    })
  })
})

describe('a run of a file whose netids have lost their zeros', () => {
  it('tells of them', async () => {
    await using store = await openSqlite({ path: temporaryFile('run') })
    await using folder = await temporaryFolder()
    const institution = anInstitution()
    let files = 0
    const notices = async (...rows: string[]) => {
      const path = await folder.put('people.csv', ['netid,email,first_name,last_name,account_type', ...rows, ''].join('\n'))
      const file = { path, name: 'people.csv' }
      const run = `r${++files}`
      return (await runFile({ store, institution, file, run, folder: folder.path, reports: [] })).notices
    }
    assert.deepEqual(await notices('0042,ada@uni.edu,Ada,King,Student', '0043,bo@uni.edu,Bo,Ode,Student'), [])
    assert.deepEqual(await notices('44,bo@uni.edu,Bo,Ode,Student'), [])
    assert.match((await notices('42,ada@uni.edu,Ada,King,Student')).join(), /in rows: 1 \("42" in row 2, on the roll "0042"\)/)
  })
})

describe('a run that is refused', () => {
  for (const [when, more, told] of [
    ['at first', {}, false],
    [
      'when it goes on after it was interrupted, since the settings are others',
      { planned: { rows: 1, deactivated: 0, keysChanged: 0 } },
      true,
    ],
  ] as const) {
    it(`${when}, ${told ? 'says that something may be done' : 'has no notice'}`, async () => {
      await using store = await openSqlite({ path: temporaryFile('run') })
      await using folder = await temporaryFolder()
      const file = { path: await folder.put('people.csv', 'what,ever\n1,2\n'), name: 'people.csv' }
      const page = join(folder.path, 'report.txt')
      const options = { store, institution: anInstitution(), file, run: 'r1', folder: folder.path, reports: [page] }
      const { result, notices } = await runFile({ ...options, ...more })
      assert.deepEqual([result, notices.length], ['rejected', told ? 1 : 0])
      assert.equal(/stays done/.test(readFileSync(page, 'utf8')), told)
    })
  }
})

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { temporaryFolder } from '../../test/workbooks.ts'
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

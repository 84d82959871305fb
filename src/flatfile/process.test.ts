import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { aChange, aResource } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { apply } from '../directory/apply.ts'
import { allDocs } from '../directory/each-doc.ts'
import { getInstitution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import type { Settings } from '../directory/settings.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { putCheck } from './check-page.ts'
import { openFolders } from './folders.ts'
import { goOn, heldRun, importFile, oneAtATime, unfinishedRuns } from './process.ts'
import { receive } from './receive.ts'
import { getRun, insertRun, newRun } from './run-record.ts'

const PEOPLE = 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\nbo@uni.edu,Bo,Ash,Pilot\n'
const BY = { source: 'file' } as const

describe('a run that dies', () => {
  it('over its report leaves no half of it in the reports', async () => {
    await using desk = await open(PEOPLE)
    await assert.rejects(
      desk.run((work) => rmSync(join(work, 'rows.ndjson'))),
      { code: 'ENOENT' },
    )
    assert.deepEqual(desk.reports(), [])
  })

  it('and goes on tells what was withheld of the rows that were done before', async () => {
    await using desk = await open('netid,email,city\nana1,ana@uni.edu,Oslo\n', {
      authority: { city: ['api', 'file'] },
      files: { sources: [{ pattern: '*', mode: 'update' }] },
    })
    await apply(desk.store, desk.institution, [
      aChange(
        { netid: 'ana1', email: 'ana@uni.edu' },
        { source: 'api', edit: () => ({ resource: { ...ANA, addresses: [{ type: 'work', locality: 'Rome' }] } }) },
      ),
    ])
    await assert.rejects(
      desk.run(() => assert.fail('died')),
      /died/,
    )
    assert.equal((await desk.run(() => {}))?.counts.updated, 1)
    const [table = ''] = desk.reports()
    assert.match(readFileSync(table, 'utf8'), /\r\nupdated,withheld,another source has the say over city,ana1,/)
  })

  it('and goes on counts who was deactivated or got another key before, and says why nobody was looked for', async () => {
    const rows = [
      'netid,email,first_name,last_name,account_type,account_status',
      'ana1,ana@new.edu,Ada,Ode,Student,inactive',
      '#REF!,,Bo,Ash,Student,active\n',
    ]
    await using desk = await open(rows.join('\n'), { files: { sources: [{ pattern: '*', mode: 'roster' }] } })
    await apply(desk.store, desk.institution, [
      aChange({ netid: 'ana1', email: 'ana@uni.edu' }, { source: 'api', edit: () => ({ resource: ANA }) }),
    ])
    await assert.rejects(
      desk.run(() => assert.fail('died')),
      /died/,
    )
    const summary = await desk.run(() => {})
    assert.deepEqual([summary?.deactivated, summary?.keysChanged, summary?.missing], [1, 1, null])
    assert.match(summary?.notices.join() ?? '', /nobody counts as missing from this file/)
  })

  it('before it had its copy of a file takes no other one of that name', async () => {
    await using desk = await open(PEOPLE)
    const imported = await insertRun(desk.store, newRun('people.csv', 'planning', desk))
    assert.equal(await oneAtATime(desk, () => goOn(imported, desk)), undefined)
    assert.equal((await getRun(desk.store, 'north', imported._id))?.state, 'abandoned')
    assert.equal((await desk.run(() => {}))?.rows, 2)
  })
})

describe('a run', () => {
  it('has in each event who stands behind its file', async () => {
    const by = { source: 'file:sis', credential: 'token1' } as const
    await using desk = await open(PEOPLE, {}, by)
    await desk.run(() => {})
    const events = await allDocs(desk.store, 'events', 'north', { op: 'eq', path: 'kind', value: 'user.created' })
    assert.partialDeepStrictEqual(events, [by])
  })

  for (const isApproved of [true, false]) {
    it(`of a file that was imported ${isApproved ? 'says who has approved it' : 'was approved by nobody'}`, async () => {
      await using desk = await open(PEOPLE)
      const path = join(desk.folders.upload, 'people.csv')
      const imported = { path, name: 'people.csv', isApproved, reports: [] }
      const summary = (await oneAtATime(desk, () => importFile(imported, desk))) ?? assert.fail()
      const run = await getRun(desk.store, 'north', summary.run)
      assert.deepEqual(run?.approvedBy, isApproved ? BY : undefined)
      assert.ok(existsSync(path), 'the file is left where it is')
    })
  }

  it('takes away what a check said would be done with its file', async () => {
    await using desk = await open(PEOPLE)
    await putCheck(desk.folders, 'people.csv', 'Nothing has been changed so far.')
    await desk.run(() => {})
    assert.ok(!desk.reports().some((path) => path.includes('.check.')))
  })

  it('has its turn however many wait, the oldest first', async () => {
    await using desk = await open(PEOPLE)
    const others = Array.from({ length: 1200 }, (_, n) => newRun(`${n}.csv`, 'waiting', desk))
    await desk.store.write(others.map((doc) => ({ collection: 'runs', op: 'insert', doc })))
    const files = (await unfinishedRuns(desk)).map(({ file }) => file)
    assert.deepEqual(files, ['people.csv', ...others.map(({ file }) => file)])
  })

  it('goes to the archive beside the held one whose place it takes, however quickly', async () => {
    await using desk = await open(PEOPLE)
    const held = await insertRun(desk.store, { ...newRun('people.csv', 'held', desk), isTaken: true })
    mkdirSync(join(desk.folders.work, held._id))
    writeFileSync(join(desk.folders.work, held._id, 'file'), 'held')
    await receive(Readable.from([Buffer.from(PEOPLE)]), 'people.csv', desk)
    const [run] = await unfinishedRuns(desk)
    await oneAtATime(desk, () => goOn(run ?? assert.fail(), { ...desk, now: () => Date.parse('2026-11-27T03:00:00Z') }))
    const { archive } = desk.folders
    assert.deepEqual(
      readdirSync(archive).map((name) => [name, readFileSync(join(archive, name), 'utf8')]),
      [
        ['2026-11-27T030000.000Z_people.csv', PEOPLE],
        ['2026-11-27T030000.001Z_people.csv', 'held'],
      ],
    )
  })

  it('that is held is the newest of its name', async () => {
    await using desk = await open(PEOPLE)
    await insertRun(desk.store, newRun('people.csv', 'held', desk))
    const { _id } = await insertRun(desk.store, newRun('people.csv', 'held', desk))
    await insertRun(desk.store, newRun('others.csv', 'held', desk))
    assert.equal((await heldRun('people.csv', desk))?._id, _id)
  })
})

const ANA = { ...aResource({ netid: 'ana1', email: 'ana@uni.edu' }) }

async function open(content: string, settings: Settings = {}, by: Actor = BY) {
  const path = temporaryFile('roll.db')
  const store = await openSqlite({ path })
  await createInstitution(store, { id: 'north', name: 'North', settings: settings as never, by: BY, now: Date.now() })
  const institution = await getInstitution(store, 'north')
  assert.ok(institution)
  const folders = await openFolders(dirname(path), 'north')
  const options = { store, institution, folders, by }
  await receive(Readable.from([Buffer.from(content)]), 'people.csv', options)
  return {
    ...options,
    /** @param onApplied called when rows are done, with the folder of the run */
    run: (onApplied: (work: string) => void) =>
      oneAtATime(options, async () => {
        const [run] = await unfinishedRuns(options)
        assert.ok(run)
        const onProgress = ({ step }: { readonly step: string }) =>
          step === 'applying' ? onApplied(join(folders.work, run._id)) : undefined
        return await goOn(run, { ...options, onProgress })
      }),
    reports: () => readdirSync(folders.reports).map((name) => join(folders.reports, name)),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { aChange, aResource } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { apply } from '../directory/apply.ts'
import type { Settings } from '../directory/institution.ts'
import { getInstitution } from '../directory/institution.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openFolders } from './folders.ts'
import { goOn, oneAtATime, unfinishedRuns } from './process.ts'
import { receive } from './receive.ts'

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
})

const ANA = { ...aResource({ netid: 'ana1', email: 'ana@uni.edu' }) }

async function open(content: string, settings: Settings = {}) {
  const path = temporaryFile('roll.db')
  const store = await openSqlite({ path })
  await createInstitution(store, { id: 'north', name: 'North', settings: settings as never, by: BY, now: Date.now() })
  const institution = await getInstitution(store, 'north')
  assert.ok(institution)
  const folders = await openFolders(dirname(path), 'north')
  const options = { store, institution, folders, by: BY }
  await receive(Readable.from([Buffer.from(content)]), 'people.csv', options)
  return {
    store,
    institution,
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

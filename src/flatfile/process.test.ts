import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { getInstitution } from '../directory/institution.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openFolders } from './folders.ts'
import { goOn, oneAtATime, unfinishedRuns } from './process.ts'
import { receive } from './receive.ts'

const PEOPLE = 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\nbo@uni.edu,Bo,Ash,Pilot\n'
const BY = { source: 'file' } as const

it('a run that dies over its report leaves no half of it in the reports', async () => {
  const path = temporaryFile('roll.db')
  await using store = await openSqlite({ path })
  await createInstitution(store, { id: 'north', name: 'North', by: BY, now: Date.now() })
  const institution = await getInstitution(store, 'north')
  assert.ok(institution)
  const folders = await openFolders(dirname(path), 'north')
  await receive(Readable.from([Buffer.from(PEOPLE)]), 'people.csv', { store, institution, folders, by: BY })
  const goThrough = (onApplied: (folder: string) => void) =>
    oneAtATime({ store, institution, folders, by: BY }, async () => {
      const [run] = await unfinishedRuns({ store, institution })
      assert.ok(run)
      const onProgress = ({ step }: { readonly step: string }) =>
        step === 'applying' ? onApplied(join(folders.work, run._id)) : undefined
      return await goOn(run, { store, institution, folders, by: BY, onProgress })
    })
  await assert.rejects(
    goThrough((folder) => rmSync(join(folder, 'rows.ndjson'))),
    { code: 'ENOENT' },
  )
  assert.deepEqual(readdirSync(folders.reports), [])
})

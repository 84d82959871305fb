/** What stands beside a file is of that file, whatever comes while its run goes on, is held or dies. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { getInstitution } from '../directory/institution.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import type { FileSettings } from '../directory/settings.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openFolders } from './folders.ts'
import { approveRun, goOn, heldRun, oneAtATime, unfinishedRuns } from './process.ts'
import { receive } from './receive.ts'

const HEADER = 'email,first_name,last_name,account_type'
const BY = { source: 'file' } as const

describe('what stands beside a file', () => {
  it('is not taken for what stands beside a later one, while that waits and this one is held', async () => {
    await using desk = await open()
    await desk.bring(table(30))
    desk.beside('people.csv.sha256', hashOf(table(30)))
    assert.equal(await desk.run(), 'processed')
    await desk.bring(table(15))
    desk.beside('people.csv.sha256', hashOf(table(15)))
    assert.deepEqual([await desk.run(), desk.aside()], ['held', []])
    await desk.bring(table(29))
    desk.beside('people.csv.sha256', hashOf(table(29)))
    assert.equal(await desk.approve(), 'processed')
    assert.deepEqual(desk.aside(), ['people.csv.sha256'])
    assert.deepEqual([await desk.run(), desk.aside()], ['processed', []])
  })

  it('is that of the file still when its run died and goes on', async () => {
    await using desk = await open({ waitForDone: true })
    await desk.bring(table(3))
    desk.beside('people.csv.sha256', hashOf(table(3)))
    desk.beside('people.csv.done', '')
    await assert.rejects(desk.run(true), /died/)
    await desk.bring(table(4))
    desk.beside('people.csv.sha256', hashOf(table(4)))
    assert.equal(await desk.run(), 'processed')
    assert.equal(await desk.run(), undefined)
    desk.beside('people.ok', '')
    assert.equal(await desk.run(), 'processed')
  })
})

function table(rows: number): string {
  return [HEADER, ...Array.from({ length: rows }, (_, n) => `n${n}@uni.edu,Ana,Ode${n},Student`), ''].join('\n')
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function open(files: FileSettings = {}) {
  const path = temporaryFile('roll.db')
  const store = await openSqlite({ path })
  await createInstitution(store, { id: 'north', name: 'North', settings: { files } as never, by: BY, now: Date.now() })
  const institution = await getInstitution(store, 'north')
  assert.ok(institution)
  const folders = await openFolders(dirname(path), 'north')
  const options = { store, institution, folders, by: BY }
  return {
    async bring(content: string) {
      const { kind } = await receive(Readable.from([Buffer.from(content)]), 'people.csv', options)
      assert.equal(kind, 'waiting')
    },
    beside: (name: string, content: string) => writeFileSync(join(folders.aside, name), content),
    aside: () => readdirSync(folders.aside),
    /** @returns what became of the oldest file; undefined when it still waits */
    async run(dies = false) {
      const onProgress = () => assert.ok(!dies, 'died')
      return await oneAtATime({ ...options, onProgress }, async (progress) => {
        const [run] = await unfinishedRuns(options)
        assert.ok(run)
        return (await goOn(run, { ...options, onProgress: progress }))?.result
      })
    },
    async approve() {
      return await oneAtATime(options, async () => {
        const run = await heldRun('people.csv', options)
        assert.ok(run)
        return (await approveRun(run, options)).result
      })
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

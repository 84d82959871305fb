import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import type { Institution } from '../directory/institution.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { filesApp } from './app.ts'
import { openFolders } from './folders.ts'
import { goOn, oneAtATime, unfinishedRuns } from './process.ts'

const PEOPLE = 'netid,email,first_name,last_name,account_type\n007,ana@uni.edu,Ana,Ode,Student\n'
const path = temporaryFile('roll.db')
const dataDir = dirname(path)

describe('PUT /institutions/:institution/files/:name', () => {
  const institution = anInstitution({ files: { limits: { fileBytes: 1000 } } })
  const told: string[] = []

  it('takes a file, which waits for the next run', async () => {
    await using store = await openSqlite({ path })
    const folders = await openFolders(dataDir, institution._id)
    for (const content of ['once\n', PEOPLE]) {
      const { status, body } = await put('people.csv', content)
      assert.deepEqual([status, body.file, body.bytes, body.state], [201, 'people.csv', content.length, 'waiting'])
    }
    assert.equal(readFileSync(`${folders.upload}/people.csv`, 'utf8'), PEOPLE)
    assert.deepEqual(told, ['people.csv', 'people.csv'])
    const processing = { store, institution, folders, by: { source: 'admin' } as const }
    const [run, ...others] = await unfinishedRuns(processing)
    assert.ok(run !== undefined && others.length === 0)
    const summary = await oneAtATime(processing, () => goOn(run, processing))
    assert.deepEqual([summary?.result, summary?.source, summary?.counts.created], ['processed', 'file:sis', 1])
    assert.deepEqual([readdirSync(folders.upload), readdirSync(folders.work)], [[], []])
    assert.match(readdirSync(folders.archive).join(), /^\S+_people\.csv$/)
    assert.match(readdirSync(folders.reports).join(), /^(\S+_people\.csv)\.csv,\1\.txt$/)
  })

  for (const [why, name, content, status] of [
    ['refuses a name that is no file of people', 'people.pdf', PEOPLE, 422],
    ['refuses a name that climbs out of its folder', '..%2Fpeople.csv', PEOPLE, 422],
    ['refuses a name of an unfinished file', '.people.csv', PEOPLE, 422],
    ['refuses a file without content', 'people.csv', '', 422],
    ['refuses a file past the limit', 'people.csv', 'x'.repeat(1001), 413],
    ['refuses a file that is packed for the way', 'people.csv', PEOPLE, 415],
    ['refuses whom it does not know', 'people.csv', PEOPLE, 401],
  ] as const) {
    it(`${why}, and keeps nothing`, async () => {
      const headers = { 'content-encoding': status === 415 ? 'gzip' : 'identity' }
      const { body, status: found } = await put(name, content, { isKnown: status !== 401, headers })
      assert.deepEqual([found, body.status], [status, status])
      const folders = await openFolders(dataDir, institution._id)
      assert.deepEqual(readdirSync(folders.upload), [])
    })
  }

  it('refuses a file that says it is past the limit before any of it has come', async () => {
    const body = new ReadableStream({ pull: () => assert.fail('it was read') }, { highWaterMark: 0 })
    const { status } = await put('people.csv', body, { headers: { 'content-length': '1001' } })
    assert.equal(status, 413)
  })

  it('refuses a form with the file in it, whose lines would be taken for rows', async () => {
    const form = new FormData()
    form.set('file', new File([PEOPLE], 'people.csv'))
    const { status, body } = await put('people.csv', form)
    assert.deepEqual([status, body.title], [415, 'This is not the file itself'])
    assert.deepEqual(readdirSync((await openFolders(dataDir, institution._id)).upload), [])
  })

  it('refuses what there is no room for before the next run, and keeps what waits', async () => {
    for (const quota of [{ bytes: 150 }, { files: 1 }]) {
      const bounded = { ...anInstitution({ sftp: { quota } }), _id: `full-${Object.keys(quota)}` }
      assert.equal((await put('a.csv', 'x'.repeat(100), { whose: bounded })).status, 201)
      const { status, body } = await put('b.csv', 'x'.repeat(100), { whose: bounded })
      assert.equal(status, 507)
      assert.match(String(body.detail), /no more room.*sftp\.quota/)
      assert.equal((await put('a.csv', 'x'.repeat(120), { whose: bounded })).status, 201)
      const { upload, incoming } = await openFolders(dataDir, bounded._id)
      assert.deepEqual([readdirSync(upload), readdirSync(incoming)], [['a.csv'], []])
    }
  })

  it('counts what others bring at the same time', async () => {
    const whose = anInstitution({ sftp: { quota: { bytes: 150 } } })
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const both = begun.map((own, index) => {
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(stream) {
            // Each is asked for its first piece only after it was found that there is room.
            own.resolve()
            await Promise.all(begun.map(({ promise }) => promise))
            stream.enqueue(new Uint8Array(100))
            stream.close()
          },
        },
        { highWaterMark: 0 },
      )
      return put(`${index}.csv`, body, { whose })
    })
    assert.deepEqual((await Promise.all(both)).map(({ status }) => status).sort(), [201, 507])
  })

  for (const [why, idleMs, ends, status] of [
    ['refuses what was sent on after its token had ended', 60_000, true, 401],
    ['gives up on a file that stops coming', 5, false, 408],
  ] as const) {
    it(`${why}, and keeps nothing`, async () => {
      await using store = await openSqlite({ path })
      const whose = anInstitution()
      let [now, isKnown] = [0, true]
      const admit = () => (isKnown ? admitted(whose) : REFUSED)
      const failed = (error: unknown) => assert.fail(String(error))
      const deps = { store, admit, dataDir, failed, idleMs, now: () => now }
      const app = new Hono().route('/institutions/:institution/files', filesApp(deps))
      const pieces = [PEOPLE.slice(0, 20), PEOPLE.slice(20)].map((text) => new TextEncoder().encode(text))
      const body = new ReadableStream<Uint8Array>({
        pull(stream) {
          const piece = pieces.shift()
          if (piece !== undefined) return stream.enqueue(piece)
          if (!ends) return
          now += 6000
          isKnown = false
          stream.close()
        },
      })
      const init = { method: 'PUT', body, duplex: 'half' } as const
      assert.equal((await app.request(`/institutions/${whose._id}/files/people.csv`, init)).status, status)
      const { upload, incoming } = await openFolders(dataDir, whose._id)
      assert.deepEqual([readdirSync(upload), readdirSync(incoming)], [[], []])
    })
  }

  async function put(
    name: string,
    content: string | FormData | ReadableStream,
    { isKnown = true, headers = {}, whose = institution } = {},
  ) {
    await using store = await openSqlite({ path })
    const admit = () => (isKnown ? admitted(whose) : REFUSED)
    const failed = (error: unknown) => assert.fail(String(error))
    const app = new Hono().route(
      '/institutions/:institution/files',
      filesApp({ store, admit, dataDir, failed, onWaiting: ({ file }) => told.push(file) }),
    )
    const answer = await app.request(`/institutions/${whose._id}/files/${name}`, {
      method: 'PUT',
      body: content,
      headers,
      duplex: 'half',
    })
    return { status: answer.status, body: (await answer.json()) as { readonly [member: string]: unknown } }
  }
})

function admitted(institution: Institution) {
  return { kind: 'ok', institution, source: 'file:sis', credential: 't1' } as const
}

const REFUSED = { kind: 'refused', status: 401, detail: 'a token is needed', headers: {} } as const

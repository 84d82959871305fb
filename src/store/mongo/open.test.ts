/** What a server is asked for, beside what the address says. */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Document } from 'mongodb'
import { startMongo } from '../../../test/mongo-server.ts'
import { documentOf, wireTo } from '../../../test/mongo-wire.ts'
import { aDoc, anInstitution } from '../contract/builders.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Store } from '../store.ts'
import { StoreError } from '../store.ts'
import { openMongo } from './open.ts'

const server = await startMongo()

const INSERT = 'insert\0\x06\0\0\0users\0'
const FIND = 'find\0\x06\0\0\0users\0'
const COUNT = 'count\0\x06\0\0\0users\0'

describe('MongoDB', { skip: 'missing' in server && server.missing }, () => {
  after(async () => {
    if (!('missing' in server)) await server.stop()
  })

  async function opened(query: string) {
    const uri = new URL('missing' in server ? '' : server.freshUri())
    const wire = await wireTo(uri.hostname, Number(uri.port || 27017))
    const store = await openMongo(`mongodb://127.0.0.1:${wire.port}${uri.pathname}?directConnection=true&${query}`)
    const close = async () => {
      await store[Symbol.asyncDispose]()
      wire.close()
    }
    return { wire, store, [Symbol.asyncDispose]: close }
  }

  const find = (store: Store) => store.find('users', 'demo', { where: EVERYTHING, limit: 1 })

  for (const [query, wtimeout] of [
    ['', 10_000],
    ['w=0&journal=false&wtimeoutMS=77&readConcernLevel=available&readPreference=secondary&maxStalenessSeconds=120', 77],
  ] as const) {
    it(`is asked for what is promised when the address says "${query}"`, async () => {
      await using it = await opened(query)
      const asked: Document[] = []
      const note = async (request: Buffer) => void asked.push(documentOf(request))
      it.wire.before(INSERT, note)
      await it.store.write([{ collection: 'users', op: 'insert', doc: aDoc(anInstitution()) }])
      it.wire.before(FIND, note)
      await find(it.store)
      const [insert, question] = asked
      assert.deepEqual(insert?.writeConcern, { w: 'majority', wtimeout, j: true })
      assert.deepEqual(question?.readConcern, { level: 'local' })
    })
  }

  it('is asked again, for a list and for its length alike, when the connection breaks', async () => {
    await using it = await opened('')
    it.wire.loseAnswer(FIND)
    assert.deepEqual(await find(it.store), [])
    it.wire.loseAnswer(COUNT)
    assert.equal(await it.store.count('users', 'demo', EVERYTHING), 0)
    assert.equal(it.wire.losses, 2)
  })

  it('is given up when its machine has lost its power', async () => {
    await using it = await opened('heartbeatFrequencyMS=500&serverSelectionTimeoutMS=500')
    it.wire.silence()
    const since = performance.now()
    await assert.rejects(find(it.store), (error) => error instanceof StoreError && error.fault === 'unavailable')
    assert.ok(performance.now() - since < 20_000)
  })
})

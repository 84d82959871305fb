import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Collection, Db } from 'mongodb'
import { MongoClient } from 'mongodb'
import { startMongo } from '../../../test/mongo-server.ts'
import { wireTo } from '../../../test/mongo-wire.ts'
import { aDoc, anEvent, anInstitution, next, shown } from '../contract/builders.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Doc, Store } from '../store.ts'
import type { Stored } from './documents.ts'
import { toStored } from './documents.ts'
import { openMongo } from './open.ts'
import { Outbox } from './outbox.ts'

const server = await startMongo()

describe('the outbox', { skip: 'missing' in server && server.missing }, () => {
  let uri: string
  let client: MongoClient
  let db: Db
  let store: Store

  before(async () => {
    uri = 'missing' in server ? '' : server.freshUri()
    store = await openMongo(uri)
    client = await new MongoClient(uri).connect()
    db = client.db()
  })
  after(async () => {
    await store?.[Symbol.asyncDispose]()
    await client?.close()
    if (!('missing' in server)) await server.stop()
  })

  const stored = (name: 'users' | 'events' | 'institutions'): Collection<Stored> => db.collection<Stored>(name)
  const eventsOf = (institution: string, where = store) => where.find('events', institution, { where: EVERYTHING, limit: 10 })

  /** What a process leaves that dies right after it has written a document. */
  async function leave(doc: Doc, events: readonly Doc[], how: { remove?: true; isCopied?: boolean } = {}): Promise<void> {
    const { remove, isCopied } = how
    const pending = { mark: doc.version, events: events.map(toStored), ...(remove ? { remove } : {}) }
    await stored('users').insertOne({ ...toStored(doc), _outbox: pending })
    if (isCopied) await stored('events').insertMany(events.map(toStored))
  }

  const takesAwayItself = !('missing' in server) && server.kind === 'mongodb' && 'MongoDB takes away what has expired by itself'
  it('is looked after together with what has expired', { skip: takesAwayItself }, async () => {
    const doc = aDoc(anInstitution(), { expires: Date.now() - 1 })
    await store.write([{ collection: 'idempotency', op: 'insert', doc }])
    assert.equal(await db.collection('idempotency').countDocuments(), 1)
    await using _ = await openMongo(uri)
    assert.equal(await db.collection('idempotency').countDocuments(), 0)
  })

  it('shows the event of a write whose process died before copying it', async () => {
    const doc = aDoc(anInstitution(), { search: { title: 'x' } })
    const event = anEvent(doc.institution)
    await leave(doc, [event])
    assert.deepEqual(await store.get('users', doc.institution, doc._id), shown(doc))
    assert.deepEqual(await eventsOf(doc.institution), [event])
    assert.deepEqual(await store.get('users', doc.institution, doc._id), shown(doc))
    assert.equal(await stored('users').countDocuments({ _outbox: { $exists: true } }), 0)
  })

  it('shows an event once when its process died between copying and clearing', async () => {
    const doc = aDoc(anInstitution())
    const event = anEvent(doc.institution)
    await leave(doc, [event], { isCopied: true })
    assert.deepEqual(await eventsOf(doc.institution), [event])
    assert.equal(await store.count('events', doc.institution, EVERYTHING), 1)
  })

  it('keeps the event of one write when the next write comes before it was copied', async () => {
    const doc = aDoc(anInstitution())
    const [one, two] = [anEvent(doc.institution, { _id: '1' }), anEvent(doc.institution, { _id: '2' })]
    const later = next(doc)
    await leave(doc, [one])
    const write = { collection: 'users', op: 'replace', doc: later, expected: doc.version, events: [two] } as const
    assert.deepEqual(await store.write([write]), [{ kind: 'ok' }])
    assert.deepEqual(await eventsOf(doc.institution), [one, two])
  })

  it('keeps the events of a document that is deleted or taken before they were copied', async () => {
    const [one, two] = [aDoc(anInstitution()), aDoc(anInstitution())]
    const events = [anEvent(one.institution), anEvent(two.institution)] as const
    await leave(one, [events[0]])
    await leave(two, [events[1]])
    assert.deepEqual(await store.write([{ collection: 'users', op: 'delete', institution: one.institution, id: one._id }]), [
      { kind: 'ok' },
    ])
    assert.equal((await store.take('users', two.institution, two._id))?.version, two.version)
    assert.deepEqual(await eventsOf(one.institution), [events[0]])
    assert.deepEqual(await eventsOf(two.institution), [events[1]])
  })

  it('finishes at opening what a crash left, a deletion too', async () => {
    const [doc, gone] = [aDoc(anInstitution()), aDoc(anInstitution(), { keys: { netid: 'ada' } })]
    const [event, last] = [anEvent(doc.institution), anEvent(gone.institution)]
    await leave(doc, [event])
    await leave(gone, [last], { remove: true })
    const again = await openMongo(uri)
    assert.equal(await stored('users').countDocuments({ _outbox: { $exists: true } }), 0)
    assert.equal(await again.get('users', gone.institution, gone._id), undefined)
    assert.deepEqual(await stored('events').countDocuments({ institution: { $in: [doc.institution, gone.institution] } }), 2)
    await again[Symbol.asyncDispose]()
  })

  it('answers stale to a change of a document that is being deleted', async () => {
    const doc = aDoc(anInstitution())
    await leave(doc, [anEvent(doc.institution)], { remove: true })
    const write = { collection: 'users', op: 'replace', doc: next(doc), expected: doc.version } as const
    assert.deepEqual(await store.write([write]), [{ kind: 'stale' }])
    assert.equal((await eventsOf(doc.institution)).length, 1)
  })

  it('shows an institution its events that lie in a document of the house', async () => {
    const institution = anInstitution()
    const event = anEvent(institution)
    const pending = { mark: 'm', events: [toStored(event)] }
    await stored('institutions').insertOne({ ...toStored(aDoc('*', { _id: institution })), _outbox: pending })
    assert.deepEqual(await eventsOf(institution), [event])
  })

  it('keeps what was not copied because the connection broke, although what went before it was there already', async (t) => {
    const { hostname, port, pathname } = new URL(uri)
    const wire = await wireTo(hostname, Number(port || 27017), 20_000)
    const query = '?retryWrites=false&directConnection=true'
    const breaking = await new MongoClient(`mongodb://127.0.0.1:${wire.port}${pathname}${query}`).connect()
    t.after(() => breaking.close().then(() => wire.close()))
    const institution = anInstitution()
    // Both are too much for one message.
    const long = 'x'.repeat(12_000)
    const events = ['1-copied', '2-not'].map((_id) => anEvent(institution, { _id, long }))
    for (const [at, event] of events.entries()) await leave(aDoc(institution), [event], { isCopied: at === 0 })
    wire.loseRequest('2-not')
    await assert.rejects(new Outbox(breaking.db(), { isMongo: true }).sweep(institution))
    assert.equal(wire.losses, 1)
    assert.deepEqual(await eventsOf(institution), events)
  })

  it('leaves nothing behind after a write', async () => {
    const doc = aDoc(anInstitution())
    await store.write([{ collection: 'users', op: 'insert', doc, events: [anEvent(doc.institution)] }])
    assert.deepEqual(await stored('users').findOne({ _id: toStored(doc)._id }), toStored(doc))
  })
})

/**
 * Writers beside each other on a server that compares versions itself. What the other process does is done by hand, at
 * the moment when it matters.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Db } from 'mongodb'
import { MongoClient } from 'mongodb'
import { startMongo } from '../../../test/mongo-server.ts'
import type { Wire } from '../../../test/mongo-wire.ts'
import { wireTo } from '../../../test/mongo-wire.ts'
import { aDoc, anEvent, anInstitution, insert, next, OK, remove, replace, STALE } from '../contract/builders.ts'
import type { Doc } from '../store.ts'
import type { Stored } from './documents.ts'
import { storedId, toStored } from './documents.ts'
import { Outbox } from './outbox.ts'
import { Writer } from './writer.ts'

const server = await startMongo()
const ABILITIES = { isMongo: true }
/** How a question about users begins on the wire. */
const FIND_USERS = 'find\0\x06\0\0\0users\0'

describe('one of several writers', { skip: 'missing' in server && server.missing }, () => {
  const clients: MongoClient[] = []
  let wire: Wire
  let outbox: Outbox
  let writer: Writer
  let other: Db

  before(async () => {
    if ('missing' in server) return
    const uri = new URL(server.freshUri())
    wire = await wireTo(uri.hostname, Number(uri.port || 27017))
    const query = '?retryWrites=false&directConnection=true'
    const db = await connected(`mongodb://127.0.0.1:${wire.port}${uri.pathname}${query}`)
    outbox = new Outbox(db, ABILITIES)
    writer = new Writer(db, outbox, ABILITIES)
    other = await connected(`mongodb://${uri.host}${uri.pathname}${query}`)
  })
  after(async () => {
    for (const client of clients) await client.close()
    wire?.close()
    if (!('missing' in server)) await server.stop()
  })

  async function connected(uri: string): Promise<Db> {
    const client = await new MongoClient(uri, { ignoreUndefined: true }).connect()
    clients.push(client)
    return client.db()
  }

  const stored = (name: 'users' | 'events') => other.collection<Stored>(name)

  /** What another process does that finds this write before its own process has copied its events. */
  async function overtake(doc: Doc, event: Doc): Promise<void> {
    const _id = storedId(doc.institution, doc._id)
    const found = await stored('users').findOne({ _id })
    assert.equal(found?._outbox?.events.length, 1)
    await stored('events').insertOne(toStored(event))
    if (found._outbox.remove === true) await stored('users').deleteOne({ _id })
    else await stored('users').replaceOne({ _id }, toStored(next(doc)))
  }

  it('is told that it was done, although another version has followed before it looked', async () => {
    const institution = anInstitution()
    const [one, two] = [aDoc(institution), aDoc(institution)]
    await writer.write([insert(one), insert(two)])
    const later = next(one)
    const event = anEvent(institution, { _id: later.version })
    wire.before(FIND_USERS, () => overtake(later, event))
    const results = await writer.write([replace(later, one.version, [event]), replace(next(two), 'another')])
    assert.deepEqual(results, [OK, STALE])
  })

  it('is told that a deletion was done, although another process has finished it', async () => {
    const institution = anInstitution()
    const [one, two] = [aDoc(institution), aDoc(institution)]
    await writer.write([insert(one), insert(two)])
    const event = anEvent(institution)
    wire.before(FIND_USERS, () => overtake(one, event))
    const results = await writer.write([remove(one, one.version, [event]), remove(two, 'another', [anEvent(institution)])])
    assert.deepEqual(results, [OK, STALE])
  })

  it('copies no event of a write that could still be rolled back', async () => {
    const doc = aDoc(anInstitution())
    let asked = ''
    wire.before(FIND_USERS, async (request) => {
      asked = request.toString('latin1')
    })
    await outbox.sweepThese('users', [storedId(doc.institution, doc._id)])
    assert.match(asked, /readConcern.*majority/s)
  })
})

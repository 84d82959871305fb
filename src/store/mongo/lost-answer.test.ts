/** What becomes of a write when the connection breaks around it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startMongo } from '../../../test/mongo-server.ts'
import type { Wire } from '../../../test/mongo-wire.ts'
import { wireTo } from '../../../test/mongo-wire.ts'
import { aDoc, anEvent, anInstitution, next } from '../contract/builders.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Doc, Store } from '../store.ts'
import { StoreError } from '../store.ts'
import { openMongo } from './open.ts'

const server = await startMongo()

/** How a command about users begins on the wire. */
const INSERT = 'insert\0\x06\0\0\0users\0'
const UPDATE = 'update\0\x06\0\0\0users\0'
const FIND = 'find\0\x06\0\0\0users\0'
const COPY = 'insert\0\x07\0\0\0events\0'

describe('a write', { skip: 'missing' in server && server.missing }, () => {
  let wire: Wire
  let store: Store

  before(async () => {
    if ('missing' in server) return
    const uri = new URL(server.freshUri())
    wire = await wireTo(uri.hostname, Number(uri.port || 27017))
    // Neither the driver's second try nor another member is to help.
    store = await openMongo(`mongodb://127.0.0.1:${wire.port}${uri.pathname}?retryWrites=false&directConnection=true`)
  })
  after(async () => {
    await store?.[Symbol.asyncDispose]()
    wire?.close()
    if (!('missing' in server)) await server.stop()
  })

  it('is known to be done when only its answer is lost', async () => {
    const doc = aDoc(anInstitution(), { keys: { netid: 'ada' } })
    const later = next(doc)
    wire.loseAnswer(INSERT)
    assert.deepEqual(await store.write([{ collection: 'users', op: 'insert', doc, events: [anEvent(doc.institution)] }]), [
      { kind: 'ok' },
    ])
    wire.loseAnswer(UPDATE)
    const events = [anEvent(doc.institution)]
    assert.deepEqual(await store.write([{ collection: 'users', op: 'replace', doc: later, expected: doc.version, events }]), [
      { kind: 'ok' },
    ])
    wire.loseAnswer(UPDATE)
    assert.deepEqual(await store.write([{ collection: 'users', op: 'delete', institution: doc.institution, id: doc._id }]), [
      { kind: 'ok' },
    ])
    assert.equal(await store.count('events', doc.institution, EVERYTHING), 2)
    assert.equal(wire.losses, 3)
  })

  it('fails as unavailable when it never came to the server, and can be sent again', async () => {
    const doc = aDoc(anInstitution())
    const write = { collection: 'users', op: 'insert', doc, events: [anEvent(doc.institution)] } as const
    wire.loseRequest(INSERT)
    await assert.rejects(store.write([write]), (error) => error instanceof StoreError && error.fault === 'unavailable')
    assert.equal(await store.count('events', doc.institution, EVERYTHING), 0)
    assert.deepEqual(await store.write([write]), [{ kind: 'ok' }])
    assert.equal(await store.count('events', doc.institution, EVERYTHING), 1)
  })

  it('keeps its event beyond the end of a document that expires before the event is copied', async () => {
    const institution = anInstitution()
    const [one, two] = [aDoc(institution, { expires: Date.now() - 1 }), aDoc(institution, { expires: Date.now() - 1 })]
    const events = [anEvent(institution), anEvent(institution)] as const
    const insert = (doc: Doc, event: Doc) => ({ collection: 'sessions', op: 'insert', doc, events: [event] }) as const
    wire.loseRequest(COPY)
    assert.deepEqual(await store.write([insert(one, events[0])]), [{ kind: 'ok' }])
    assert.deepEqual(await store.write([insert(two, events[1])]), [{ kind: 'ok' }])
    assert.equal(await store.count('events', institution, EVERYTHING), 2)
    // Now that they are copied, the documents stand in nobody's way.
    assert.deepEqual(await store.write([insert(one, anEvent(institution))]), [{ kind: 'ok' }])
  })

  it('fails as unavailable when it was written but cannot be confirmed, whatever the reason, and is not written again', async () => {
    const doc = aDoc(anInstitution())
    wire.amend(INSERT, (answer) => {
      // Most members do not have it yet.
      wire.amend(FIND, ({ cursor, ...rest }) => ({ ...rest, cursor: { ...cursor, firstBatch: [] } }))
      return { ...answer, writeConcernError: { code: 11601, codeName: 'Interrupted', errmsg: 'operation was interrupted' } }
    })
    await assert.rejects(
      store.write([{ collection: 'users', op: 'insert', doc }]),
      (error) =>
        error instanceof StoreError && error.fault === 'unavailable' && /could not do it now \(code 11601\)$/.test(error.message),
    )
  })

  it('that is too large says so', async () => {
    const doc = aDoc(anInstitution(), { long: 'x'.repeat(17 * 1024 * 1024) })
    await assert.rejects(
      store.write([{ collection: 'users', op: 'insert', doc }]),
      (error) => error instanceof StoreError && /holds no document as large as this one$/.test(error.message),
    )
  })
})

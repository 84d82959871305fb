/** What becomes of a write when the connection breaks around it. */
import assert from 'node:assert/strict'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createConnection, createServer } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { startMongo } from '../../../test/mongo-server.ts'
import { aDoc, anEvent, anInstitution, next } from '../contract/builders.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Store } from '../store.ts'
import { StoreError } from '../store.ts'
import { openMongo } from './open.ts'

const server = await startMongo()

/** How a command about users begins on the wire. */
const INSERT = 'insert\0\x06\0\0\0users\0'
const UPDATE = 'update\0\x06\0\0\0users\0'

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
})

type Wire = {
  readonly port: number
  readonly losses: number
  /** The next request that holds this text reaches the server, but its answer is lost with the connection. */
  loseAnswer(text: string): void
  loseRequest(text: string): void
  close(): void
}

async function wireTo(host: string, port: number): Promise<Wire> {
  const sockets = new Set<Socket>()
  let lose: { text: string; what: 'answer' | 'request' } | undefined
  let losses = 0
  const proxy: Server = createServer((near) => {
    const far = createConnection({ host, port })
    let isLosing = false
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => other.destroy())
    }
    near.on('data', (request) => {
      if (lose !== undefined && request.includes(lose.text)) {
        losses++
        const { what } = lose
        lose = undefined
        if (what === 'request') return near.destroy()
        isLosing = true
      }
      return far.write(request)
    })
    far.on('data', (answer) => (isLosing ? near.destroy() : near.write(answer)))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    get losses() {
      return losses
    },
    loseAnswer(text) {
      lose = { text, what: 'answer' }
    },
    loseRequest(text) {
      lose = { text, what: 'request' }
    },
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}

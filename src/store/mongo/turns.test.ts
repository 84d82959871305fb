import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setInterval } from 'node:timers/promises'
import type { Db } from 'mongodb'
import { MongoClient } from 'mongodb'
import { startMongo } from '../../../test/mongo-server.ts'
import { Turns } from './turns.ts'

const server = await startMongo()

describe('turns', { skip: 'missing' in server && server.missing }, () => {
  const clients: MongoClient[] = []
  let uri: string

  before(() => {
    uri = 'missing' in server ? '' : server.freshUri()
  })
  after(async () => {
    for (const client of clients) await client.close()
    if (!('missing' in server)) await server.stop()
  })

  async function connected(): Promise<Db> {
    const client = await new MongoClient(uri).connect()
    clients.push(client)
    return client.db()
  }

  it('let one work at a time over all processes', async () => {
    const dbs = await Promise.all([connected(), connected(), connected()])
    const notes = dbs[0]?.collection('notes')
    let busy = 0
    let done = 0
    const work = async () => {
      assert.equal(++busy, 1)
      await notes?.insertOne({ done })
      assert.equal(--busy, 0)
      done++
    }
    const turns = dbs.map((db) => new Turns(db))
    await Promise.all(Array.from({ length: 60 }, (_, at) => turns[at % 3]?.exclusive(work)))
    assert.equal(done, 60)
  })

  it('go to requests before batches', async () => {
    const turns = new Turns(await connected())
    const order: string[] = []
    const note = (name: string) => async () => void order.push(name)
    await Promise.all([
      turns.exclusive(note('first batch'), 'batch'),
      turns.exclusive(note('second batch'), 'batch'),
      turns.exclusive(note('request'), 'request'),
    ])
    assert.deepEqual(order, ['request', 'first batch', 'second batch'])
  })

  it('are given back when they have ended, so that nobody waits for the lease of a store that was closed', async () => {
    const db = await connected()
    const turns = new Turns(db)
    await turns.exclusive(async () => {})
    await turns.ended()
    assert.equal((await lastTurn(db))?.isOver, true)
  })

  it('go on when work fails, and the failure is told to whoever gave it', async () => {
    const turns = new Turns(await connected())
    const failing = turns.exclusive(() => Promise.reject(new Error('no')))
    const next = turns.exclusive(async () => 'done')
    await assert.rejects(failing, /no/)
    assert.equal(await next, 'done')
  })

  it('are taken over from a process that died with one', async () => {
    const db = await connected()
    await turnsIn(db).insertOne({ _id: ((await lastTurn(db))?._id ?? 0) + 1, beats: 0, isOver: false })
    assert.equal(await new Turns(db, 100).exclusive(async () => 'mine'), 'mine')
  })

  it('are kept by a process that works longer than the lease', async () => {
    const db = await connected()
    const [one, two] = [new Turns(db, 1000), new Turns(await connected(), 1000)]
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const order: string[] = []
    const long = one.exclusive(async () => {
      begun.resolve()
      await ended.promise
      order.push('long')
    })
    await begun.promise
    const other = two.exclusive(async () => void order.push('other'))
    // Two leases' worth: the other has looked on for longer than one.
    const isOver = async () => order.length > 0 || ((await lastTurn(db))?.beats ?? 0) >= 10
    for await (const _ of setInterval(20)) if (await isOver()) break
    ended.resolve()
    await Promise.all([long, other])
    assert.deepEqual(order, ['long', 'other'])
  })
})

function turnsIn(db: Db) {
  return db.collection<{ _id: number; beats: number; isOver: boolean }>('turns')
}

function lastTurn(db: Db) {
  return turnsIn(db).find().sort({ _id: -1 }).limit(1).next()
}

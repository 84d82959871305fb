import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Db } from 'mongodb'
import { MongoClient } from 'mongodb'
import { startMongo } from '../../../test/mongo-server.ts'
import { COLLECTIONS } from '../collections.ts'
import { StoreError } from '../store.ts'
import { prepare } from './prepare.ts'

const server = await startMongo()

describe('preparing a database', { skip: 'missing' in server && server.missing }, () => {
  const clients: MongoClient[] = []
  after(async () => {
    for (const client of clients) await client.close()
    if (!('missing' in server)) await server.stop()
  })

  async function aDatabase(): Promise<Db> {
    const client = await new MongoClient('missing' in server ? '' : server.freshUri()).connect()
    clients.push(client)
    return client.db()
  }

  const refusal = (says: RegExp) => (error: unknown) =>
    error instanceof StoreError && error.fault === 'unusable' && says.test(error.message)

  it('finds out what the server is able to do', async (t) => {
    const { isMongo } = await prepare(await aDatabase())
    assert.equal(isMongo, 'missing' in server || server.kind === 'mongodb')
    if (isMongo) return
    t.diagnostic('this server lacks partial indexes, expiry, atomic updates, $elemMatch and indexed finds; the adapter')
    t.diagnostic('makes up for them: writers take turns, and each question goes through all documents')
  })

  it('names each unique index after its key', async () => {
    const db = await aDatabase()
    await prepare(db)
    const indexes = new Map((await db.collection('users').indexes()).map((index) => [index.name, index]))
    for (const key of COLLECTIONS.users.unique) {
      assert.deepEqual(indexes.get(key)?.key, { institution: 1, [`keys.${key}`]: 1 })
      assert.equal(indexes.get(key)?.unique, true)
    }
  })

  it('can be done by several at once, and changes nothing when it is done already', async () => {
    const db = await aDatabase()
    await Promise.all([prepare(db), prepare(db), prepare(db)])
    const before = await db.collection('users').indexes()
    await Promise.all([prepare(db), prepare(db), prepare(db)])
    assert.deepEqual(await db.collection('users').indexes(), before)
  })

  it('makes an index anew that an earlier version made otherwise, and lets others be', async () => {
    const db = await aDatabase()
    await db.collection('tokens').createIndexes([
      { name: 'hash', key: { hash: 1 } },
      { name: 'mine', key: { mine: 1 } },
    ])
    await prepare(db)
    const indexes = new Map((await db.collection('tokens').indexes()).map((index) => [index.name, index.key]))
    assert.deepEqual(indexes.get('hash'), { institution: 1, 'keys.hash': 1 })
    assert.deepEqual(indexes.get('mine'), { mine: 1 })
  })

  it('makes indexes anew beside other processes that do the same', async () => {
    const db = await aDatabase()
    await db.collection('tokens').createIndexes([{ name: 'hash', key: { hash: 1 } }])
    await Promise.all([prepare(db), prepare(db), prepare(db)])
    const hash = (await db.collection('tokens').indexes()).find(({ name }) => name === 'hash')
    assert.deepEqual(hash?.key, { institution: 1, 'keys.hash': 1 })
  })

  it('says which collection holds a key twice', async () => {
    const db = await aDatabase()
    await db.collection('users').insertMany([1, 2].map(() => ({ institution: 'demo', keys: { netid: 'ada' } })))
    await assert.rejects(prepare(db), refusal(/collection users holds two documents of one institution with the same key/))
  })

  it('leaves alone what a newer version has written', async () => {
    const db = await aDatabase()
    await db.collection<{ _id: string; schema: number }>('about').insertOne({ _id: 'schema', schema: 99 })
    await assert.rejects(prepare(db), refusal(/written by a newer version \(schema 99/))
    assert.deepEqual(await db.collections().then((all) => all.map(({ collectionName }) => collectionName)), ['about'])
  })
})

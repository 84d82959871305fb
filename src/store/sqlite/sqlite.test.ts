/** What is particular to the embedded store: the file, threads, statements that go by an index. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import type { Collection, CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import { aDoc, anEvent, byId, given, has, idsOf, inserts, next } from '../contract/builders.ts'
import type { Predicate } from '../predicate.ts'
import { EVERYTHING } from '../predicate.ts'
import type { StoreFault } from '../store.ts'
import { openSqlite } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'matricula-sqlite-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
const aPath = () => join(folder, `${++files}.db`)

describe('the file', () => {
  it('makes the folder and a file that its owner alone can read', async () => {
    const path = join(folder, 'deep', 'er', 'roll.db')
    await using store = await openSqlite({ path })
    await store.ping()
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('leaves one file behind when it is closed', async () => {
    const path = aPath()
    const store = await openSqlite({ path })
    await given(store, [aDoc('demo')])
    await store[Symbol.asyncDispose]()
    assert.deepEqual([path, `${path}-wal`, `${path}-shm`].map(existsSync), [true, false, false])
  })

  it('has nothing of a document in it, nor beside it, soon after it was deleted', { timeout: 120_000 }, async ({ signal }) => {
    const path = aPath()
    await using store = await openSqlite({ path, tidyMs: 5 })
    const others = Array.from({ length: 50 }, () => aDoc('demo', { resource: 'x'.repeat(1500) }))
    await given(store, others.slice(0, 25))
    const word = (version: number) => `erase-me-${version}`
    const keys = (version: number) => ({ keys: { netid: word(version) }, search: { slots: [word(version)] } })
    let doc = aDoc('demo', keys(0))
    await given(store, [doc, ...others.slice(25)])
    const events = []
    for (const [version, size] of [500, 20_000, 3000].entries()) {
      const resource = word(version).repeat(size / word(version).length)
      const later = next(doc, { ...keys(version), resource })
      events.push(anEvent('demo', { resource }))
      const event = events.slice(-1)
      await store.write([{ collection: 'users', op: 'replace', doc: later, expected: doc.version, events: event }])
      doc = later
    }
    const inFiles = () => [path, `${path}-wal`].some((file) => readFileSync(file).includes('erase-me'))
    assert.ok(inFiles())
    await store.write(
      [doc, ...events].map(({ _id: id }, at) => {
        return { collection: at === 0 ? 'users' : 'events', op: 'delete', institution: 'demo', id } as const
      }),
    )
    while (inFiles() && !signal.aborted) await store.ping()
    assert.equal(await store.count('users', 'demo', EVERYTHING), others.length)
  })

  it('loses what has expired though nothing new comes', { timeout: 120_000 }, async ({ signal }) => {
    const path = aPath()
    await using store = await openSqlite({ path, tidyMs: 5 })
    await store.write([{ collection: 'idempotency', op: 'insert', doc: aDoc('demo', { expires: Date.now() - 1 }) }])
    using db = new DatabaseSync(path)
    const isThere = () => db.prepare('select 1 from idempotency').get() !== undefined
    while (isThere() && !signal.aborted) await store.ping()
  })

  const garbage = aPath()
  const foreign = aPath()
  for (const [why, path, message] of [
    ['a folder that cannot be made', join(garbage, 'roll.db'), /where its folder should be there is a file/],
    ['a folder in place of the file', folder, /not writable: check the rights/],
    ['a file that is no database', garbage, /not a SQLite database/],
    ['the database of another program', foreign, /belongs to another program/],
  ] as const) {
    it(`says what is wrong: ${why}`, async () => {
      writeFileSync(garbage, 'netid,email\n'.repeat(100))
      if (!existsSync(foreign)) new DatabaseSync(foreign).exec('create table notes (text)')
      await assert.rejects(openSqlite({ path }), unusable(path, message))
    })
  }

  it('says what is wrong: a file that may only be read', async () => {
    const path = aPath()
    writeFileSync(path, '', { mode: 0o444 })
    chmodSync(folder, 0o755)
    // Root may write everywhere, so for a while it is nobody.
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid?.(65534)
    try {
      await assert.rejects(openSqlite({ path }), unusable(path, /not writable: check the rights/))
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  for (const [why, change] of [
    ['format', 'pragma user_version = 99'],
    ['table', 'create table later (x)'],
    ['column', 'alter table users add column later text'],
  ] as const) {
    it(`refuses a file that a newer version made: another ${why}`, async () => {
      const path = aPath()
      await (await openSqlite({ path }))[Symbol.asyncDispose]()
      const db = new DatabaseSync(path)
      db.exec(change)
      db.close()
      await assert.rejects(openSqlite({ path }), unusable(path, new RegExp(`made by a newer version of Matricula \\(${why}`)))
    })
  }
})

describe('declarations that come later', () => {
  const BEFORE: Collection = { unique: ['netid'], indexes: [], lists: ['search.boundTo'], counted: [], apart: [], expires: false }

  it('fills new keys, indexed paths, lists and counters from what is stored', async () => {
    const path = aPath()
    const old = await openSqlite({ path, collections: { ...COLLECTIONS, users: BEFORE } })
    const docs = Array.from({ length: 1200 }, (_, at) =>
      aDoc('demo', {
        keys: { netid: `n${at}`, email: `${at}@uni` },
        lastModified: at,
        search: { boundTo: ['scim'], emails: [{ value: `${at}@uni` }] },
      }),
    )
    await given(old, docs)
    await old[Symbol.asyncDispose]()

    await using store = await openSqlite({ path })
    assert.deepEqual(
      await store.lookUp('users', 'demo', { keys: { email: ['7@uni'] } }).then((found) => found.map(({ _id }) => _id)),
      [docs[7]?._id],
    )
    assert.deepEqual(await idsOf(store, 'demo', { op: 'ge', path: 'lastModified', value: 1199 }), [docs[1199]?._id])
    assert.deepEqual(
      await idsOf(store, 'demo', { op: 'any', path: 'search.emails', where: { op: 'eq', path: 'value', value: '5@uni' } }),
      [docs[5]?._id],
    )
    assert.equal(await store.count('users', 'demo', has('search.boundTo', 'scim')), 1200)
    assert.equal(await store.count('users', 'demo', EVERYTHING), 1200)
    assert.deepEqual(await store.write(inserts([aDoc('demo', { keys: { email: '7@uni' } })])), [
      { kind: 'duplicate', key: 'email' },
    ])
  })

  it('refuses a file whose declarations it lacks', async () => {
    const path = aPath()
    await (await openSqlite({ path }))[Symbol.asyncDispose]()
    await assert.rejects(openSqlite({ path, collections: { ...COLLECTIONS, users: BEFORE } }), unusable(path, /newer version/))
  })
})

describe('documents that expire', () => {
  const codes = 'codes' as CollectionName
  const collections = {
    ...COLLECTIONS,
    codes: { unique: ['code'], indexes: [], lists: [], counted: [], apart: [], expires: true },
  }

  it('returns none that is past its time, and clears them away as others come', async () => {
    await using store = await openSqlite({ path: aPath(), collections })
    const [past, future] = [-1, 60_000].map((ms) => aDoc('demo', { expires: Date.now() + ms, keys: { code: String(ms) } }))
    assert.ok(past && future)
    await store.write([past, future].map((doc) => ({ collection: codes, op: 'insert', doc })))
    assert.deepEqual(await store.lookUp(codes, 'demo', { ids: [past._id, future._id], keys: { code: ['-1'] } }), [future])
    assert.deepEqual(await store.find(codes, 'demo', { where: EVERYTHING, limit: 9 }), [future])
    assert.equal(await store.count(codes, 'demo', EVERYTHING), 1)
    assert.equal(await store.get(codes, 'demo', past._id), undefined)
    assert.equal(await store.take(codes, 'demo', past._id), undefined)
    assert.deepEqual(await store.take(codes, 'demo', future._id), future)
    await store.write([{ collection: codes, op: 'insert', doc: past }])
    assert.deepEqual(
      await store.write([{ collection: codes, op: 'insert', doc: next(past, { expires: Date.now() + 60_000 }) }]),
      [{ kind: 'ok' }],
    )
  })
})

describe('threads', () => {
  it('lets a request go before the rest of a batch', async () => {
    await using store = await openSqlite({ path: aPath() })
    const done: string[] = []
    const batch = store.write(inserts(Array.from({ length: 2000 }, () => aDoc('demo'))), 'batch').then(() => done.push('batch'))
    await Promise.all([batch, store.write(inserts([aDoc('demo')])).then(() => done.push('request'))])
    assert.deepEqual(done, ['request', 'batch'])
  })

  it('does the other calls of a group when one cannot be done', async () => {
    await using store = await openSqlite({ path: aPath() })
    const docs = [1, 2, 3].map(() => aDoc('demo'))
    const broken = { ...aDoc('demo'), version: {} as unknown as string }
    const calls = await Promise.allSettled([...docs, broken].map((doc) => store.write(inserts([doc]))))
    assert.deepEqual(
      calls.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
    )
    assert.equal(await store.count('users', 'demo', EVERYTHING), 3)
  })

  it('ends a question that takes too long, and answers the next', async () => {
    await using store = await openSqlite({ path: aPath(), deadlineMs: 500 })
    await given(
      store,
      Array.from({ length: 1000 }, () => aDoc('demo', { search: { text: 'x'.repeat(5000) } })),
    )
    const where: Predicate = {
      op: 'or',
      of: Array.from({ length: 900 }, (_, at) => ({ op: 'co', path: 'search.text', value: `y${at}` })),
    }
    const question = store.count('users', 'demo', where)
    const behind = store.count('users', 'demo', { op: 'pr', path: 'search.text' })
    await assert.rejects(question, isFault('tooSlow', /longer than 0.5 s/))
    assert.equal(await behind.catch(() => store.count('users', 'demo', { op: 'pr', path: 'search.text' })), 1000)
  })

  it('does what it accepted before it closes, and nothing after', async () => {
    const path = aPath()
    const store = await openSqlite({ path })
    const writes = [
      store.write(inserts(Array.from({ length: 700 }, () => aDoc('demo'))), 'batch'),
      store.write(inserts([aDoc('demo')])),
    ]
    const [one, other] = [store[Symbol.asyncDispose](), store[Symbol.asyncDispose]()]
    await assert.rejects(store.write(inserts([aDoc('demo')])), isFault('unavailable', /closed/))
    await assert.rejects(store.get('users', 'demo', 'x'), isFault('unavailable', /closed/))
    await Promise.all([one, other, ...writes])
    await using again = await openSqlite({ path })
    assert.equal(await again.count('users', 'demo', EVERYTHING), 701)
  })

  it('shares a file with another that has it open', async () => {
    const path = aPath()
    await using one = await openSqlite({ path })
    await using other = await openSqlite({ path })
    const rivals = Array.from({ length: 40 }, (_, at) =>
      aDoc('demo', { keys: { netid: `n${at % 20}` }, search: { boundTo: ['scim'] } }),
    )
    const results = await Promise.all(rivals.map((doc, at) => (at < 20 ? one : other).write(inserts([doc]))))
    assert.equal(results.flat().filter(({ kind }) => kind === 'ok').length, 20)
    assert.equal(await one.count('users', 'demo', has('search.boundTo', 'scim')), 20)
    assert.deepEqual(await idsOf(one, 'demo', EVERYTHING), await idsOf(other, 'demo', EVERYTHING))
  })
})

describe('a process killed while it writes', () => {
  for (const lines of [1, 40, 150]) {
    it(`keeps every answered write with its event, after ${lines} answers`, async () => {
      const path = aPath()
      const answered = await killedAfter(path, lines)
      await using store = await openSqlite({ path })
      const docs = await store.find('users', 'demo', { where: EVERYTHING, limit: 100_000 })
      const events = await store.find('events', 'demo', { where: EVERYTHING, limit: 100_000 })
      const stored = new Map(docs.map((doc) => [doc._id, doc]))
      for (const id of answered) assert.ok(stored.has(id), `${id} was answered`)
      assert.deepEqual(
        byId(events).map(({ _id }) => _id),
        docs.flatMap((doc) => eventIds(doc._id, Number(doc.round))).toSorted(),
      )
      assert.equal(await store.count('users', 'demo', EVERYTHING), docs.length)
      assert.equal(await store.count('users', 'demo', has('search.boundTo', 'scim')), docs.length)
    })
  }
})

function eventIds(id: string, round: number): string[] {
  return round === 0 ? [`${id}/0`] : [`${id}/0`, `${id}/1`]
}

/** Ids whose writes were answered before the kill. */
async function killedAfter(path: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writing-child.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  for await (const chunk of child.stdout) {
    text += String(chunk)
    if (text.split('\n').length > lines) child.kill('SIGKILL')
  }
  return text.split('\n').slice(0, -1)
}

function unusable(path: string, message: RegExp) {
  return (error: Error) => isFault('unusable', message)(error) && error.message.includes(path)
}

function isFault(fault: StoreFault, message: RegExp) {
  return (error: Error) => {
    assert.match(error.message, message)
    return error.name === 'StoreError' && 'fault' in error && error.fault === fault
  }
}

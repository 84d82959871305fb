import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { storeWith } from '../../test/store-with.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Holder } from './lease.ts'
import { takeLease } from './lease.ts'

const path = temporaryFile('matricula.db')
const HERE = { machine: 'here', pid: process.pid }

describe('a lease', () => {
  it('is had by one of many that ask at once', async () => {
    await using store = await openSqlite({ path })
    const asked = await Promise.all(Array.from({ length: 5 }, () => takeLease({ store, institution: 'a', name: 'files' })))
    const had = asked.filter((lease) => lease !== undefined)
    assert.equal(had.length, 1)
    assert.equal(await takeLease({ store, institution: 'a', name: 'files' }), undefined)
    await had[0]?.[Symbol.asyncDispose]()
    await using again = await takeLease({ store, institution: 'a', name: 'files' })
    assert.ok(again)
  })

  for (const [why, machine, after, isHad] of [
    ['runs out when its holder no longer renews it', 'there', 30_001, true],
    ['is not had before that', 'there', 29_000, false],
    ['is not had by a clock that is a little behind', 'there', -20_000, false],
    ['is had where a clock that went wrong has put its end a day ahead', 'there', -86_400_000, true],
    ['is taken over at once from a process of this machine that is no more', 'here', 0, true],
  ] as const) {
    it(why, async () => {
      await using store = await openSqlite({ path })
      const dead: Holder = { machine, pid: spawnSync(process.execPath, ['--version']).pid }
      const [institution, now] = [why, Date.now()]
      const held = await takeLease({ store, institution, name: 'files', holder: dead, now: () => now })
      assert.ok(held)
      const taken = await takeLease({ store, institution, name: 'files', holder: HERE, now: () => now + after })
      assert.equal(taken !== undefined, isHad)
      await taken?.[Symbol.asyncDispose]()
      await held[Symbol.asyncDispose]()
    })
  }

  it('tells its holder that another one has it', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    await using store = await openSqlite({ path })
    const now = Date.now()
    const first = await takeLease({
      store,
      institution: 'b',
      name: 'files',
      now: () => now,
      holder: { machine: 'there', pid: 1 },
    })
    await using second = await takeLease({ store, institution: 'b', name: 'files', now: () => now + 60_000, holder: HERE })
    assert.ok(first && second)
    t.mock.timers.tick(10_000)
    await first[Symbol.asyncDispose]()
    assert.ok(first.signal.aborted)
    assert.ok(!second.signal.aborted)
  })

  it('is still held after a sleep in which nobody else took it', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    await using store = await openSqlite({ path })
    let now = Date.now()
    const about = { store, institution: 'asleep', name: 'files', now: () => now }
    const lease = await takeLease({ ...about, holder: { machine: 'there', pid: 1 } })
    assert.ok(lease)
    now += 3_600_000
    t.mock.timers.tick(10_000)
    // Taken in turn by the store: what is written here comes after the renewal.
    await store.write([])
    assert.equal(await takeLease({ ...about, holder: HERE }), undefined)
    assert.ok(!lease.signal.aborted)
    await lease[Symbol.asyncDispose]()
  })

  it('runs out for its holder too while the store does not answer', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    await using store = await openSqlite({ path })
    let now = Date.now()
    let isSilent = false
    const { promise: answers, resolve: answer } = Promise.withResolvers<void>()
    const silent = storeWith(store, {
      write: async (...given) => {
        if (isSilent) await answers
        return store.write(...given)
      },
    })
    const lease = await takeLease({ store: silent, institution: 'c', name: 'files', now: () => now })
    assert.ok(lease)
    isSilent = true
    for (const isLost of [false, false, true]) {
      now += 10_000
      t.mock.timers.tick(10_000)
      assert.equal(lease.signal.aborted, isLost)
    }
    answer()
    await lease[Symbol.asyncDispose]()
  })
})

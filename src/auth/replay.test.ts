import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { useAssertion } from './replay.ts'

describe('an assertion', () => {
  it('is proof once, of its institution, its issuer and its id', async () => {
    await using store = await openSqlite({ path: temporaryFile('replay.db') })
    const one = { institution: 'north', issuer: 'idp', id: '1', until: Date.now() + 1000 }
    const others = [one, { ...one, id: '2' }, { ...one, issuer: 'idp-2' }, { ...one, institution: 'south' }]
    for (const isFirst of [true, false]) {
      for (const assertion of others) assert.equal(await useAssertion(store, assertion), isFirst)
    }
  })

  it('is remembered somewhat longer than it is good, and not for ever', async () => {
    await using store = await openSqlite({ path: temporaryFile('replay.db') })
    for (const [id, ago, isForgotten] of [
      ['lately', 30_000, false],
      ['long ago', 90_000, true],
    ] as const) {
      const assertion = { institution: 'north', issuer: 'idp', id, until: Date.now() - ago }
      assert.ok(await useAssertion(store, assertion))
      assert.equal(await useAssertion(store, assertion), isForgotten)
    }
  })
})

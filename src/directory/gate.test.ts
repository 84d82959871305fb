import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openGate } from './gate.ts'

const openStore = () => openSqlite({ path: temporaryFile('gate.db') })

describe('the gate', () => {
  it('makes a batch of what arrives while another is under way', async () => {
    await using store = await openStore()
    const sizes: number[] = []
    const gate = openGate(store, (changes) => sizes.push(changes.length))
    const uni = anInstitution()
    const outcomes = await Promise.all(Array.from({ length: 50 }, (_, n) => gate.submit(uni, aChange({ netid: `n${n}` }))))
    assert.ok(outcomes.every(({ kind }) => kind === 'created'))
    assert.deepEqual(sizes, [1, 49])
  })

  it('takes up work again after it was idle, from within an answer too', async () => {
    await using store = await openStore()
    const gate = openGate(store)
    const uni = anInstitution()
    const one = await gate.submit(uni, aChange({ netid: 'a' })).then(() => gate.submit(uni, aChange({ netid: 'a', title: 'x' })))
    assert.equal(one.kind, 'updated')
  })

  it('answers a long batch in its order, and requests beside it', async () => {
    await using store = await openStore()
    const gate = openGate(store)
    const uni = anInstitution()
    const long = gate.batch(
      uni,
      Array.from({ length: 2500 }, (_, n) => aChange({ netid: `n${n}` })),
    )
    let isDone = false
    void long.then(() => {
      isDone = true
    })
    assert.equal((await gate.submit(uni, aChange({ netid: 'request' }))).kind, 'created')
    assert.equal(isDone, false)
    const outcomes = await long
    assert.deepEqual(
      outcomes.map((outcome) => ('user' in outcome ? outcome.user.keys.netid : outcome.kind)),
      Array.from({ length: 2500 }, (_, n) => `n${n}`),
    )
  })

  it('fails the calls of a batch that the store failed, and goes on', async () => {
    const store = await openStore()
    const gate = openGate(store)
    const uni = anInstitution()
    await store[Symbol.asyncDispose]()
    await assert.rejects(gate.submit(uni, aChange({ netid: 'a' })), /closed/)
    await assert.rejects(gate.submit(uni, aChange({ netid: 'a' })), /closed/)
  })
})

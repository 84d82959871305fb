import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openGate } from './gate.ts'
import { gathering } from './gathering.ts'

const openStore = () => openSqlite({ path: temporaryFile('gathering.db') })

describe('a gathering gate', () => {
  it('hands in as one list what is submitted in one turn, and tells each what became of it', async () => {
    await using store = await openStore()
    const sizes: number[] = []
    const gate = gathering(openGate(store, (changes) => sizes.push(changes.length)))
    const uni = anInstitution()
    const submit = (netid: string) => gate.submit(uni, aChange({ netid }))
    const first = ['a', 'b', 'a'].map(submit)
    await nextTurn()
    const later = submit('b')
    const kinds = (await Promise.all([...first, later])).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['created', 'created', 'unchanged', 'unchanged'])
    assert.deepEqual(sizes, [3, 1])
  })

  it('fails all of a list that the store failed', async () => {
    const store = await openStore()
    const gate = gathering(openGate(store))
    const uni = anInstitution()
    await store[Symbol.asyncDispose]()
    for (const one of ['a', 'b'].map((netid) => gate.submit(uni, aChange({ netid })))) await assert.rejects(one, /closed/)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { temporaryFile } from '../../../test/stores.ts'
import { aDoc, given } from '../contract/builders.ts'
import { EVERYTHING } from '../predicate.ts'
import { openSqlite } from './sqlite.ts'

describe('reads of one turn', () => {
  it('see what is said to be written, though others read all the time', async () => {
    await using store = await openSqlite({ path: temporaryFile('turns.db') })
    let isOver = false
    const reading = (async () => {
      for (; !isOver; await nextTurn()) await store.get('users', 'demo', 'nobody')
    })()
    for (let written = 1; written <= 200; written++) {
      const [doc] = await given(store, [aDoc('demo')])
      assert.deepEqual(await store.get('users', 'demo', doc?._id ?? ''), doc)
      assert.equal(await store.count('users', 'demo', EVERYTHING), written)
    }
    isOver = true
    await reading
  })

  it('see in the next turn what another process has written', async () => {
    const path = temporaryFile('turns.db')
    await using store = await openSqlite({ path })
    await using other = await openSqlite({ path })
    for (let written = 1; written <= 20; written++) {
      assert.equal(await store.count('users', 'demo', EVERYTHING), written - 1)
      await given(other, [aDoc('demo')])
      await nextTurn()
      assert.equal(await store.count('users', 'demo', EVERYTHING), written)
    }
  })
})

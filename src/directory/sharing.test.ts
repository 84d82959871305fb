import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { readEach } from '../api/write.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { planSlice } from './slice.ts'
import { WorkingSet } from './working-set.ts'

describe('the thread is shared with others', () => {
  it('between changes that take long to plan', async () => {
    await using store = await openSqlite({ path: temporaryFile('sharing.db') })
    using others = countTurns()
    const changes = ['a', 'b', 'c'].map((netid) => {
      const change = aChange({ netid })
      return { ...change, edit: (...given: Parameters<typeof change.edit>) => others.during(() => change.edit(...given)) }
    })
    await planSlice({ store, institution: anInstitution(), changes, done: new WorkingSet([]), now: Date.now() })
    assert.equal(others.between, changes.length)
  })

  it('between people of a batch who take long to read', async () => {
    using others = countTurns()
    await readEach(['a', 'b', 'c'], () => others.during(() => []))
    assert.equal(others.between, 3)
  })
})

/** Others, who come as often as they are let. */
function countTurns() {
  let turns = 0
  const turn = () => {
    turns++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  const begun = new Set<number>()
  return {
    /** Works for a while first. */
    during<T>(work: () => T): T {
      begun.add(turns)
      for (const until = performance.now() + 15; performance.now() < until; );
      return work()
    },
    /** Into how many parts they cut the work. */
    get between() {
      return begun.size
    },
    [Symbol.dispose]: () => clearImmediate(next),
  }
}

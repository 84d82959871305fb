import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { planSlice } from './slice.ts'
import { WorkingSet } from './working-set.ts'

describe('a slice', () => {
  it('lets others have the thread between changes that take long', async () => {
    await using store = await openSqlite({ path: temporaryFile('slice.db') })
    const begun: number[] = []
    let turns = 0
    const turn = () => {
      turns++
      others = setImmediate(turn)
    }
    let others = setImmediate(turn)
    const changes = ['a', 'b', 'c'].map((netid) => {
      const change = aChange({ netid })
      return {
        ...change,
        edit: (...given: Parameters<typeof change.edit>) => {
          begun.push(turns)
          for (const until = performance.now() + 15; performance.now() < until; );
          return change.edit(...given)
        },
      }
    })
    await planSlice({ store, institution: anInstitution(), changes, done: new WorkingSet([]), now: Date.now() })
    clearImmediate(others)
    assert.equal(new Set(begun).size, changes.length)
  })
})

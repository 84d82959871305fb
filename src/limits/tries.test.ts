import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openTries } from './tries.ts'

describe('who fails', () => {
  it('waits for the answer from the seventh time within a minute on', () => {
    const tries = openTries(() => 0)
    assert.deepEqual(
      Array.from({ length: 8 }, () => tries.failed('192.0.2.1') > 0),
      [...Array(6).fill(false), true, true],
    )
  })

  it('does not make others wait', () => {
    const tries = openTries(() => 0)
    for (let n = 0; n < 20; n++) tries.failed('192.0.2.1')
    assert.equal(tries.failed('192.0.2.2'), 0)
  })

  it('begins anew after a minute without failures', () => {
    let now = 0
    const tries = openTries(() => now)
    for (let n = 0; n < 20; n++) tries.failed('192.0.2.1')
    now += 59_000
    assert.ok(tries.failed('192.0.2.1') > 0)
    now += 61_000
    assert.equal(tries.failed('192.0.2.1'), 0)
  })
})

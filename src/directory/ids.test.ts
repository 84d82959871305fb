import assert from 'node:assert/strict'
import { it } from 'node:test'
import { newId, newVersion } from './ids.ts'

it('makes ids that are UUIDv7 and each greater than the one before, also when the clock stands still or goes back', () => {
  const ids = Array.from({ length: 20_000 }, (_, index) => newId(index === 10_000 ? 1 : 1_790_000_000_000))
  for (const id of ids.slice(0, 50)) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(ids, [...new Set(ids)].sort())
})

it('makes a version that follows the last one, also when that was made by a clock that is ahead', () => {
  const ahead = '0fffffff-ffff-7fff-bfff-ffffffffffff'
  const next = newVersion(1_790_000_000_000, ahead)
  assert.match(next, /^10000000-0000-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.ok(newId(1_790_000_000_000) < ahead, 'other ids are of our own clock')
  assert.ok(newVersion(1_790_000_000_000, newId(1_790_000_000_000)) < ahead)
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newId } from '../directory/ids.ts'
import { Seen } from './seen.ts'

describe('who was seen', () => {
  it('is known of a hundred thousand people, and nobody else is taken for one of them', () => {
    const seen = new Seen()
    const ids = Array.from({ length: 100_000 }, (_, n) => (n % 2 === 0 ? newId(Date.now()) : `netid:${n}`))
    for (const id of ids) seen.add(id)
    for (const id of ids) seen.add(id)
    assert.ok(ids.every((id) => seen.has(id)))
    const others = Array.from({ length: 100_000 }, (_, n) => (n % 2 === 0 ? newId(Date.now()) : `netid:0${n}`))
    assert.deepEqual(
      others.filter((id) => seen.has(id)),
      [],
    )
  })
})

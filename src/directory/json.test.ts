import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { sameJson } from './json.ts'
import type { Json } from './user.ts'

describe('equality of JSON', () => {
  it('ignores the order of names and minds that of lists', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.ok(sameJson(value as Json, structuredClone(value) as Json))))
    assert.ok(sameJson({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }))
    assert.ok(!sameJson([1, 2], [2, 1]))
    assert.ok(!sameJson({ a: 1 }, { b: 1 }))
    assert.ok(!sameJson([], {}))
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { referencesIn, resolved } from './bulk-references.ts'

describe('references of a bulk request', () => {
  it('are found and resolved wherever a resource can hold them', () => {
    const data = {
      members: [{ value: 'bulkId:a' }],
      path: 'members[value eq "bulkId:b"]',
      $ref: '../Users/bulkId:c',
      text: 'no bulkId:d',
    }
    assert.deepEqual([...referencesIn(data)], ['a', 'b', 'c'])
    assert.deepEqual(resolved(data, new Map(Object.entries({ a: '1', b: '2', c: '3', d: '4' }))), {
      members: [{ value: '1' }],
      path: 'members[value eq "2"]',
      $ref: '../Users/3',
      text: 'no bulkId:d',
    })
  })

  it('are read in one go, however long a text is and however many seem to begin in it', () => {
    for (const text of ['"bulkId:\\', '/bulkId:', 'bulkId"']) referencesIn(`x${text.repeat(500_000)}`)
  })

  it('leave everything else as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        if (referencesIn(value).size === 0) assert.deepEqual(resolved(value, new Map([['a', '1']])), value)
      }),
    )
  })
})

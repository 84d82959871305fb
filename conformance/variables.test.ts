import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Json } from './json.ts'
import { fill, textOf } from './variables.ts'

/** A variable as dialogues write it. */
const ref = (name: string) => `\${${name}}`

describe('a variable', () => {
  const variables = new Map<string, Json>([
    ['id', 'u1'],
    ['n', 3],
    ['whole', { userName: 'ada', name: { givenName: 'Ada', familyName: 'L' } }],
  ])
  const cases: readonly (readonly [string, Json, Json])[] = [
    ['stands within a text', `x${ref('id')}y`, 'xu1y'],
    ['is text within a text', `n=${ref('n')}`, 'n=3'],
    ['keeps its type when it is the whole text', ref('n'), 3],
    ['stays as written when nobody knows it', ref('other'), ref('other')],
    ['stands in names and values, at any depth', { [`a${ref('id')}`]: [ref('id'), { b: ref('n') }] }, { au1: ['u1', { b: 3 }] }],
    ['leaves what is no text', [1, null, true], [1, null, true]],
    [
      'can be joined with what changes',
      { $merge: [ref('whole'), { userName: 'grace', name: { givenName: 'Grace' } }] },
      { userName: 'grace', name: { givenName: 'Grace', familyName: 'L' } },
    ],
  ]
  for (const [why, value, filled] of cases) it(why, () => assert.deepEqual(fill(value, variables), filled))

  it('is text in a path', () => assert.equal(textOf(`/Users/${ref('id')}?count=${ref('n')}`, variables), '/Users/u1?count=3'))
})

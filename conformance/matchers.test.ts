import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Json } from './json.ts'
import { at } from './json.ts'
import { mismatch } from './matchers.ts'

describe('a pointer', () => {
  const user: Json = {
    id: '1',
    emails: [
      { type: 'home', value: 'h@x' },
      { type: 'Work', value: 'w@x' },
    ],
    'urn:x:2.0:User': { 'a/b': 1, '~': 2 },
  }
  for (const [why, pointer, value] of [
    ['finds the whole', '', user],
    ['finds a member', '/id', '1'],
    ['finds an element by its index', '/emails/0/value', 'h@x'],
    ['picks the first element with a sub-attribute, whatever its case', '/emails/[type=work]/value', 'w@x'],
    ['finds nothing where no element has the sub-attribute', '/emails/[type=other]/value', undefined],
    ['picks nothing from what is no list', '/id/[type=work]', undefined],
    ['walks through an extension', '/urn:x:2.0:User/a~1b', 1],
    ['reads the escapes of RFC 6901', '/urn:x:2.0:User/~0', 2],
    ['finds nothing in what is not there', '/name/familyName', undefined],
    ['finds nothing that every object inherits', '/constructor', undefined],
  ] as const) {
    it(why, () => assert.deepEqual(at(user, pointer), value))
  }
})

describe('a matcher', () => {
  const list: Json = [
    { value: 'a', type: 'User' },
    { value: 'b', type: 'User' },
  ]
  const cases: readonly (readonly [string, Json | undefined, Json, boolean])[] = [
    ['a plain value is that value', 'x', 'x', true],
    ['a plain value is no other type', 'true', true, false],
    ['a plain list is that list in that order', [1, 2], [2, 1], false],
    ['a plain object is that object with nothing else', { a: 1, b: 2 }, { a: 1 }, false],
    ['an object with $ref alone is plain', { $ref: null }, { $ref: null }, true],
    ['nothing is not null', undefined, null, false],
    ['$in takes any of these', 2, { $in: [1, 2] }, true],
    ['$in takes no other', 3, { $in: [1, 2] }, false],
    ['$not refuses this', '', { $not: '' }, false],
    ['$not takes what is not there', undefined, { $not: '' }, true],
    ['$type tells a list from an object', [], { $type: 'object' }, false],
    ['$type knows whole numbers', 1.5, { $type: 'integer' }, false],
    ['$type takes a whole number for a number', 1, { $type: 'number' }, true],
    ['$type refuses what is not there', undefined, { $type: 'string' }, false],
    ['$ci ignores case', 'ADA', { $ci: 'ada' }, true],
    ['$len counts elements', list, { $len: 2 }, true],
    ['$len takes nothing for an empty list', undefined, { $len: 0 }, true],
    ['$min compares numbers', 3, { $min: 4 }, false],
    ['$min compares lengths', list, { $min: 2 }, true],
    ['$min refuses what is not there', undefined, { $min: 0 }, false],
    ['$max takes what is not there', undefined, { $max: 0 }, true],
    ['$max compares lengths', list, { $max: 1 }, false],
    ['$contains looks into a text', 'abc', { $contains: 'b' }, true],
    ['$contains looks into a list', ['a', 'b'], { $contains: 'b' }, true],
    ['$contains finds an element by some of its attributes', list, { $contains: { value: 'b' } }, true],
    ['$has wants each of these', list, { $has: [{ value: 'a' }, { value: 'c' }] }, false],
    ['$has takes more than these', list, { $has: [{ value: 'a' }] }, true],
    ['$lacks wants none of these', list, { $lacks: [{ value: 'c' }, { value: 'b' }] }, false],
    ['$lacks takes what is not there', undefined, { $lacks: ['x'] }, true],
    ['$set wants these in any order', list, { $set: [{ value: 'b' }, { value: 'a' }] }, true],
    ['$set takes no more than these', list, { $set: [{ value: 'b' }] }, false],
    ['$set wants a different element for each', list, { $set: [{ type: 'User' }, { value: 'a' }] }, false],
    ['$set of nothing takes what is not there', undefined, { $set: [] }, true],
    ['$absentOr takes what is not there', undefined, { $absentOr: 'x' }, true],
    ['$absentOr takes an empty list', [], { $absentOr: 'x' }, true],
    ['$absentOr takes this value', 'x', { $absentOr: 'x' }, true],
    ['$absentOr takes no other value', 'y', { $absentOr: 'x' }, false],
    ['several matchers must all hold', 'abc', { $type: 'string', $not: 'abc' }, false],
    ['a name that is no matcher never holds', 'x', { $alike: 'x' }, false],
  ]
  for (const [why, actual, expected, holds] of cases) {
    it(why, () => assert.equal(mismatch(actual, expected) === undefined, holds))
  }

  it('says what was expected', () => {
    assert.equal(mismatch('x', { $in: ['a', 'b'] }), 'in ["a","b"]')
    assert.equal(mismatch('x', 'y'), '"y"')
  })
})

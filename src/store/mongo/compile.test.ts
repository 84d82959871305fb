import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COLLECTIONS } from '../collections.ts'
import type { Predicate } from '../predicate.ts'
import { EVERYTHING, NOTHING } from '../predicate.ts'
import { compile } from './compile.ts'

const NO_LIST = { $not: { $type: 'array' } }

const mongo = (where: Predicate) => compile('demo', COLLECTIONS.users, where, { isMongo: true })
const imitator = (where: Predicate) => compile('demo', COLLECTIONS.users, where, { isMongo: false })
const eq = (path: string, value: string | number | boolean): Predicate => ({ op: 'eq', path, value })
const any = (path: string, where: Predicate): Predicate => ({ op: 'any', path, where })

describe('a predicate as a MongoDB query', () => {
  for (const [why, where, query] of [
    ['asks for a key as its index wants it', eq('keys.netid', 'ada'), { 'keys.netid': { $eq: 'ada' } }],
    ['never takes a value for an operator', eq('keys.netid', '$where'), { 'keys.netid': { $eq: '$where' } }],
    [
      'looks into no list on the way',
      eq('search.name.familyName', 'x'),
      { search: NO_LIST, 'search.name': NO_LIST, 'search.name.familyName': { $eq: 'x', ...NO_LIST } },
    ],
    ['makes ne the opposite of eq', { op: 'ne', path: 'keys.netid', value: 1 }, { $nor: [{ 'keys.netid': { $eq: 1 } }] }],
    ['negates with $nor', { op: 'not', of: eq('keys.email', 'a') }, { $nor: [{ 'keys.email': { $eq: 'a' } }] }],
    ['finds everything', EVERYTHING, {}],
    ['finds nothing', NOTHING, { $nor: [{}] }],
    ['begins a pattern at the beginning', { op: 'sw', path: 'keys.email', value: 'a.b' }, { 'keys.email': { $regex: '^a\\.b' } }],
    ['escapes what is contained', { op: 'co', path: 'keys.email', value: '(*' }, { 'keys.email': { $regex: '\\(\\*' } }],
    ['ends a pattern at the very end', { op: 'ew', path: 'keys.email', value: '$' }, { 'keys.email': { $regex: '\\$\\z' } }],
    ['puts the institution before ids', eq('_id', '7'), { _id: { $eq: 'demo:7' } }],
    ['puts the institution before several ids', { op: 'in', path: '_id', values: ['7', 8] }, { _id: { $in: ['demo:7', 8] } }],
    ['asks for one of a single value as for that value', { op: 'in', path: '_id', values: ['7'] }, { _id: { $eq: 'demo:7' } }],
    ['finds a text within ids alone', { op: 'co', path: '_id', value: 'demo' }, { _id: { $regex: '^demo:[\\s\\S]*demo' } }],
    ['asks a declared list as its index wants it', any('search.boundTo', eq('', 'scim')), { 'search.boundTo': { $eq: 'scim' } }],
    [
      'asks all of one element',
      any('search.emails', { op: 'and', of: [eq('type', 'work'), eq('value', 'a')] }),
      {
        search: NO_LIST,
        'search.emails': { $elemMatch: { $and: [{ type: { $eq: 'work', ...NO_LIST } }, { value: { $eq: 'a', ...NO_LIST } }] } },
      },
    ],
    [
      'asks one thing of a scalar',
      any('search.tags', { op: 'gt', path: '', value: 5 }),
      { search: NO_LIST, 'search.tags': { $elemMatch: { $gt: 5 } } },
    ],
    [
      'knows that no scalar and no object can be both',
      any('tags', { op: 'and', of: [eq('', 'a'), eq('b', 'c')] }),
      { $nor: [{}] },
    ],
  ] as const satisfies readonly (readonly [string, Predicate, object])[]) {
    it(why, () => assert.deepEqual(mongo(where), query))
  }

  it('asks several things of one scalar by an expression', () => {
    const query = mongo(any('tags', { op: 'or', of: [eq('', '$a'), { op: 'gt', path: '', value: 5 }] }))
    const literal = { $eq: ['$$element0', { $literal: '$a' }] }
    assert.deepEqual(query.$expr.$gt[0].$size.$filter.cond.$or[0], literal)
  })

  it('asks elements by their place where $elemMatch is not to be trusted', () => {
    const query = imitator(any('tags', eq('type', 'work')))
    assert.deepEqual(query.$and[0], { tags: { $type: 'array' } })
    const second = { 'tags.1': NO_LIST, 'tags.1.type': { $eq: 'work', ...NO_LIST } }
    assert.deepEqual(query.$and[1].$or[1], { $and: [{ 'tags.1': { $exists: true } }, second] })
  })

  for (const path of ['$where', 'a.$b', 'a..b', 'a b', '', 'a-b', 'a\0']) {
    it(`refuses the path ${JSON.stringify(path)}`, () => {
      for (const ask of [mongo, imitator]) {
        assert.throws(() => ask(eq(path, 1)), TypeError)
        if (path !== '') assert.throws(() => ask(any('tags', { op: 'not', of: any('x', eq(path, 1)) })), TypeError)
        assert.throws(() => ask(any(path, EVERYTHING)), TypeError)
      }
    })
  }
})

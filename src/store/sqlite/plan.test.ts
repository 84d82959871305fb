/** Statements go by an index: what SQLite says of each, and which are answered without the reader thread. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import { has, not } from '../contract/builders.ts'
import type { Predicate, Scalar } from '../predicate.ts'
import { and, EVERYTHING } from '../predicate.ts'
import type { Query } from '../store.ts'
import { lookUpQuestion, planCount, planFind } from './plan.ts'
import type { Question } from './reading.ts'
import { createList, createTable, indexesOf, tableIn, tablesOf } from './schema.ts'

const tables = tablesOf()
const db = new DatabaseSync(':memory:')
db.function('tick', () => 1)
for (const table of tables.values()) {
  for (const sql of [createTable(table), ...table.lists.map(createList), ...indexesOf(table).map((index) => index.sql)])
    db.exec(sql)
}

function explain({ sql, values }: Question): string[] {
  const steps = db.prepare(`explain query plan ${sql}`).all(...values)
  return steps.map(({ detail }) => String(detail)).filter((detail) => /^(SCAN|SEARCH|USE)/.test(detail))
}

const eq = (path: string, value: Scalar): Predicate => ({ op: 'eq', path, value })
const email = (op: 'eq' | 'sw', value: string): Predicate => ({
  op: 'any',
  path: 'search.emails',
  where: { op, path: 'value', value },
})
const among = (path: string, ...values: Scalar[]): Predicate => ({ op: 'in', path, values })
const sort = (path: string, descending = false) => ({ sort: { path, descending } })

const ID = /INDEX users\(_id\) \(institution=\? AND id/
const BOUND = has('search.boundTo', 'scim')
const oneOfBound = (...values: string[]): Predicate => ({ op: 'any', path: 'search.boundTo', where: among('', ...values) })
const BY_BOUND = /SEARCH l USING PRIMARY KEY \(institution=\? AND value=\?/
const SINCE: Predicate = { op: 'ge', path: 'lastModified', value: 5 }

type Case = readonly [why: string, where: Predicate, query: Partial<Query>, by: RegExp]

/** Pages that come out of the index in order: nothing is sorted, nothing is stepped over. */
const PAGES: readonly Case[] = [
  ['all', EVERYTHING, {}, /INDEX users\(_id\) \(institution=\?\)/],
  ['all, backwards', EVERYTHING, sort('_id', true), /INDEX users\(_id\) \(institution=\?\)/],
  ['all behind an id', EVERYTHING, { after: { id: 'x' } }, ID],
  ['a value of a list', BOUND, {}, BY_BOUND],
  [
    'a value of a list behind an id',
    BOUND,
    { after: { id: 'x' } },
    /SEARCH l USING PRIMARY KEY \(institution=\? AND value=\? AND id>\?/,
  ],
  ['one of a single value of a list', oneOfBound('scim'), {}, BY_BOUND],
  ['an email', email('eq', 'a@b'), {}, BY_BOUND],
  ['all by an indexed path', EVERYTHING, sort('lastModified'), /INDEX users\(lastModified,_id\)/],
  ['all by an indexed path, backwards', EVERYTHING, sort('lastModified', true), /INDEX users\(lastModified,_id\)/],
  ['what changed since', SINCE, sort('lastModified'), /INDEX users\(lastModified,_id\) \(institution=\? AND lastModified>/],
  [
    'what changed since, behind a place',
    SINCE,
    { ...sort('lastModified'), after: { value: 7, id: 'x' } },
    /INDEX users\(lastModified,_id\) \(institution=\? AND lastModified>/,
  ],
]

/** A handful of documents, found by what is unique. */
const POINTS: readonly Case[] = [
  ['an id', eq('_id', 'x'), {}, /INDEX users\(_id\) \(institution=\? AND id=\?\)/],
  ['a key', eq('keys.userName', 'x'), {}, /INDEX users\(keys.userName\) \(institution=\? AND keys.userName=\?\)/],
  ['some keys', among('keys.netid', 'x', 'y'), {}, /INDEX users\(keys.netid\) \(institution=\? AND keys.netid=\?\)/],
  [
    'a key, among those of a source',
    and(BOUND, eq('keys.email', 'x')),
    {},
    /INDEX users\(keys.email\) \(institution=\? AND keys.email=\?\)/,
  ],
  [
    'a key, sorted',
    and(eq('keys.email', 'x'), SINCE),
    sort('lastModified'),
    /INDEX users\(keys.email\) \(institution=\? AND keys.email=\?\)/,
  ],
]

describe('questions for users', () => {
  for (const [why, where, query, by] of PAGES) {
    it(`takes a page from the index: ${why}`, () => {
      const plan = planFind(tableIn(tables, 'users'), 'demo', { where, limit: 100, ...query }, () => false)
      const steps = explain(plan.question)
      assert.equal(plan.isQuick, true)
      assert.match(steps.join('\n'), by)
      assert.deepEqual(
        steps.filter((step) => /SCAN (?!l$)/.test(step)),
        [],
      )
      // A page of a list is cut out of its index first and only then put in order.
      if (by !== BY_BOUND)
        assert.ok(!steps.some((step) => step.includes('TEMP B-TREE')) || /SCAN l/.test(steps.join('\n')), steps.join('\n'))
    })
  }

  for (const [why, where, query, by] of POINTS) {
    it(`finds by the unique index: ${why}`, () => {
      for (const plan of [
        planFind(tableIn(tables, 'users'), 'demo', { where, limit: 100, ...query }, () => false),
        planCount(tableIn(tables, 'users'), 'demo', where, () => false),
      ]) {
        const [first] = explain(plan.question)
        assert.equal(plan.isQuick, true)
        assert.match(first ?? '', by)
      }
    })
  }

  for (const values of [['a'], ['a', 'b']]) {
    it(`looks up ${values.length} of each key by its own index, and ids too`, () => {
      const names = COLLECTIONS.users.unique
      const keys = Object.fromEntries(names.map((name) => [name, values]))
      const question = lookUpQuestion(tableIn(tables, 'users'), 'demo', { ids: values, keys })
      assert.ok(question)
      const steps = explain(question).filter((step) => !/json_each/.test(step))
      assert.ok(steps.some((step) => step.includes('INDEX users(_id) (institution=? AND id=?)')))
      for (const name of names)
        assert.ok(steps.some((step) => step.includes(`INDEX users(keys.${name}) (institution=? AND keys.${name}=?)`)))
      assert.deepEqual(
        steps.filter((step) => /SCAN/.test(step) && !/SCAN found/.test(step)),
        [],
      )
    })
  }

  for (const [why, where, query] of [
    ['a condition on the document', eq('search.title', 'x'), {}],
    ['a condition beside a value of a list', and(BOUND, eq('search.title', 'x')), {}],
    ['an order without an index', EVERYTHING, sort('search.title')],
    ['a deep page', EVERYTHING, { skip: 100_000 }],
    ['a long page', EVERYTHING, { limit: 100_000 }],
    ['all without a value that many have', not(has('search.deletedBy', 'scim')), {}],
    ['a prefix that many have', email('sw', ''), {}],
    ['a range against the order', SINCE, {}],
    ['several values that many have', oneOfBound('scim', 'scim:okta'), {}],
  ] as const) {
    it(`leaves to the reader thread: ${why}`, () => {
      const plan = planFind(tableIn(tables, 'users'), 'demo', { where, limit: 100, ...query }, () => false)
      assert.equal(plan.isQuick, false)
      assert.match(plan.question.sql, /tick\(\)/)
    })
  }

  for (const [why, where, query] of [
    ['a condition beside a value that few have', and(BOUND, eq('search.title', 'x')), {}],
    ['a value that few have, in another order', BOUND, sort('search.title')],
    ['all without a value that few have', not(has('search.deletedBy', 'scim')), {}],
    ['several values that few have', oneOfBound('scim', 'scim:okta'), {}],
  ] as const) {
    it(`answers at once, since they are few: ${why}`, () => {
      const plan = planFind(tableIn(tables, 'users'), 'demo', { where, limit: 100, ...query }, () => true)
      assert.equal(plan.isQuick, true)
      assert.doesNotMatch(plan.question.sql, /tick\(\)/)
    })
  }
})

describe('questions for one of several values of a list', () => {
  it('go by the documents that the list names when these are few, and through no others', () => {
    const query = { where: oneOfBound('scim', 'scim:okta'), limit: 100 }
    const plan = planFind(tableIn(tables, 'users'), 'demo', query, () => true)
    assert.match(explain(plan.question).join('\n'), /SEARCH u USING INTEGER PRIMARY KEY/)
  })
})

describe('questions for events', () => {
  for (const [why, where, query, by] of [
    ['of one subject', eq('subject', 'x'), {}, /INDEX events\(subject,_id\) \(institution=\? AND subject=\?\)/],
    [
      'of one subject, the latest first',
      eq('subject', 'x'),
      sort('_id', true),
      /INDEX events\(subject,_id\) \(institution=\? AND subject=\?\)/,
    ],
    ['of one run, by row', eq('run', 'x'), sort('row'), /INDEX events\(run,row\) \(institution=\? AND run=\?\)/],
  ] as readonly Case[]) {
    it(`takes a page from the index: ${why}`, () => {
      const plan = planFind(
        tableIn(tables, 'events' satisfies CollectionName),
        'demo',
        { where, limit: 100, ...query },
        () => false,
      )
      assert.equal(plan.isQuick, true)
      assert.match(explain(plan.question).join('\n'), by)
    })
  }
})

describe('questions for kept answers', () => {
  it('take those about one person from the index', () => {
    const name = 'idempotency' satisfies CollectionName
    const plan = planFind(tableIn(tables, name), 'demo', { where: eq('about', 'x'), limit: 100 }, () => false)
    assert.match(explain(plan.question).join('\n'), /INDEX idempotency\(about,_id\) \(institution=\? AND about=\?\)/)
  })
})

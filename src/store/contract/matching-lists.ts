/** What is found in lists, and on the paths that a store keeps apart from the rest of the document. */
import assert from 'node:assert/strict'
import type { Predicate, Scalar } from '../predicate.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Test } from './builders.ts'
import { aDoc, anInstitution, finds, given, has, idsOf, not } from './builders.ts'

const PATH = 'search.value'

export function matchingLists(test: Test): void {
  elements(test)
  columns(test)
}

function elements(test: Test): void {
  const LISTS = {
    work: [{ value: 'a@uni', type: 'work', primary: true }],
    both: [{ value: 'b@uni', type: 'work' }, { value: 'a@uni', type: 'home' }, { value: '' }],
    home: [{ value: 'a@uni', type: 'home' }],
    mixed: ['a@uni', null, 5, { type: 'work' }, ['a@uni'], true],
    empty: [],
    object: { value: 'a@uni' },
    text: 'a@uni',
  }
  const any = (where: Predicate): Predicate => ({ op: 'any', path: PATH, where })
  const eq = (path: string, value: Scalar): Predicate => ({ op: 'eq', path, value })
  for (const [why, where, ids] of [
    ['any looks at each element', any(eq('value', 'a@uni')), ['work', 'both', 'home']],
    ['any asks all of the same element', any({ op: 'and', of: [eq('value', 'a@uni'), eq('type', 'work')] }), ['work']],
    ['any with or', any({ op: 'or', of: [eq('value', 'b@uni'), eq('primary', true)] }), ['work', 'both']],
    ['any with not: some element is otherwise', any(not(eq('type', 'work'))), ['both', 'home', 'mixed']],
    ['not any: no element is so', not(any(eq('type', 'work'))), ['home', 'empty', 'object', 'text', 'absent', 'bare']],
    ['any with ne of a member', any({ op: 'ne', path: 'type', value: 'home' }), ['work', 'both', 'mixed']],
    ['any with pr of a member', any({ op: 'pr', path: 'primary' }), ['work']],
    ['any of a scalar', any(eq('', 'a@uni')), ['mixed']],
    ['any of a number', any(eq('', 5)), ['mixed']],
    ['any of a boolean', any(eq('', true)), ['mixed']],
    [
      'any with co, sw and ew',
      any({
        op: 'and',
        of: [
          { op: 'co', path: 'value', value: '@' },
          { op: 'sw', path: 'value', value: 'b' },
          { op: 'ew', path: 'value', value: 'uni' },
        ],
      }),
      ['both'],
    ],
    ['any with in', any({ op: 'in', path: 'type', values: ['home', 'other'] }), ['both', 'home']],
    ['any with in of scalars', any({ op: 'in', path: '', values: ['a@uni', 1] }), ['mixed']],
    ['any with a range of numbers', any({ op: 'gt', path: '', value: 4 }), ['mixed']],
    ['any of an empty list', any(EVERYTHING), ['work', 'both', 'home', 'mixed']],
  ] as const) {
    test(why, (store) => finds(store, LISTS, where, ids))
  }

  test('any within any', async (store) => {
    const values = {
      yes: [{ tags: [{ name: 'x' }, { name: 'y' }] }],
      no: [{ tags: [{ name: 'x' }] }, { tags: [] }, { name: 'y' }],
      scalars: [{ tags: ['y'] }],
    }
    const named = { op: 'any', path: 'tags', where: { op: 'eq', path: 'name', value: 'y' } } as const
    await finds(store, values, { op: 'any', path: PATH, where: named }, ['yes'])
    await finds(store, values, { op: 'any', path: PATH, where: has('tags', 'y') }, ['scalars'])
  })
}

/** Paths that the store keeps apart from the rest of the document answer like any other. */
function columns(test: Test): void {
  const CAST: { readonly [id: string]: object } = {
    ada: {
      keys: { netid: 'ada', email: 'ada@uni' },
      lastModified: 10,
      search: { emails: [{ value: 'ada@uni' }, { value: 'ada@home' }], boundTo: ['scim', 'okta'] },
    },
    bob: {
      keys: { netid: 'bob' },
      lastModified: 20,
      search: { emails: [{ value: 'bob@uni' }], boundTo: ['scim'], deletedBy: ['okta'] },
    },
    cy: { keys: { userName: 'cy' }, search: { emails: [{ type: 'work' }], boundTo: [] } },
    dee: { lastModified: 15 },
  }
  const email = (op: 'eq' | 'sw' | 'co' | 'ew', value: string): Predicate => ({
    op: 'any',
    path: 'search.emails',
    where: { op, path: 'value', value },
  })
  for (const [why, where, ids] of [
    ['a key: eq', { op: 'eq', path: 'keys.netid', value: 'ada' }, ['ada']],
    ['a key: eq of a number', { op: 'eq', path: 'keys.netid', value: 5 }, []],
    ['a key: ne', { op: 'ne', path: 'keys.netid', value: 'ada' }, ['bob', 'cy', 'dee']],
    ['a key: in', { op: 'in', path: 'keys.netid', values: ['ada', 'bob', 'x', 1, true] }, ['ada', 'bob']],
    ['a key: sw', { op: 'sw', path: 'keys.netid', value: 'a' }, ['ada']],
    ['a key: sw of the empty text', { op: 'sw', path: 'keys.netid', value: '' }, ['ada', 'bob']],
    ['a key: co', { op: 'co', path: 'keys.netid', value: 'o' }, ['bob']],
    ['a key: ew', { op: 'ew', path: 'keys.netid', value: 'b' }, ['bob']],
    ['a key: gt', { op: 'gt', path: 'keys.netid', value: 'ada' }, ['bob']],
    ['a key: le', { op: 'le', path: 'keys.netid', value: 'bob' }, ['ada', 'bob']],
    ['a key: pr', { op: 'pr', path: 'keys.netid' }, ['ada', 'bob']],
    ['a key: not pr', not({ op: 'pr', path: 'keys.netid' }), ['cy', 'dee']],
    [
      'a key or another',
      {
        op: 'or',
        of: [
          { op: 'eq', path: 'keys.netid', value: 'ada' },
          { op: 'eq', path: 'keys.userName', value: 'cy' },
        ],
      },
      ['ada', 'cy'],
    ],
    ['an id: eq', { op: 'eq', path: '_id', value: 'bob' }, ['bob']],
    ['an id: in', { op: 'in', path: '_id', values: ['bob', 'cy', 'x'] }, ['bob', 'cy']],
    ['an id: gt', { op: 'gt', path: '_id', value: 'bob' }, ['cy', 'dee']],
    ['an indexed path: eq', { op: 'eq', path: 'lastModified', value: 20 }, ['bob']],
    ['an indexed path: eq of text', { op: 'eq', path: 'lastModified', value: '20' }, []],
    ['an indexed path: ne', { op: 'ne', path: 'lastModified', value: 20 }, ['ada', 'cy', 'dee']],
    ['an indexed path: ge', { op: 'ge', path: 'lastModified', value: 15 }, ['bob', 'dee']],
    ['an indexed path: lt', { op: 'lt', path: 'lastModified', value: 15 }, ['ada']],
    [
      'an indexed path: a range',
      {
        op: 'and',
        of: [
          { op: 'gt', path: 'lastModified', value: 10 },
          { op: 'lt', path: 'lastModified', value: 20 },
        ],
      },
      ['dee'],
    ],
    ['an indexed path: pr', { op: 'pr', path: 'lastModified' }, ['ada', 'bob', 'dee']],
    ['an indexed path: in', { op: 'in', path: 'lastModified', values: [10, 15, '20'] }, ['ada', 'dee']],
    ['a declared list: eq', email('eq', 'ada@home'), ['ada']],
    ['a declared list: sw', email('sw', 'ada@'), ['ada']],
    ['a declared list: co', email('co', '@uni'), ['ada', 'bob']],
    ['a declared list: ew', email('ew', 'home'), ['ada']],
    ['a declared list: not eq', not(email('eq', 'ada@home')), ['bob', 'cy', 'dee']],
    ['a declared list: not co', not(email('co', '@uni')), ['cy', 'dee']],
    [
      'a declared list: some element without the member',
      { op: 'any', path: 'search.emails', where: not({ op: 'pr', path: 'value' }) },
      ['cy'],
    ],
    [
      'a declared list: an element with another member',
      { op: 'any', path: 'search.emails', where: { op: 'eq', path: 'type', value: 'work' } },
      ['cy'],
    ],
    ['a declared list: two values', { op: 'and', of: [has('search.boundTo', 'scim'), has('search.boundTo', 'okta')] }, ['ada']],
    [
      'a declared list: one value without another',
      { op: 'and', of: [has('search.boundTo', 'scim'), not(has('search.deletedBy', 'okta'))] },
      ['ada'],
    ],
    ['a declared list: in', { op: 'any', path: 'search.boundTo', where: { op: 'in', path: '', values: ['okta', 'x'] } }, ['ada']],
    [
      'a declared list and a key',
      { op: 'and', of: [has('search.boundTo', 'scim'), { op: 'eq', path: 'keys.netid', value: 'bob' }] },
      ['bob'],
    ],
    [
      'a declared list and a key of somebody else',
      { op: 'and', of: [has('search.deletedBy', 'okta'), { op: 'eq', path: 'keys.netid', value: 'ada' }] },
      [],
    ],
    [
      'a declared list or a key',
      { op: 'or', of: [email('eq', 'bob@uni'), { op: 'eq', path: 'keys.netid', value: 'ada' }] },
      ['ada', 'bob'],
    ],
  ] as readonly [string, Predicate, string[]][]) {
    test(why, async (store) => {
      const institution = anInstitution()
      await given(
        store,
        Object.entries(CAST).map(([_id, parts]) => aDoc(institution, { _id, ...parts })),
      )
      assert.deepEqual(await idsOf(store, institution, where), ids)
      assert.deepEqual(await idsOf(store, institution, where, { sort: { path: '_id', descending: true } }), ids.toReversed())
      assert.equal(await store.count('users', institution, where), ids.length)
    })
  }
}

/** What each predicate finds: a table by hand, and random ones against the model. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Predicate, Scalar } from '../predicate.ts'
import { EVERYTHING, NOTHING } from '../predicate.ts'
import type { Doc, Query, Store } from '../store.ts'
import type { Test } from './builders.ts'
import { aDoc, anInstitution, byId, given, has, idsOf, not } from './builders.ts'
import { satisfies } from './model.ts'
import { documents, predicates } from './random.ts'

/** One document a value, its id the key. */
const VALUES: { readonly [id: string]: unknown } = {
  text: 'ada',
  longer: 'adabell',
  capital: 'Ada',
  empty: '',
  digits: '5',
  word: 'true',
  five: 5,
  half: 0.5,
  minus: -5,
  zero: 0,
  yes: true,
  no: false,
  null: null,
  list: ['ada'],
  emptyList: [],
  object: { value: 'ada' },
  emptyObject: {},
}
const PATH = 'search.value'
const TEXTS = ['text', 'longer', 'capital', 'empty', 'digits', 'word']
const NUMBERS = ['five', 'half', 'minus', 'zero']
const EMPTY = ['empty', 'null', 'emptyList', 'emptyObject', 'absent', 'bare']
const ALL = [...Object.keys(VALUES), 'absent', 'bare']
const but = (...ids: string[]) => ALL.filter((id) => !ids.includes(id))

const is = (op: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le', value: Scalar): Predicate => ({ op, path: PATH, value })
const part = (op: 'co' | 'sw' | 'ew', value: string): Predicate => ({ op, path: PATH, value })
const among = (...values: Scalar[]): Predicate => ({ op: 'in', path: PATH, values })
const PRESENT: Predicate = { op: 'pr', path: PATH }

const CASES: readonly (readonly [why: string, where: Predicate, ids: readonly string[]])[] = [
  ['eq of text compares case and type', is('eq', 'ada'), ['text']],
  ['eq of digits finds no number', is('eq', '5'), ['digits']],
  ['eq of a number finds no digits', is('eq', 5), ['five']],
  ['eq of zero finds no false', is('eq', 0), ['zero']],
  ['eq of true finds neither 1 nor "true"', is('eq', true), ['yes']],
  ['eq of false finds no zero', is('eq', false), ['no']],
  ['eq of the empty text finds what is empty text', is('eq', ''), ['empty']],
  ['eq of what looks like a list finds no list', is('eq', '["ada"]'), []],
  ['eq of what looks like null finds no null', is('eq', 'null'), []],
  ['ne is everything but eq, absent values too', is('ne', 'ada'), but('text')],
  ['ne of a number', is('ne', 5), but('five')],
  ['ne of a boolean', is('ne', true), but('yes')],
  ['gt of text', is('gt', 'ada'), ['longer', 'word']],
  ['ge of text', is('ge', 'ada'), ['text', 'longer', 'word']],
  ['lt of text', is('lt', 'ada'), ['capital', 'digits', 'empty']],
  ['le of text', is('le', 'ada'), ['text', 'capital', 'digits', 'empty']],
  ['ge of the empty text is every text', is('ge', ''), TEXTS],
  ['gt of a number', is('gt', 0), ['five', 'half']],
  ['ge of a number', is('ge', 0), ['five', 'half', 'zero']],
  ['lt of a number', is('lt', 0.5), ['minus', 'zero']],
  ['le of a number', is('le', 0.5), ['minus', 'zero', 'half']],
  ['ge of the least number is every number', is('ge', -Number.MAX_VALUE), NUMBERS],
  ['gt of false', is('gt', false), ['yes']],
  ['le of true', is('le', true), ['yes', 'no']],
  ['lt of false', is('lt', false), []],
  ['co', part('co', 'da'), ['text', 'longer', 'capital']],
  ['co of the empty text is every text', part('co', ''), TEXTS],
  ['co of digits finds no number', part('co', '5'), ['digits']],
  ['co looks into no list', part('co', '"'), []],
  ['sw', part('sw', 'ada'), ['text', 'longer']],
  ['sw of the empty text is every text', part('sw', ''), TEXTS],
  ['sw takes no wildcards', part('sw', 'a%'), []],
  ['ew', part('ew', 'da'), ['text', 'capital']],
  ['ew of the empty text is every text', part('ew', ''), TEXTS],
  ['ew of something longer than the value', part('ew', 'xxada'), []],
  ['in, of all types at once', among('ada', 5, false, 'nobody'), ['text', 'five', 'no']],
  ['in digits finds no number', among('5', '0'), ['digits']],
  ['in 1 and 0 finds no booleans', among(1, 0), ['zero']],
  ['in nothing', among(), []],
  ['pr is neither absent, null nor empty', PRESENT, but(...EMPTY)],
  ['not pr', not(PRESENT), EMPTY],
  ['not of a comparison holds for what is absent', not(part('co', 'da')), but('text', 'longer', 'capital')],
  ['not of in holds for what is absent', not(among('ada', 5)), but('text', 'five')],
  ['not of a range holds for other types', not(is('gt', 0)), but('five', 'half')],
  ['not not', not(not(is('eq', 'ada'))), ['text']],
  ['not of ne', not(is('ne', 'ada')), ['text']],
  ['and', { op: 'and', of: [part('sw', 'ada'), not(is('eq', 'ada'))] }, ['longer']],
  ['or', { op: 'or', of: [is('eq', 'ada'), is('eq', 5)] }, ['text', 'five']],
  [
    'not of an or with absent parts',
    not({ op: 'or', of: [is('eq', 'ada'), { op: 'eq', path: 'search.other', value: 1 }] }),
    but('text'),
  ],
  [
    'not of an and with absent parts',
    not({ op: 'and', of: [is('eq', 'ada'), { op: 'eq', path: 'search.other', value: 1 }] }),
    ALL,
  ],
  ['and of nothing', EVERYTHING, ALL],
  ['or of nothing', NOTHING, []],
  ['not of nothing', not(NOTHING), ALL],
  ['a member of an object', { op: 'eq', path: `${PATH}.value`, value: 'ada' }, ['object']],
  ['a member of what is no object', { op: 'pr', path: `${PATH}.length` }, []],
  ['any of what is a list', has(PATH, 'ada'), ['list']],
  ['not any', not(has(PATH, 'ada')), but('list')],
  ['any element at all', { op: 'any', path: PATH, where: EVERYTHING }, ['list']],
]

export function matching(test: Test): void {
  for (const [why, where, ids] of CASES) test(why, (store) => finds(store, VALUES, where, ids))
  elements(test)
  columns(test)

  test('orders text by code point, not by UTF-16 unit or language', async (store) => {
    const texts = { z: 'z', Z: 'Z', e: 'é', tilde: '\uFF5E', face: '\u{1F600}' }
    await finds(store, texts, is('gt', 'z'), ['e', 'tilde', 'face'], false)
    await finds(store, texts, is('gt', '\uFF5E'), ['face'], false)
    await finds(store, texts, part('sw', '\u{1F600}'), ['face'], false)
    await finds(store, texts, part('ew', '\u{1F600}'), ['face'], false)
  })

  test('answers an or of two thousand terms', async (store) => {
    const terms = (count: number): Predicate[] => Array.from({ length: count }, (_, at) => is('eq', `no-${at}`))
    await finds(store, VALUES, { op: 'or', of: [...terms(1000), is('eq', 'ada'), ...terms(1000)] }, ['text'])
    await finds(store, VALUES, { op: 'and', of: terms(2000).map(not) }, ALL)
  })

  test('answers an in of two thousand values', async (store) => {
    await finds(store, VALUES, among(...Array.from({ length: 2000 }, (_, at) => `no-${at}`), 'ada', 0.5), ['text', 'half'])
  })

  test('refuses a path that is not made of letters, digits and underscores', async (store) => {
    for (const path of ["search.a'b", 'search."a"', 'search.$where', 'search. a', 'search..a', 'search.a-b', 'search.é']) {
      await assert.rejects(store.find('users', 'nobody', { where: { op: 'eq', path, value: 1 }, limit: 1 }), path)
    }
  })

  test('agrees with the model on random documents and predicates', agreesWithModel)
}

async function finds(
  store: Store,
  values: { readonly [id: string]: unknown },
  where: Predicate,
  ids: readonly string[],
  withAbsent = true,
): Promise<void> {
  const institution = anInstitution()
  const docs = Object.entries(values).map(([_id, value]) => aDoc(institution, { _id, search: { value } }))
  if (withAbsent) docs.push(aDoc(institution, { _id: 'absent', search: {} }), aDoc(institution, { _id: 'bare' }))
  await given(store, docs)
  assert.deepEqual(await idsOf(store, institution, where), ids.toSorted())
  assert.equal(await store.count('users', institution, where), ids.length)
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

async function agreesWithModel(store: Store): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(documents, { minLength: 5, maxLength: 25 }),
      fc.array(predicates, { minLength: 25, maxLength: 25 }),
      async (parts, asked) => {
        const institution = anInstitution()
        const docs = byId(parts.map((part) => aDoc(institution, part)))
        await given(store, docs)
        for (const where of asked) await agrees(store, docs, { where, limit: 1000 })
      },
    ),
    { numRuns: 15 },
  )
}

async function agrees(store: Store, docs: readonly Doc[], query: Query): Promise<void> {
  const institution = docs[0]?.institution ?? ''
  const expected = docs.filter((doc) => satisfies(doc, query.where)).map(({ _id }) => _id)
  assert.deepEqual(await idsOf(store, institution, query.where), expected, JSON.stringify(query.where))
  assert.equal(await store.count('users', institution, query.where), expected.length, JSON.stringify(query.where))
}

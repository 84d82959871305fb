/** What each predicate finds: a table by hand, and random ones against the model. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Predicate, Scalar } from '../predicate.ts'
import { EVERYTHING, NOTHING } from '../predicate.ts'
import type { Doc, Store } from '../store.ts'
import type { Test } from './builders.ts'
import { aDoc, anInstitution, byId, finds, given, has, idsOf, not } from './builders.ts'
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

  test('orders text by code point, not by UTF-16 unit or language', async (store) => {
    const texts = { z: 'z', Z: 'Z', e: 'é', tilde: '\uFF5E', face: '\u{1F600}' }
    await finds(store, texts, is('gt', 'z'), ['e', 'tilde', 'face'], false)
    await finds(store, texts, is('gt', '\uFF5E'), ['face'], false)
    await finds(store, texts, part('sw', '\u{1F600}'), ['face'], false)
    await finds(store, texts, part('ew', '\u{1F600}'), ['face'], false)
  })

  test('looks up a key beside what always or never holds', async (store) => {
    const institution = anInstitution()
    await given(store, [aDoc(institution, { keys: { netid: 'ada' } })])
    const key: Predicate = { op: 'eq', path: 'keys.netid', value: 'ada' }
    for (const [other, n] of [
      [NOTHING, 0],
      [not(EVERYTHING), 0],
      [not(NOTHING), 1],
    ] as const) {
      const where: Predicate = { op: 'and', of: [key, other] }
      assert.equal((await idsOf(store, institution, where)).length, n)
      assert.equal(await store.count('users', institution, where), n)
    }
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
}

export function agreeing(test: Test, runs: number): void {
  test('agrees with the model on random documents and predicates', (store) => agreesWithModel(store, runs))
}

async function agreesWithModel(store: Store, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.array(documents, { minLength: 5, maxLength: 25 }),
      fc.array(predicates, { minLength: 25, maxLength: 25 }),
      async (parts, asked) => {
        const institution = anInstitution()
        const docs = byId(parts.map((part) => aDoc(institution, part)))
        await given(store, docs)
        for (const [at, where] of asked.entries()) await agrees(store, docs, where, at % 4 === 0)
      },
    ),
    { numRuns },
  )
}

async function agrees(store: Store, docs: readonly Doc[], where: Predicate, isCounted: boolean): Promise<void> {
  const institution = docs[0]?.institution ?? ''
  const expected = docs.filter((doc) => satisfies(doc, where)).map(({ _id }) => _id)
  assert.deepEqual(await idsOf(store, institution, where), expected, JSON.stringify(where))
  if (isCounted) assert.equal(await store.count('users', institution, where), expected.length, JSON.stringify(where))
}

/**
 * Random documents and predicates over the same few paths and values, so that they meet often.
 */
import type { Arbitrary } from 'fast-check'
import fc from 'fast-check'
import type { Predicate, Scalar } from '../predicate.ts'

const TEXTS = [
  '',
  'a',
  'ab',
  'b',
  'A',
  'á',
  'a\u0301',
  'a.b',
  '%',
  '_',
  '$a',
  '5',
  'true',
  'null',
  '"',
  "'",
  '\\',
  '\uFF5E',
  '\u{1F600}',
  'a\u{1F600}b',
  '[]',
  '{}',
  'zz',
]
const NUMBERS = [0, 1, -1, 5, 0.5, -2.5, 1e15, 1_700_000_000_000]

const text = fc.constantFrom(...TEXTS)
const value: Arbitrary<Scalar> = fc.oneof(text, text, fc.constantFrom(...NUMBERS), fc.boolean())
const field: Arbitrary<unknown> = fc.oneof({ weight: 6, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) })

/** Absent as often as the generator has it. */
const parts = (fields: { [name: string]: Arbitrary<unknown> }) => fc.record(fields, { requiredKeys: [] })

const element = parts({ value: text, type: field, deep: parts({ name: field }), tags: fc.array(field, { maxLength: 3 }) })

/** What is cut out of documents besides their ids: no unique keys, which random values would share. */
export const documents = parts({
  lastModified: fc.constantFrom(...NUMBERS),
  note: field,
  search: parts({
    a: field,
    b: field,
    name: parts({ c: field }),
    list: fc.array(field, { maxLength: 4 }),
    objects: fc.array(element, { maxLength: 3 }),
    emails: fc.array(element, { maxLength: 3 }),
    boundTo: fc.array(text, { maxLength: 3 }),
  }),
})

const SINGLE = ['lastModified', 'note', 'search.a', 'search.b', 'search.name.c', 'search.missing', 'search.a.under']
const PRESENT = [...SINGLE, 'search', 'search.name', 'search.list', 'search.objects', 'search.boundTo']
const OF_ELEMENT = ['value', 'type', 'deep.name', 'missing']
const PRESENT_IN_ELEMENT = [...OF_ELEMENT, 'deep', 'tags']

export const predicates: Arbitrary<Predicate> = tree(leaves(SINGLE, PRESENT), 3, [
  any(
    ['search.objects', 'search.emails'],
    tree(leaves(OF_ELEMENT, PRESENT_IN_ELEMENT), 2, [any(['tags'], tree(leaves([''], ['']), 1))]),
  ),
  any(['search.list', 'search.boundTo', 'search.a'], tree(leaves([''], ['']), 2)),
])

function tree(leaf: Arbitrary<Predicate>, depth: number, more: Arbitrary<Predicate>[] = []): Arbitrary<Predicate> {
  const flat = fc.oneof(leaf, leaf, ...more)
  if (depth === 0) return flat
  const inner = tree(leaf, depth - 1, more)
  return fc.oneof(
    { weight: 3, arbitrary: flat },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('and', 'or'), of: fc.array(inner, { maxLength: 3 }) }) },
    { weight: 1, arbitrary: inner.map((of): Predicate => ({ op: 'not', of })) },
  )
}

function leaves(paths: readonly string[], present: readonly string[]): Arbitrary<Predicate> {
  const path = fc.constantFrom(...paths)
  return fc.oneof(
    fc.record({ op: fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'), path, value }),
    fc.record({ op: fc.constantFrom('co', 'sw', 'ew'), path, value: text }),
    fc.record({ op: fc.constant('in'), path, values: fc.array(value, { maxLength: 4 }) }),
    fc.record({ op: fc.constant('pr'), path: fc.constantFrom(...present) }),
  )
}

function any(paths: readonly string[], where: Arbitrary<Predicate>): Arbitrary<Predicate> {
  return fc.record({ op: fc.constant('any'), path: fc.constantFrom(...paths), where })
}

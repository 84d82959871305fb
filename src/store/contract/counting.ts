/** Counts, kept in step through every write. */
import assert from 'node:assert/strict'
import type { Predicate } from '../predicate.ts'
import { EVERYTHING, NOTHING } from '../predicate.ts'
import type { Test } from './builders.ts'
import { aDoc, anInstitution, given, has, next, not } from './builders.ts'

const BOUND = 'search.boundTo'
const bound = (...boundTo: string[]) => ({ search: { boundTo } })

export function counting(test: Test): void {
  test('counts all, a value of a counted list, and those without it', async (store) => {
    const institution = anInstitution()
    await given(
      store,
      [bound('scim', 'okta'), bound('scim'), bound(), {}, bound('okta', 'okta')].map((parts) => aDoc(institution, parts)),
    )
    for (const [where, n] of [
      [EVERYTHING, 5],
      [NOTHING, 0],
      [has(BOUND, 'scim'), 2],
      [has(BOUND, 'okta'), 2],
      [has(BOUND, 'nobody'), 0],
      [not(has(BOUND, 'scim')), 3],
      [not(has(BOUND, 'nobody')), 5],
      [{ op: 'and', of: [has(BOUND, 'scim'), has(BOUND, 'okta')] }, 1],
      [{ op: 'and', of: [has(BOUND, 'scim'), not(has(BOUND, 'okta'))] }, 1],
      [{ op: 'and', of: [EVERYTHING, has(BOUND, 'okta')] }, 2],
      [{ op: 'or', of: [has(BOUND, 'scim'), has(BOUND, 'okta')] }, 3],
    ] as [Predicate, number][]) {
      assert.equal(await store.count('users', institution, where), n, JSON.stringify(where))
    }
  })

  test('keeps the counts through replacements, deletions, takes and refusals', async (store) => {
    const institution = anInstitution()
    const counts = () =>
      Promise.all([EVERYTHING, has(BOUND, 'a'), has(BOUND, 'b')].map((where) => store.count('users', institution, where)))
    const doc = aDoc(institution, { keys: { netid: 'ada' }, ...bound('a') })
    const [same, moved, clash] = [
      next(doc, bound('a')),
      next(doc, bound('b', 'a')),
      aDoc(institution, { keys: { netid: 'ada' }, ...bound('a', 'b') }),
    ]
    const gone = next(doc, { search: undefined })
    const other = aDoc(institution, bound('b'))
    await given(store, [doc])
    assert.deepEqual(await counts(), [1, 1, 0])
    await store.write([
      { collection: 'users', op: 'replace', doc: same, expected: doc.version },
      { collection: 'users', op: 'insert', doc: clash },
      { collection: 'users', op: 'insert', doc: next(doc, bound('b')) },
      { collection: 'users', op: 'replace', doc: next(doc, bound('b')), expected: 'another' },
    ])
    assert.deepEqual(await counts(), [1, 1, 0])
    await store.write([
      { collection: 'users', op: 'replace', doc: moved, expected: same.version },
      { collection: 'users', op: 'insert', doc: other },
    ])
    assert.deepEqual(await counts(), [2, 1, 2])
    await store.take('users', institution, other._id)
    assert.deepEqual(await counts(), [1, 1, 1])
    await store.write([{ collection: 'users', op: 'replace', doc: gone, expected: moved.version }])
    assert.deepEqual(await counts(), [1, 0, 0])
    await store.write([{ collection: 'users', op: 'delete', institution, id: doc._id }])
    assert.deepEqual(await counts(), [0, 0, 0])
  })

  test('counts what a predicate finds', async (store) => {
    const institution = anInstitution()
    await given(
      store,
      Array.from({ length: 50 }, (_, at) =>
        aDoc(institution, { keys: { netid: `n${at}` }, search: { title: `t${at % 5}`, ...bound('scim').search } }),
      ),
    )
    const title: Predicate = { op: 'eq', path: 'search.title', value: 't1' }
    assert.equal(await store.count('users', institution, title), 10)
    assert.equal(await store.count('users', institution, { op: 'and', of: [has(BOUND, 'scim'), title] }), 10)
    assert.equal(await store.count('users', institution, { op: 'eq', path: 'keys.netid', value: 'n7' }), 1)
    assert.equal(
      await store.count('users', institution, { op: 'and', of: [title, { op: 'eq', path: 'keys.netid', value: 'n7' }] }),
      0,
    )
  })

  test('answers a ping', async (store) => {
    await store.ping()
  })
}

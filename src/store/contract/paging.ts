/** Order and pages. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Predicate } from '../predicate.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Doc, Query, Store } from '../store.ts'
import type { Test } from './builders.ts'
import { aDoc, anInstitution, byId, given, has, idsOf } from './builders.ts'
import { at, inOrder, satisfies, scalar } from './model.ts'

const ids = (docs: readonly Doc[]) => docs.map(({ _id }) => _id)

export function paging(test: Test, runs: number): void {
  test('goes by id unless told otherwise', async (store) => {
    const institution = anInstitution()
    const names = ['b', 'a', 'B', '10', '9', 'é', '\uFF5E', '\u{1F600}', 'ab']
    const docs = await given(
      store,
      names.map((_id) => aDoc(institution, { _id, search: { boundTo: ['scim'] } })),
    )
    for (const where of [EVERYTHING, has('search.boundTo', 'scim')]) {
      assert.deepEqual(await idsOf(store, institution, where), ids(byId(docs)))
      assert.deepEqual(
        await idsOf(store, institution, where, { sort: { path: '_id', descending: true } }),
        ids(byId(docs).reverse()),
      )
    }
  })

  for (const [why, path, values] of [
    [
      'sorts text, absent values last and descending first',
      'search.title',
      ['b', undefined, 'a', 'B', null, 'b', '', 'é', '\u{1F600}', '\uFF5E', undefined, 'a'],
    ],
    [
      'sorts numbers, absent values last and descending first',
      'search.title',
      [5, undefined, -1, 10, 9, 0.5, null, 5, 0, undefined],
    ],
    ['sorts booleans, absent values last and descending first', 'search.title', [true, undefined, false, null, true]],
    ['sorts by an indexed path', 'lastModified', [5, undefined, -1, 10, 9, 0.5, 5, 0, undefined]],
    ['sorts by a key', 'keys.netid', ['b', undefined, 'a', 'B', '', 'é', undefined, 'ab']],
  ] as const) {
    test(why, async (store) => {
      const institution = anInstitution()
      const docs = await given(
        store,
        values.map((value) => aDoc(institution, placed(path, value))),
      )
      for (const descending of [false, true]) {
        const sort = { path, descending }
        const expected = ids(inOrder(docs, path, descending))
        assert.deepEqual(await idsOf(store, institution, EVERYTHING, { sort }), expected)
        for (const limit of [1, 2, 5]) assert.deepEqual(await walk(store, docs, { where: EVERYTHING, sort, limit }), expected)
        assert.deepEqual(await idsOf(store, institution, EVERYTHING, { sort, skip: 2, limit: 3 }), expected.slice(2, 5))
      }
    })
  }

  test('skips and limits, past the end too', async (store) => {
    const institution = anInstitution()
    const docs = byId(
      await given(
        store,
        Array.from({ length: 25 }, () => aDoc(institution, { search: { boundTo: ['scim'] } })),
      ),
    )
    for (const where of [EVERYTHING, has('search.boundTo', 'scim'), { op: 'pr', path: 'search.boundTo' }] as const) {
      for (const [skip, limit] of [
        [0, 10],
        [10, 10],
        [20, 10],
        [25, 10],
        [1000, 10],
        [0, 0],
        [24, 1],
        [0, 1000],
      ] as const) {
        assert.deepEqual(
          await idsOf(store, institution, where, { skip, limit }),
          ids(docs.slice(skip, skip + limit)),
          `${skip} ${limit}`,
        )
      }
      assert.deepEqual(await walk(store, docs, { where, limit: 7 }), ids(docs))
      assert.deepEqual(
        await walk(store, docs, { where, limit: 7, sort: { path: '_id', descending: true } }),
        ids(docs.toReversed()),
      )
    }
  })

  test('goes on behind a place whose document is gone', async (store) => {
    const institution = anInstitution()
    const docs = await given(
      store,
      [1, 2, 2, 3, undefined, undefined].map((lastModified) => aDoc(institution, { lastModified })),
    )
    const sorted = inOrder(docs, 'lastModified', false)
    await store.take('users', institution, sorted[1]?._id ?? '')
    for (const [place, rest] of [
      [1, 2],
      [2, 3],
      [4, 5],
    ] as const) {
      const after = placeOf(sorted[place] as Doc, 'lastModified')
      assert.deepEqual(
        await idsOf(store, institution, EVERYTHING, { sort: { path: 'lastModified', descending: false }, after }),
        ids(sorted.slice(rest)),
      )
    }
  })

  test('pages through any question in any order without a gap or a repeat', async (store) => {
    const wheres: Predicate[] = [
      EVERYTHING,
      has('search.boundTo', 'scim'),
      { op: 'not', of: has('search.boundTo', 'okta') },
      { op: 'pr', path: 'search.title' },
    ]
    const doc = fc.record(
      { title: fc.constantFrom('a', 'b', 'c', ''), at: fc.nat(5), boundTo: fc.subarray(['scim', 'okta']), netid: fc.boolean() },
      { requiredKeys: [] },
    )
    const property = fc.asyncProperty(fc.array(doc, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (parts, limit) => {
      const institution = anInstitution()
      const docs = await given(
        store,
        parts.map(({ title, at, boundTo, netid }, index) => {
          const search = { ...(title === undefined ? {} : { title }), ...(boundTo === undefined ? {} : { boundTo }) }
          return aDoc(institution, {
            search,
            ...(at === undefined ? {} : { lastModified: at }),
            keys: netid === true ? { netid: `n${index}` } : {},
          })
        }),
      )
      for (const where of wheres) {
        for (const path of ['_id', 'search.title', 'lastModified', 'keys.netid']) {
          for (const descending of [false, true]) {
            const expected = inOrder(
              docs.filter((doc) => satisfies(doc, where)),
              path,
              descending,
            )
            assert.deepEqual(
              await walk(store, docs, { where, limit, sort: { path, descending } }),
              ids(expected),
              JSON.stringify({ where, path, descending }),
            )
          }
        }
      }
    })
    await fc.assert(property, { numRuns: Math.ceil(runs / 2) })
  })
}

function placed(path: string, value: unknown): { [field: string]: unknown } {
  if (value === undefined) return {}
  const [first = '', second] = path.split('.')
  return { [first]: second === undefined ? value : { [second]: value } }
}

/**
 * All pages, each asked for behind the last document of the one before. What is sorted by may lie in `search`, which
 * reads do not return, so the place is taken from the documents as they were written.
 */
async function walk(store: Store, docs: readonly Doc[], query: Query): Promise<string[]> {
  const path = query.sort?.path ?? '_id'
  const walked: string[] = []
  for (let after: Query['after']; walked.length <= docs.length; ) {
    const page = await store.find('users', docs[0]?.institution ?? '', after === undefined ? query : { ...query, after })
    walked.push(...ids(page))
    const last = docs.find(({ _id }) => _id === page.at(-1)?._id)
    if (last === undefined) return walked
    after = placeOf(last, path)
  }
  return walked
}

function placeOf(doc: Doc, path: string): NonNullable<Query['after']> {
  const value = scalar(at(doc, path))
  return { id: doc._id, ...(value === undefined ? {} : { value }) }
}

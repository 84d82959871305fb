/** Nothing is ever visible across two institutions. */
import assert from 'node:assert/strict'
import { EVERYTHING } from '../predicate.ts'
import type { Doc } from '../store.ts'
import type { Test } from './builders.ts'
import { aDoc, anEvent, anInstitution, given, has, next } from './builders.ts'

export function institutions(test: Test): void {
  /** The same person, to the last value, in two institutions. */
  const twins = (): [ours: Doc, theirs: Doc] => {
    const parts = {
      keys: { netid: 'ada', email: 'a@b' },
      lastModified: 1,
      search: { title: 'x', boundTo: ['scim'], emails: [{ value: 'a@b' }] },
    }
    const ours = aDoc(anInstitution(), parts)
    return [ours, { ...ours, institution: anInstitution() }]
  }

  test('has the same ids and keys in two institutions', async (store) => {
    const [ours, theirs] = twins()
    await given(store, [ours, theirs])
    for (const { institution, _id } of [ours, theirs])
      assert.equal((await store.get('users', institution, _id))?.institution, institution)
  })

  test('reads from one institution alone', async (store) => {
    const [ours, theirs] = twins()
    await given(store, [theirs])
    const { institution, _id } = ours
    assert.equal(await store.get('users', institution, _id), undefined)
    assert.equal(await store.take('users', institution, _id), undefined)
    assert.deepEqual(await store.lookUp('users', institution, { ids: [_id], keys: { netid: ['ada'], email: ['a@b'] } }), [])
    for (const where of [
      EVERYTHING,
      has('search.boundTo', 'scim'),
      { op: 'not', of: has('search.boundTo', 'okta') },
      { op: 'any', path: 'search.emails', where: { op: 'sw', path: 'value', value: 'a' } },
      {
        op: 'or',
        of: [has('search.boundTo', 'scim'), { op: 'any', path: 'search.emails', where: { op: 'co', path: 'value', value: '@' } }],
      },
      { op: 'in', path: 'keys.netid', values: ['ada', 'bob'] },
      { op: 'eq', path: 'search.title', value: 'x' },
      { op: 'ge', path: 'lastModified', value: 0 },
      { op: 'eq', path: '_id', value: _id },
    ] as const) {
      for (const sort of [{}, { sort: { path: 'lastModified', descending: true } }]) {
        assert.deepEqual(await store.find('users', institution, { where, limit: 10, ...sort }), [], JSON.stringify(where))
      }
      assert.equal(await store.count('users', institution, where), 0, JSON.stringify(where))
    }
    assert.deepEqual(
      await store.find('users', theirs.institution, { where: { op: 'eq', path: 'institution', value: institution }, limit: 1 }),
      [],
    )
  })

  test('keeps the lists of two documents with one id apart', async (store) => {
    const [ours, theirs] = twins()
    await given(store, [{ ...ours, search: { title: 'x' } }, theirs])
    const bound = has('search.boundTo', 'scim')
    const titled = { op: 'eq', path: 'search.title', value: 'x' } as const
    for (const [where, n] of [
      [{ op: 'and', of: [titled, bound] }, 0],
      [{ op: 'or', of: [bound, { op: 'eq', path: 'search.title', value: 'y' }] }, 0],
      [{ op: 'and', of: [titled, { op: 'not', of: bound }] }, 1],
    ] as const) {
      assert.equal((await store.find('users', ours.institution, { where, limit: 9 })).length, n, JSON.stringify(where))
      assert.equal(await store.count('users', ours.institution, where), n, JSON.stringify(where))
    }
  })

  test('writes to one institution alone', async (store) => {
    const [ours, theirs] = twins()
    await given(store, [theirs])
    const results = await store.write([
      { collection: 'users', op: 'replace', doc: next(ours), expected: theirs.version, events: [anEvent(ours.institution)] },
      { collection: 'users', op: 'delete', institution: ours.institution, id: ours._id },
    ])
    assert.deepEqual(results, [{ kind: 'stale' }, { kind: 'stale' }])
    assert.equal((await store.get('users', theirs.institution, theirs._id))?.version, theirs.version)
    assert.equal(await store.count('users', theirs.institution, has('search.boundTo', 'scim')), 1)
  })

  test('keeps an event with the same id in two institutions', async (store) => {
    const [ours, theirs] = twins()
    const event = anEvent(ours.institution)
    const results = await store.write([
      { collection: 'users', op: 'insert', doc: ours, events: [event] },
      { collection: 'users', op: 'insert', doc: theirs, events: [{ ...event, institution: theirs.institution }] },
    ])
    assert.deepEqual(results, [{ kind: 'ok' }, { kind: 'ok' }])
    for (const { institution } of [ours, theirs]) assert.equal(await store.count('events', institution, EVERYTHING), 1)
  })
}

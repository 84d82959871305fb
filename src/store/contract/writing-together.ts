/** Several writes in one call, and several calls at once. */
import assert from 'node:assert/strict'
import { EVERYTHING } from '../predicate.ts'
import type { Store, Write } from '../store.ts'
import type { Test } from './builders.ts'
import {
  aDoc,
  anEvent,
  anInstitution,
  byId,
  duplicate,
  given,
  idsOf,
  insert,
  inserts,
  next,
  OK,
  replace,
  STALE,
} from './builders.ts'

export function writingTogether(test: Test): void {
  severalAtOnce(test)
  racing(test)
}

function severalAtOnce(test: Test): void {
  test('lets no refused write harm another of the same call', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada' } })
    await given(store, [doc])
    const [one, two] = [aDoc(institution, { keys: { netid: 'one' } }), aDoc(institution, { keys: { netid: 'two' } })]
    const clash = aDoc(institution, { keys: { netid: 'ada' } })
    const results = await store.write([insert(one), insert(clash), replace(next(doc), 'another'), insert(two), insert(next(one))])
    assert.deepEqual(results, [OK, duplicate('netid'), STALE, OK, duplicate('_id')])
    assert.deepEqual(
      await idsOf(store, institution, EVERYTHING),
      byId([doc, one, two]).map(({ _id }) => _id),
    )
  })

  test('does earlier writes of a call before later ones', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada' } })
    const [second, third] = [next(doc, { note: 2 }), next(doc, { note: 3 })]
    const results = await store.write([
      insert(doc),
      replace(second, doc.version),
      replace(next(doc), doc.version),
      replace(third, second.version),
    ])
    assert.deepEqual(results, [OK, OK, STALE, OK])
    assert.deepEqual(await store.get('users', institution, doc._id), third)
  })

  test('lets a key that one write frees be taken by a later one of the same call', async (store) => {
    const institution = anInstitution()
    const [ada, bob] = [aDoc(institution, { keys: { netid: 'ada' } }), aDoc(institution, { keys: { netid: 'bob' } })]
    await given(store, [ada, bob])
    const results = await store.write([
      replace(next(ada, { keys: {} }), ada.version),
      replace(next(bob, { keys: { netid: 'ada' } }), bob.version),
      insert(aDoc(institution, { keys: { netid: 'bob' } })),
    ])
    assert.deepEqual(results, [OK, OK, OK])
    const [found] = await store.lookUp('users', institution, { keys: { netid: ['ada'] } })
    assert.equal(found?._id, bob._id)
  })

  test('refuses the second of two that take one key in the same call', async (store) => {
    const institution = anInstitution()
    const docs = [1, 2].map(() => aDoc(institution, { keys: { email: 'a@b' } }))
    assert.deepEqual(await store.write(inserts(docs)), [OK, duplicate('email')])
  })

  test('writes to several collections in one call', async (store) => {
    const institution = anInstitution()
    const [user, token] = [aDoc(institution), aDoc(institution, { keys: { hash: institution } })]
    const again = aDoc(institution, { keys: { hash: institution } })
    const results = await store.write([
      insert(user),
      { collection: 'tokens', op: 'insert', doc: token },
      { collection: 'tokens', op: 'insert', doc: again },
    ])
    assert.deepEqual(results, [OK, OK, duplicate('hash')])
    assert.deepEqual(await store.get('tokens', institution, token._id), token)
    assert.equal(await store.get('users', institution, token._id), undefined)
  })

  for (const lane of ['request', 'batch'] as const) {
    test(`answers ${lane} calls of any length in the order of the writes`, async (store) => {
      const institution = anInstitution()
      assert.deepEqual(await store.write([], lane), [])
      const docs = Array.from({ length: 450 }, (_, at) => aDoc(institution, { keys: { netid: `n${at % 300}` } }))
      const results = await store.write(inserts(docs), lane)
      assert.deepEqual(
        results,
        docs.map((_, at) => (at < 300 ? OK : duplicate('netid'))),
      )
      assert.equal(await store.count('users', institution, EVERYTHING), 300)
    })
  }
}

function racing(test: Test): void {
  test('lets one of twenty racing replacements win', async (store) => {
    const doc = aDoc(anInstitution())
    await given(store, [doc])
    const rivals = Array.from({ length: 20 }, (_, note) => next(doc, { note }))
    const results = await winners(
      store,
      rivals.map((rival) => replace(rival, doc.version, [anEvent(doc.institution)])),
    )
    assert.deepEqual(results.kinds, { ok: 1, stale: 19 })
    assert.deepEqual(await store.get('users', doc.institution, doc._id), rivals[results.first])
    assert.equal(await store.count('events', doc.institution, EVERYTHING), 1)
  })

  test('lets one of twenty racing inserts have the key', async (store) => {
    const institution = anInstitution()
    const rivals = Array.from({ length: 20 }, () => aDoc(institution, { keys: { email: 'a@b' } }))
    const results = await winners(store, inserts(rivals))
    assert.deepEqual(results.kinds, { ok: 1, duplicate: 19 })
    assert.deepEqual(await store.find('users', institution, { where: EVERYTHING, limit: 10 }), [rivals[results.first]])
  })
}

/** Sends each write in a call of its own, all at once. */
async function winners(store: Store, writes: readonly Write[]): Promise<{ kinds: { [kind: string]: number }; first: number }> {
  const results = (await Promise.all(writes.map((write) => store.write([write])))).flat()
  const kinds: { [kind: string]: number } = {}
  for (const { kind } of results) kinds[kind] = (kinds[kind] ?? 0) + 1
  return { kinds, first: results.findIndex(({ kind }) => kind === 'ok') }
}

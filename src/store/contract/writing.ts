/** Writes: each alone, whole or not at all, with its events. */
import assert from 'node:assert/strict'
import { COLLECTIONS } from '../collections.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Doc } from '../store.ts'
import type { Test } from './builders.ts'
import {
  aDoc,
  anEvent,
  anInstitution,
  duplicate,
  given,
  has,
  idsOf,
  insert,
  next,
  OK,
  remove,
  replace,
  STALE,
  shown,
} from './builders.ts'

export function writing(test: Test): void {
  inserting(test)
  replacing(test)
  deleting(test)
  withEvents(test)
}

function inserting(test: Test): void {
  test('inserts a document', async (store) => {
    const doc = aDoc(anInstitution(), {
      keys: { netid: 'ada' },
      resource: { name: { givenName: 'Ada' } },
      tags: [1, 'a', null, true],
    })
    assert.deepEqual(await store.write([insert(doc)]), [OK])
    assert.deepEqual(await store.get('users', doc.institution, doc._id), doc)
  })

  test('refuses an id that is taken, and names it _id', async (store) => {
    const [doc] = await given(store, [aDoc(anInstitution(), { keys: { netid: 'ada' } })])
    const other = aDoc(doc?.institution ?? '', { _id: doc?._id, keys: { netid: 'bob' } })
    assert.deepEqual(await store.write([insert(other)]), [duplicate('_id')])
    assert.deepEqual(await store.get('users', other.institution, other._id), doc)
  })

  for (const key of COLLECTIONS.users.unique) {
    test(`refuses a ${key} that another document holds, and names it`, async (store) => {
      const institution = anInstitution()
      await given(store, [aDoc(institution, { keys: { [key]: 'ada' } })])
      const other = aDoc(institution, { keys: { [key]: 'ada' }, search: { boundTo: ['scim'] } })
      assert.deepEqual(await store.write([insert(other)]), [duplicate(key)])
      assert.equal(await store.get('users', institution, other._id), undefined)
      assert.equal(await store.count('users', institution, has('search.boundTo', 'scim')), 0)
    })
  }

  test('takes the same value in two different keys', async (store) => {
    const institution = anInstitution()
    await given(store, [aDoc(institution, { keys: { netid: 'ada' } }), aDoc(institution, { keys: { userName: 'ada' } })])
  })

  test('lets any number of documents lack a key', async (store) => {
    const institution = anInstitution()
    await given(store, [
      aDoc(institution),
      aDoc(institution),
      aDoc(institution, { keys: {} }),
      aDoc(institution, { keys: { netid: 'ada' } }),
    ])
    await given(store, [aDoc(institution, { keys: { email: 'a@b' } }), aDoc(institution, { keys: { email: 'b@b' } })])
  })

  test('compares keys as they are: case, accents, forms and spaces differ', async (store) => {
    const institution = anInstitution()
    const netids = ['ada', 'Ada', 'adá', 'ada\u0301', 'ada ', '', ' ', 'ádá', 'aдa']
    await given(
      store,
      netids.map((netid) => aDoc(institution, { keys: { netid } })),
    )
    const found = await store.lookUp('users', institution, { keys: { netid: ['ada'] } })
    assert.deepEqual(
      found.map((doc) => doc.keys?.netid),
      ['ada'],
    )
  })
}

function replacing(test: Test): void {
  test('replaces the whole document while the version is the expected one', async (store) => {
    const institution = anInstitution()
    const before = aDoc(institution, {
      keys: { netid: 'ada', email: 'a@b' },
      note: 'old',
      search: { title: 'old', boundTo: ['scim'] },
    })
    const after = aDoc(institution, { _id: before._id, keys: { netid: 'ada' }, other: 'new', search: { nick: 'new' } })
    await given(store, [before])
    assert.deepEqual(await store.write([replace(after, before.version)]), [OK])
    assert.deepEqual(await store.get('users', institution, before._id), shown(after))
    assert.deepEqual(await idsOf(store, institution, { op: 'pr', path: 'search.title' }), [])
    assert.deepEqual(await idsOf(store, institution, has('search.boundTo', 'scim')), [])
    assert.deepEqual(await idsOf(store, institution, { op: 'eq', path: 'search.nick', value: 'new' }), [before._id])
    assert.deepEqual(await store.lookUp('users', institution, { keys: { email: ['a@b'] } }), [])
  })

  test('answers stale, and changes nothing, when the version is another one or the document is gone', async (store) => {
    const institution = anInstitution()
    const [doc] = await given(store, [aDoc(institution, { note: 'old' })])
    assert.ok(doc)
    assert.deepEqual(await store.write([replace(next(doc, { note: 'new' }), 'another')]), [STALE])
    assert.deepEqual(await store.get('users', institution, doc._id), doc)
    const missing = aDoc(institution)
    assert.deepEqual(await store.write([replace(missing, missing.version)]), [STALE])
    assert.equal(await store.get('users', institution, missing._id), undefined)
  })

  test('refuses a replacement that takes the key of another document, and names the key', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada' } })
    await given(store, [doc, aDoc(institution, { keys: { netid: 'bob', email: 'b@b' } })])
    assert.deepEqual(await store.write([replace(next(doc, { keys: { netid: 'ada', email: 'b@b' } }), doc.version)]), [
      duplicate('email'),
    ])
    assert.deepEqual(await store.get('users', institution, doc._id), doc)
  })

  test('frees a key that a replacement no longer has', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada', email: 'a@b' } })
    await given(store, [doc])
    assert.deepEqual(await store.write([replace(next(doc, { keys: { netid: 'bob' } }), doc.version)]), [OK])
    await given(store, [aDoc(institution, { keys: { netid: 'ada', email: 'a@b' } })])
  })
}

function deleting(test: Test): void {
  test('deletes a document and frees its keys', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada' }, search: { boundTo: ['scim'] } })
    await given(store, [doc])
    assert.deepEqual(await store.write([remove(doc)]), [OK])
    assert.equal(await store.get('users', institution, doc._id), undefined)
    assert.deepEqual(await idsOf(store, institution, has('search.boundTo', 'scim')), [])
    await given(store, [aDoc(institution, { _id: doc._id, keys: { netid: 'ada' } })])
  })

  test('deletes only the expected version', async (store) => {
    const [doc] = await given(store, [aDoc(anInstitution())])
    assert.ok(doc)
    assert.deepEqual(await store.write([remove(doc, 'another'), remove(doc, doc.version)]), [STALE, OK])
  })

  test('answers stale when there is nothing to delete', async (store) => {
    const doc = aDoc(anInstitution())
    assert.deepEqual(await store.write([remove(doc), remove(doc, doc.version)]), [STALE, STALE])
  })
}

function withEvents(test: Test): void {
  test('stores the events of an insert, a replacement and a deletion', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution)
    const later = next(doc)
    const events = Array.from({ length: 4 }, (_, at) => anEvent(institution, { _id: `event-${at}`, subject: doc._id }))
    const [one, two, three, four] = events as [Doc, Doc, Doc, Doc]
    const writes = [insert(doc, [one, two]), replace(later, doc.version, [three]), remove(later, later.version, [four])]
    assert.deepEqual(await store.write(writes), [OK, OK, OK])
    const where = { op: 'eq', path: 'subject', value: doc._id } as const
    assert.deepEqual(await store.find('events', institution, { where, limit: 10 }), events)
  })

  test('stores no event of a refused write', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada' } })
    await given(store, [doc])
    const results = await store.write([
      insert(aDoc(institution, { keys: { netid: 'ada' } }), [anEvent(institution)]),
      insert(next(doc), [anEvent(institution)]),
      replace(next(doc), 'another', [anEvent(institution)]),
      remove(doc, 'another', [anEvent(institution)]),
    ])
    assert.deepEqual(results, [duplicate('netid'), duplicate('_id'), STALE, STALE])
    assert.deepEqual(await store.find('events', institution, { where: EVERYTHING, limit: 10 }), [])
  })

  test('stores an event once, as it came first, however often it is sent', async (store) => {
    const institution = anInstitution()
    const event = anEvent(institution, { note: 'first' })
    const doc = aDoc(institution)
    const results = await store.write([
      insert(doc, [event, event]),
      insert(aDoc(institution), [next(event, { note: 'second' })]),
      replace(next(doc), doc.version, [event]),
    ])
    assert.deepEqual(results, [OK, OK, OK])
    assert.deepEqual(await store.find('events', institution, { where: EVERYTHING, limit: 10 }), [event])
    assert.equal(await store.count('events', institution, EVERYTHING), 1)
  })

  test('takes writes to the collection of events like any other', async (store) => {
    const event = anEvent(anInstitution())
    assert.deepEqual(await store.write([{ collection: 'events', op: 'insert', doc: event }]), [OK])
    assert.deepEqual(await store.write([{ collection: 'events', op: 'insert', doc: event }]), [duplicate('_id')])
    assert.deepEqual(await store.get('events', event.institution, event._id), event)
  })
}

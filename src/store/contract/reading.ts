/** Reads by id and key, projections, and taking. */
import assert from 'node:assert/strict'
import type { CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import { EVERYTHING } from '../predicate.ts'
import type { Doc, Store } from '../store.ts'
import type { Test } from './builders.ts'
import { aDoc, anInstitution, byId, given, has, idsOf, shown } from './builders.ts'

/** Values that somebody's query language, file format or driver takes for something else. */
const ODD = [
  `it's "quoted" \`here\``,
  '%_*?[a-z]^$.|\\',
  '$set',
  '$.a[0]."b"',
  'a.b..c',
  '{"$gt": ""}',
  '[1,2]',
  'null',
  'true',
  '5',
  '1e3',
  '  ',
  '\u{1F600}\u{1F468}\u200D\u{1F469}',
  'e\u0301',
  '\uFF5E',
  '\u{10FFFF}',
  'İıßſK',
  'line\nbreak\ttab\r',
  '\u0001\u007F\u2028',
  '; drop table users; --',
  '__proto__',
]

export function reading(test: Test): void {
  byIdAndKey(test)
  returned(test)
  taking(test)
  expiring(test)
}

function byIdAndKey(test: Test): void {
  test('looks up by ids and keys at once, each document once', async (store) => {
    const institution = anInstitution()
    const docs = [
      aDoc(institution, { keys: { netid: 'ada', email: 'a@b', userName: 'ada' } }),
      aDoc(institution, { keys: { netid: 'bob', email: 'b@b' } }),
      aDoc(institution, { keys: { netid2: 'ada' } }),
      aDoc(institution),
    ]
    const [ada, bob, other, last] = await given(store, docs)
    assert.ok(ada && bob && other && last)
    for (const [wanted, expected] of [
      [{ keys: { netid: ['ada'], email: ['a@b', 'b@b'], userName: ['ada', 'nobody'] } }, [ada, bob]],
      [{ keys: { netid2: ['ada'] } }, [other]],
      [{ ids: [ada._id, last._id, 'nobody'], keys: { netid: ['ada', 'ada'] } }, [ada, last]],
      [{ ids: [ada._id, ada._id] }, [ada]],
      [{ ids: [], keys: { netid: [], email: [] } }, []],
      [{}, []],
    ] as const) {
      assert.deepEqual(byId(await store.lookUp('users', institution, wanted)), byId(expected))
    }
  })

  test('looks up a thousand at once', async (store) => {
    const institution = anInstitution()
    const docs = Array.from({ length: 500 }, (_, at) => aDoc(institution, { keys: { netid: `n${at}`, email: `${at}@b` } }))
    await given(store, docs)
    const wanted = Array.from({ length: 1000 }, (_, at) => at)
    const found = await store.lookUp('users', institution, {
      ids: docs.map(({ _id }) => _id),
      keys: { netid: wanted.map((at) => `n${at}`), email: wanted.map((at) => `${at}@b`) },
    })
    assert.deepEqual(byId(found), byId(docs))
  })

  test('keeps odd strings as they are, as values, keys and ids', async (store) => {
    const institution = anInstitution()
    const docs = ODD.map((odd) =>
      aDoc(institution, {
        _id: `id ${odd}`,
        keys: { netid: odd },
        resource: { odd, [odd]: odd },
        search: { odd, emails: [{ value: odd }] },
      }),
    )
    await given(store, docs)
    for (const [at, odd] of ODD.entries()) {
      const doc = docs[at]
      assert.ok(doc)
      assert.deepEqual(await store.get('users', institution, doc._id), shown(doc))
      assert.deepEqual(await store.lookUp('users', institution, { keys: { netid: [odd] } }), [shown(doc)])
      for (const path of ['keys.netid', 'search.odd']) {
        assert.deepEqual(
          await idsOf(store, institution, { op: 'eq', path, value: odd }),
          [doc._id],
          `${path} eq ${JSON.stringify(odd)}`,
        )
      }
      const where = { op: 'any', path: 'search.emails', where: { op: 'eq', path: 'value', value: odd } } as const
      assert.deepEqual(await idsOf(store, institution, where), [doc._id], `any ${JSON.stringify(odd)}`)
    }
  })
}

function returned(test: Test): void {
  test('gives fields that are apart as the bytes of their JSON to those who ask, and all else as ever', async (store) => {
    const institution = anInstitution()
    const resource = { userName: 'ada', title: 'line\nbreak "quoted" \u2028', emails: [{ value: 'a' }] }
    const [doc] = await given(store, [aDoc(institution, { resource, provenance: [], title: 'x' })])
    const id = String(doc?._id)
    const found = [
      await store.get('users', institution, id, { asBytes: true }),
      ...(await store.find('users', institution, { where: EVERYTHING, limit: 9, asBytes: true })),
    ]
    for (const one of found) {
      assert.deepEqual(
        { ...one, resource: JSON.parse(String(one?.resource)), provenance: JSON.parse(String(one?.provenance)) },
        doc,
      )
    }
    assert.deepEqual(await store.get('users', institution, id), doc)
  })

  test('never returns the search part', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada' }, search: { title: 'x', boundTo: ['scim'] } })
    await given(store, [doc])
    const found = [
      await store.get('users', institution, doc._id),
      ...(await store.lookUp('users', institution, { keys: { netid: ['ada'] } })),
      ...(await store.find('users', institution, { where: EVERYTHING, limit: 1 })),
      ...(await store.find('users', institution, { where: has('search.boundTo', 'scim'), limit: 1 })),
      ...(await store.find('users', institution, { where: { op: 'eq', path: 'search.title', value: 'x' }, limit: 1 })),
      await store.take('users', institution, doc._id),
    ]
    assert.deepEqual(found, Array(6).fill(shown(doc)))
  })

  test('returns only the fields asked for, beside id, institution and version', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, {
      keys: { netid: 'ada' },
      resource: { name: { givenName: 'Ada' } },
      note: null,
      search: { title: 'x' },
    })
    await given(store, [doc])
    const { _id, version } = doc
    const find = async (project: string[]) => store.find('users', institution, { where: EVERYTHING, limit: 1, project })
    assert.deepEqual(await find(['resource', 'note', 'missing']), [
      { _id, institution, version, resource: doc.resource, note: null },
    ])
    assert.deepEqual(await find(['search']), [{ _id, institution, version }])
    assert.deepEqual(await find([]), [{ _id, institution, version }])
  })

  test('returns a value as JSON has it: numbers, nesting, empty and null', async (store) => {
    const values = [0, -1, 1.5, 1e21, 2 ** 53, 1e-7, '', null, [], {}, [[]], { a: { b: [{ c: null }] } }, true, false]
    const doc = aDoc(anInstitution(), { values })
    await given(store, [doc])
    assert.deepEqual(await store.get('users', doc.institution, doc._id), doc)
  })
}

function taking(test: Test): void {
  test('gives a document to one of twenty that take it', async (store) => {
    const institution = anInstitution()
    const doc = aDoc(institution, { keys: { netid: 'ada' }, search: { boundTo: ['scim'] } })
    await given(store, [doc])
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.take('users', institution, doc._id)))
    assert.deepEqual(
      taken.filter((one) => one !== undefined),
      [shown(doc)],
    )
    assert.equal(await store.get('users', institution, doc._id), undefined)
    assert.equal(await store.count('users', institution, EVERYTHING), 0)
    await given(store, [aDoc(institution, { keys: { netid: 'ada' } })])
  })
}

/** The collections that expire, as declared now. */
function expiring(test: Test): void {
  for (const [name, { expires }] of Object.entries(COLLECTIONS)) {
    if (expires) test(`returns nothing from ${name} that has expired`, (store) => expires_(store, name as CollectionName))
  }
}

async function expires_(store: Store, collection: CollectionName): Promise<void> {
  const institution = anInstitution()
  const [past, future, never] = [
    aDoc(institution, { expires: Date.now() - 1 }),
    aDoc(institution, { expires: Date.now() + 60_000 }),
    aDoc(institution),
  ]
  const docs: Doc[] = [past, future, never]
  await store.write(docs.map((doc) => ({ collection, op: 'insert', doc })))
  const alive = byId([future, never])
  assert.equal(await store.get(collection, institution, past._id), undefined)
  assert.deepEqual(await store.get(collection, institution, future._id), future)
  assert.deepEqual(byId(await store.lookUp(collection, institution, { ids: docs.map(({ _id }) => _id) })), alive)
  assert.deepEqual(await store.find(collection, institution, { where: EVERYTHING, limit: 10 }), alive)
  assert.equal(await store.count(collection, institution, EVERYTHING), 2)
  assert.equal(await store.take(collection, institution, past._id), undefined)
  assert.deepEqual(await store.take(collection, institution, future._id), future)
}

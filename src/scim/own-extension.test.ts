import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import type { Answer, Endpoint } from '../../test/scim-endpoint.ts'
import { endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Institution } from '../directory/institution.ts'
import { slotOwners } from '../directory/provenance.ts'
import { EXTENSIONS, USER } from '../directory/schema.ts'
import type { OwnExtension, Settings } from '../directory/settings.ts'
import type { User } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'

const URN = 'urn:ietf:params:scim:schemas:extension:uni:2.0:User'

const EXTENSION: OwnExtension = {
  urn: URN,
  attributes: [
    { name: 'lockerNumber', description: 'Number of the locker' },
    { name: 'cardCode', caseExact: true },
    { name: 'credits', type: 'integer' },
    { name: 'balance', type: 'decimal' },
    { name: 'isTutor', type: 'boolean' },
    { name: 'enrolledAt', type: 'dateTime' },
    { name: 'interests', multiValued: true },
    { name: 'bike', type: 'complex', subAttributes: [{ name: 'plate' }, { name: 'year', type: 'integer' }] },
    { name: 'keys', type: 'complex', multiValued: true, subAttributes: [{ name: 'value' }, { name: 'type' }] },
  ],
}
const SETTINGS: Settings = { scim: { sees: 'all', extension: EXTENSION } }

const ADA = {
  lockerNumber: 'B-12',
  cardCode: 'aBc',
  credits: 30,
  balance: 4.5,
  isTutor: false,
  enrolledAt: '2026-10-01T08:00:00+02:00',
  interests: ['Chess', 'Rowing'],
  bike: { plate: 'UNI 7', year: 2020 },
  keys: [
    { value: 'k1', type: 'room' },
    { value: 'k2', type: 'lab' },
  ],
}

const ownOf = ({ status, json, text }: Answer) => {
  assert.ok(status < 300, text)
  return json[URN]
}

async function make(call: Endpoint['call'], userName: string, own?: object): Promise<string> {
  const { status, json, text } = await call('POST', '/Users', { userName, ...(own && { [URN]: own }) })
  assert.equal(status, 201, text)
  return json.id
}

await forEachStore((name, place) => {
  describe(`an institution's own extension on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    /** The same roll under other settings. */
    const under = ({ _id }: Institution, settings: Settings) => endpoint(store, {}, { institution: anInstitution(settings, _id) })

    it('is read back as it was sent, and named among the schemas', async () => {
      const { call, failures } = endpoint(store, SETTINGS)
      const sent = { userName: 'ada', [EXTENSIONS.campus]: { program: 'Physics' }, [URN]: ADA }
      const made = await call('POST', '/Users', sent)
      assert.deepEqual(ownOf(made), ADA)
      const read = await call('GET', `/Users/${made.json.id}`)
      assert.deepEqual(read.json, made.json)
      assert.deepEqual(read.json.schemas, [USER.urn, EXTENSIONS.campus, URN])
      const { json } = await call('GET', '/Users')
      assert.deepEqual(json.Resources, [read.json])
      assert.deepEqual(failures, [])
    })

    it('is in no answer about somebody who has nothing of it', async () => {
      const { call } = endpoint(store, SETTINGS)
      const { json } = await call('GET', `/Users/${await make(call, 'bob')}`)
      assert.deepEqual([json.schemas, json[URN]], [[USER.urn], undefined])
    })

    it('is taken under its URN in any case, without its last colon, and as names with dots', async () => {
      const { call } = endpoint(store, SETTINGS)
      for (const [index, body] of [
        { [URN.toUpperCase()]: { LOCKERNUMBER: 'B-12' } },
        { [URN.replace(':User', 'User')]: { lockerNumber: 'B-12' } },
        { [`${URN}:lockerNumber`]: 'B-12' },
      ].entries()) {
        assert.deepEqual(ownOf(await call('POST', '/Users', { userName: `u${index}`, ...body })), { lockerNumber: 'B-12' })
      }
    })

    for (const [why, own, message] of [
      ['a number for a text', { lockerNumber: 12 }, /own\.lockerNumber must be a string/],
      ['a text for a number', { credits: 'many' }, /own\.credits must be a number/],
      ['a part of a whole number', { credits: 1.5 }, /own\.credits must be a whole number/],
      ['no truth value', { isTutor: 'perhaps' }, /own\.isTutor must be true or false/],
      ['no time', { enrolledAt: 'in autumn' }, /own\.enrolledAt must be a date and time/],
      ['no day', { enrolledAt: '2027-02-30T08:00:00Z' }, /own\.enrolledAt must be a date and time/],
      ['no object', { bike: 'UNI 7' }, /own\.bike must be an object/],
      ['a part that does not fit', { bike: { year: 'old' } }, /own\.bike\.year must be a number/],
      [
        'too many values',
        { interests: Array.from({ length: 1001 }, (_, at) => `i${at}`) },
        /own\.interests must not have more than/,
      ],
      ['no object at all', 'B-12', /the own extension must be an object/],
    ] as const) {
      it(`refuses ${why}, by name`, async () => {
        const { call } = endpoint(store, SETTINGS)
        const id = await make(call, 'ada', ADA)
        for (const [method, path, body] of [
          ['POST', '/Users', { userName: 'new', [URN]: own }],
          ['PUT', `/Users/${id}`, { userName: 'ada', [URN]: own }],
          ['PATCH', `/Users/${id}`, patch({ op: 'replace', path: URN, value: own })],
        ] as const) {
          const { status, json, text } = await call(method, path, body)
          assert.deepEqual([status, json.scimType], [400, 'invalidValue'], `${method}: ${text}`)
          assert.match(json.detail, message)
        }
        assert.deepEqual(ownOf(await call('GET', `/Users/${id}`)), ADA)
      })
    }

    it('ignores names that it does not declare', async () => {
      const { call } = endpoint(store, SETTINGS)
      const made = await call('POST', '/Users', {
        userName: 'ada',
        [URN]: JSON.parse('{"shoe":1,"__proto__":{"x":1},"credits":1}'),
      })
      assert.deepEqual(ownOf(made), { credits: 1 })
    })

    for (const [why, operation, own] of [
      ['replaces by path', { op: 'replace', path: `${URN}:lockerNumber`, value: 'C-1' }, { ...ADA, lockerNumber: 'C-1' }],
      ['replaces as Entra writes it', { op: 'Replace', path: `${URN}:isTutor`, value: 'True' }, { ...ADA, isTutor: true }],
      ['replaces without a path', { op: 'replace', value: { [`${URN}:credits`]: 31 } }, { ...ADA, credits: 31 }],
      ['replaces in an object', { op: 'replace', value: { [URN]: { credits: 32 } } }, { ...ADA, credits: 32 }],
      ['adds under the URN', { op: 'add', path: URN, value: { credits: 33 } }, { ...ADA, credits: 33 }],
      [
        'adds to a list',
        { op: 'add', path: `${URN}:interests`, value: ['Go'] },
        { ...ADA, interests: ['Chess', 'Rowing', 'Go'] },
      ],
      [
        'changes a part',
        { op: 'replace', path: `${URN}:bike.year`, value: 2021 },
        { ...ADA, bike: { plate: 'UNI 7', year: 2021 } },
      ],
      [
        'changes the element that a filter picks',
        { op: 'replace', path: `${URN}:keys[type eq "lab"].value`, value: 'k3' },
        { ...ADA, keys: [ADA.keys[0], { value: 'k3', type: 'lab' }] },
      ],
      ['removes an element', { op: 'remove', path: `${URN}:keys[value eq "k1"]` }, { ...ADA, keys: [ADA.keys[1]] }],
      ['removes everything', { op: 'remove', path: URN }, undefined],
    ] as const) {
      it(`${why} in a PATCH`, async () => {
        const { call } = endpoint(store, SETTINGS)
        const id = await make(call, 'ada', ADA)
        assert.deepEqual(ownOf(await call('PATCH', `/Users/${id}`, patch(operation))), own)
        assert.deepEqual(ownOf(await call('GET', `/Users/${id}`)), own)
      })
    }

    it('names the near miss of a path in a PATCH', async () => {
      const { call } = endpoint(store, SETTINGS)
      const id = await make(call, 'ada', ADA)
      const { json } = await call('PATCH', `/Users/${id}`, patch({ op: 'replace', path: `${URN}:lockerNumbr`, value: '1' }))
      assert.deepEqual([json.status, json.scimType], ['400', 'invalidPath'])
      assert.match(json.detail, /did you mean "lockerNumber"/)
    })

    it('is cleared by a PUT that names it without a value, and left alone by one that does not name it', async () => {
      const { call } = endpoint(store, SETTINGS)
      const id = await make(call, 'ada', ADA)
      assert.deepEqual(ownOf(await call('PUT', `/Users/${id}`, { userName: 'ada' })), ADA)
      assert.deepEqual(ownOf(await call('PUT', `/Users/${id}`, { userName: 'ada', [URN]: { credits: 1 } })), { credits: 1 })
      assert.equal(ownOf(await call('PUT', `/Users/${id}`, { userName: 'ada', [URN]: null })), undefined)
    })

    it('answers filters and sorting', async () => {
      const { call, failures } = endpoint(store, SETTINGS)
      await make(call, 'ada', ADA)
      await make(call, 'bob', { lockerNumber: 'b-13', cardCode: 'ABC', credits: 5, isTutor: true, bike: { year: 1999 } })
      await make(call, 'cyd')
      for (const [filter, found] of [
        [`${URN}:lockerNumber eq "b-12"`, ['ada']],
        [`${URN.replace(':User', 'User')}:lockerNumber eq "B-12"`, ['ada']],
        ['lockerNumber eq "b-12"', ['ada']],
        [`${URN}:lockerNumber ne "b-12"`, ['bob', 'cyd']],
        [`${URN}:lockerNumber eq "b-1"`, []],
        [`${URN}:lockerNumber sw "B-1"`, ['ada', 'bob']],
        [`${URN}:lockerNumber co "13"`, ['bob']],
        [`${URN}:lockerNumber pr`, ['ada', 'bob']],
        [`not (${URN}:lockerNumber pr)`, ['cyd']],
        [`${URN}:lockerNumber eq null`, ['cyd']],
        [`${URN}:cardCode eq "ABC"`, ['bob']],
        [`${URN}:credits eq 30`, ['ada']],
        [`${URN}:credits gt 5`, ['ada']],
        [`${URN}:credits le 30`, ['ada', 'bob']],
        [`${URN}:balance eq 4.5`, ['ada']],
        [`${URN}:isTutor eq false`, ['ada']],
        [`${URN}:enrolledAt eq "2026-10-01T06:00:00Z"`, ['ada']],
        [`${URN}:enrolledAt gt "2026-10-01T06:00:01Z"`, []],
        [`${URN}:interests eq "chess"`, ['ada']],
        [`${URN}:bike.plate eq "uni 7"`, ['ada']],
        [`${URN}:bike.year lt 2000`, ['bob']],
        [`${URN}:keys[type eq "lab" and value eq "k2"]`, ['ada']],
        [`${URN}:keys[type eq "lab" and value eq "k1"]`, []],
        [`${URN}:keys.value sw "k"`, ['ada']],
        [`schemas eq "${URN}"`, ['ada', 'bob']],
      ] as const) {
        const { status, json, text } = await call('GET', filterBy(filter))
        assert.equal(status, 200, `${filter}: ${text}`)
        const names = json.Resources.map(({ userName }: { userName: string }) => userName)
        assert.deepEqual(names.sort(), found, filter)
      }
      for (const [sortBy, order] of [
        [`${URN}:credits`, ['bob', 'ada', 'cyd']],
        [`${URN}:bike.year`, ['bob', 'ada', 'cyd']],
      ] as const) {
        const pages = await Promise.all([
          call('GET', `/Users?sortBy=${sortBy}`),
          call('GET', `/Users?sortBy=${sortBy}&cursor=&count=1`),
        ])
        assert.deepEqual(
          pages[0].json.Resources.map(({ userName }: { userName: string }) => userName),
          order,
        )
        const next = await call('GET', `/Users?sortBy=${sortBy}&cursor=${pages[1].json.nextCursor}&count=1`)
        assert.equal(next.json.Resources[0].userName, order[1])
      }
      assert.deepEqual(failures, [])
    })

    it('refuses what cannot be asked of a type', async () => {
      const { call } = endpoint(store, SETTINGS)
      for (const filter of [`${URN}:credits eq "many"`, `${URN}:isTutor gt true`, `${URN}:bike eq "x"`, `${URN}:shoe pr`]) {
        const { status, json } = await call('GET', filterBy(filter))
        assert.deepEqual([status, json.scimType], [400, 'invalidFilter'], filter)
      }
    })

    it('is shown in parts where these are asked for', async () => {
      const { call } = endpoint(store, SETTINGS)
      const id = await make(call, 'ada', ADA)
      const { json } = await call('GET', `/Users/${id}?attributes=${URN}:credits`)
      assert.deepEqual(json, { schemas: [USER.urn, URN], id, [URN]: { credits: 30 } })
      const { json: rest } = await call('GET', `/Users/${id}?excludedAttributes=${URN}`)
      assert.deepEqual([rest.schemas, rest[URN], rest.userName], [[USER.urn], undefined, 'ada'])
    })

    it('has owners by slot, and events that name the slots', async () => {
      const { call, institution } = endpoint(store, SETTINGS)
      const id = await make(call, 'ada', { lockerNumber: 'B-12', interests: ['Chess'] })
      await call('PATCH', `/Users/${id}`, patch({ op: 'replace', path: `${URN}:lockerNumber`, value: 'C-1' }), {
        authorization: 'Bearer scim:okta',
      })
      const [user] = (await store.lookUp('users', institution._id, { ids: [id] })) as User[]
      const owners = new Map(slotOwners(user?.provenance ?? []))
      assert.equal(owners.get('own.lockerNumber')?.source, 'scim:okta')
      assert.equal(owners.get('own.interests[chess]')?.source, 'scim')
      const events = await store.find('events', institution._id, { where: EVERYTHING, limit: 10 })
      const told = events.find(({ kind }) => kind === 'user.updated') as unknown as { differences: readonly object[] }
      assert.deepEqual(
        told.differences.filter((one) => 'slot' in one && String(one.slot).startsWith('own.')),
        [{ slot: 'own.lockerNumber', old: 'B-12', new: 'C-1' }],
      )
    })

    it('can fill a field, and be ranked', async () => {
      const { call } = endpoint(store, {
        scim: { sees: 'all', extension: EXTENSION, map: { netid2: `${URN}:cardCode` } },
        authority: { 'own.lockerNumber': ['scim:entra'] },
      })
      const made = await call('POST', '/Users', { userName: 'ada', [URN]: ADA }, { authorization: 'Bearer scim:entra' })
      assert.equal(made.json[EXTENSIONS.campus].netid2, 'aBc')
      await call('PATCH', `/Users/${made.json.id}`, patch({ op: 'replace', path: `${URN}:lockerNumber`, value: 'C-1' }))
      const read = await call('GET', `/Users/${made.json.id}`, undefined, { authorization: 'Bearer scim:entra' })
      assert.equal(ownOf(read).lockerNumber, 'B-12')
    })

    it('describes itself in /Schemas and /ResourceTypes', async () => {
      const { call } = endpoint(store, SETTINGS)
      const { json: schemas } = await call('GET', '/Schemas')
      assert.equal(schemas.totalResults, 8)
      const { json: schema } = await call('GET', `/Schemas/${URN.toLowerCase()}`)
      assert.deepEqual(schemas.Resources.at(-1), schema)
      assert.deepEqual(schema.attributes[0], {
        name: 'lockerNumber',
        type: 'string',
        multiValued: false,
        description: 'Number of the locker',
        required: false,
        caseExact: false,
        mutability: 'readWrite',
        returned: 'default',
        uniqueness: 'none',
      })
      const keys = schema.attributes.at(-1)
      assert.equal(keys.subAttributes[1].name, 'type')
      // Only what has no parts is compared.
      assert.ok(!('caseExact' in keys || 'uniqueness' in keys))
      assert.ok('caseExact' in keys.subAttributes[1])
      const { json: type } = await call('GET', '/ResourceTypes/User')
      assert.deepEqual(type.schemaExtensions.at(-1), { schema: URN, required: false })
      const { json: types } = await call('GET', '/ResourceTypes')
      assert.deepEqual(types.Resources[0], type)
      assert.equal(types.Resources[1].schemaExtensions, undefined)
    })

    it('is nothing to another institution', async () => {
      const { call } = endpoint(store)
      assert.equal((await call('GET', '/Schemas')).json.totalResults, 7)
      assert.equal((await call('GET', `/Schemas/${URN}`)).status, 404)
      const made = await call('POST', '/Users', { userName: 'ada', [URN]: ADA })
      assert.deepEqual([made.status, made.json.schemas, made.json[URN]], [201, [USER.urn], undefined])
      assert.equal((await call('GET', filterBy(`${URN}:credits eq 30`))).json.scimType, 'invalidFilter')
      const change = patch({ op: 'replace', path: `${URN}:credits`, value: 1 })
      assert.equal((await call('PATCH', `/Users/${made.json.id}`, change)).json.scimType, 'invalidPath')
    })

    it('keeps values whose declaration is gone, and shows them again under a new one', async () => {
      const { call, institution } = endpoint(store, SETTINGS)
      const id = await make(call, 'ada', ADA)
      const without = under(institution, { scim: { sees: 'all' } })
      const changed = await without.call('PUT', `/Users/${id}`, { userName: 'ada', title: 'Dr' })
      for (const { json } of [changed, await without.call('GET', `/Users/${id}`), await without.call('GET', '/Users')]) {
        const user = json.Resources?.[0] ?? json
        assert.deepEqual([user.title, user.schemas, user[URN], user.own], ['Dr', [USER.urn], undefined, undefined])
      }
      const fewer = { urn: URN, attributes: EXTENSION.attributes.slice(0, 1) }
      const some = under(institution, { scim: { sees: 'all', extension: fewer } })
      assert.deepEqual(ownOf(await some.call('GET', `/Users/${id}`)), { lockerNumber: 'B-12' })
      assert.deepEqual(ownOf(await under(institution, SETTINGS).call('GET', `/Users/${id}`)), ADA)
    })
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange } from '../../test/builders.ts'
import type { Answer, Endpoint } from '../../test/scim-endpoint.ts'
import { as, endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { User } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'

type Member = { readonly value: string; readonly type: string; readonly display: string; readonly $ref: string }
type Call = Endpoint['call']

async function made(call: Call, path: '/Users' | '/Groups', body: object, headers = {}): Promise<string> {
  const answer = await call('POST', path, body, headers)
  assert.equal(answer.status, 201, answer.text)
  return answer.json.id
}

const aUser = (call: Call, userName: string) => made(call, '/Users', { userName })
const aGroup = (call: Call, displayName: string, ...ids: readonly string[]) =>
  made(call, '/Groups', { displayName, members: ids.map((value) => ({ value })) })

async function membersOf(call: Call, id: string, headers = {}): Promise<string[]> {
  const { json } = await call('GET', `/Groups/${id}`, undefined, headers)
  return (json.members ?? []).map(({ value }: Member) => value)
}

async function groupsOf(call: Call, id: string): Promise<string[]> {
  const { json } = await call('GET', `/Users/${id}`)
  return (json.groups ?? []).map(({ display, type }: { display: string; type: string }) => `${display} ${type}`)
}

const etagOf = async (call: Call, path: string) => (await call('GET', path)).headers.get('etag')

await forEachStore((name, place) => {
  describe(`groups on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('are created, read, replaced, patched and deleted', async () => {
      const { call, institution } = endpoint(store)
      const base = `http://roll.example/institutions/${institution._id}/scim/v2`
      const ada = await aUser(call, 'ada')
      const created = await call('POST', '/Groups', {
        schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
        displayName: 'Staff',
        externalId: 'x1',
        members: [{ value: ada }],
      })
      const { id } = created.json
      const path = `/Groups/${id}`
      assert.equal(created.status, 201)
      assert.equal(created.headers.get('location'), `${base}${path}`)
      assert.equal(created.headers.get('etag'), created.json.meta.version)
      const { meta, ...shown } = created.json
      assert.deepEqual(shown, {
        schemas: [GROUP],
        id,
        externalId: 'x1',
        displayName: 'Staff',
        members: [{ value: ada, $ref: `${base}/Users/${ada}`, display: 'ada', type: 'User' }],
      })
      assert.partialDeepStrictEqual(meta, { resourceType: 'Group', location: `${base}${path}`, lastModified: meta.created })
      assert.deepEqual((await call('GET', path)).json, created.json)
      const replaced = await call('PUT', path, { id, displayName: 'All staff', members: [] })
      assert.partialDeepStrictEqual(replaced, { status: 200, json: { displayName: 'All staff', externalId: 'x1' } })
      assert.equal(replaced.json.members, undefined)
      const patched = await call('PATCH', path, patch({ op: 'replace', path: 'displayName', value: 'Employees' }))
      assert.deepEqual([patched.status, patched.text], [204, ''])
      assert.equal(patched.headers.get('etag'), await etagOf(call, path))
      const asked = await call('PATCH', `${path}?attributes=displayName`, patch({ op: 'remove', path: 'externalId' }))
      assert.deepEqual([asked.status, asked.json], [200, { schemas: [GROUP], id, displayName: 'Employees' }])
      assert.deepEqual([(await call('DELETE', path)).status, await groupsOf(call, ada)], [204, []])
      for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
        const body =
          method === 'PUT' ? { displayName: 'x' } : method === 'PATCH' ? patch({ op: 'remove', path: 'members' }) : undefined
        const answer = await call(method, path, body)
        assert.partialDeepStrictEqual(answer, { status: 404, json: { detail: 'there is no such group' } })
      }
    })

    describe('PATCH', () => {
      const element = (value: string) => ({ $ref: null, value })
      const cases: readonly (readonly [string, (a: string, b: string, c: string, g: string) => object[], string])[] = [
        ['Entra adds', (_a, b) => [{ op: 'Add', path: 'members', value: [element(b)] }], 'ab'],
        ['Entra adds who is there', (a) => [{ op: 'Add', path: 'members', value: [element(a)] }], 'a'],
        ['Entra removes by a list', (a) => [{ op: 'Remove', path: 'members', value: [element(a)] }], ''],
        ['Entra removes by a filter', (a) => [{ op: 'remove', path: `members[value eq "${a}"]` }], ''],
        [
          'Okta removes and adds',
          (a, b) => [
            { op: 'remove', path: `members[value eq "${a}"]` },
            { op: 'add', path: 'members', value: [{ value: b, display: 'b@x' }] },
          ],
          'b',
        ],
        ['Okta renames, with the id', (_a, _b, _c, g) => [{ op: 'replace', value: { id: g, displayName: `n${g}` } }], 'a'],
        ['Okta sends all', (_a, b, c) => [{ op: 'replace', path: 'members', value: [{ value: b }, { value: c }] }], 'bc'],
        ['Okta sends nobody', () => [{ op: 'replace', path: 'members', value: [] }], ''],
        [
          'Okta sends nobody without a path',
          (_a, _b, _c, g) => [{ op: 'replace', value: { members: [], displayName: `n${g}` } }],
          '',
        ],
        ['OneLogin adds without a path', (_a, b) => [{ op: 'add', value: { members: [{ value: b }] } }], 'ab'],
        [
          'authentik names schemas, id and externalId',
          (_a, _b, _c, g) => [{ op: 'replace', value: { schemas: [GROUP], id: g, externalId: 'e', displayName: `n${g}` } }],
          'a',
        ],
        [
          'authentik sends one operation a member',
          (a, b, c) => [
            { op: 'add', path: 'members', value: [{ value: b }] },
            { op: 'add', path: 'members', value: [{ value: c }] },
            { op: 'remove', path: 'members', value: [{ value: a }] },
          ],
          'bc',
        ],
        ['SailPoint adds one object', (_a, b) => [{ op: 'add', path: 'members', value: { value: b, type: 'User' } }], 'ab'],
        ['JumpCloud removes several', (a, b) => [{ op: 'remove', path: 'members', value: [{ value: a }, { value: b }] }], ''],
        ['all members are removed', () => [{ op: 'remove', path: 'members' }], ''],
        ['nobody is added', () => [{ op: 'add', path: 'members', value: [] }], 'a'],
        ['who is not there is removed', (_a, b) => [{ op: 'remove', path: `members[value eq "${b}"]` }], 'a'],
        ['who is unknown is removed', () => [{ op: 'remove', path: 'members', value: [{ value: 'nobody' }] }], 'a'],
        [
          'several are picked by one filter',
          (a, b) => [
            { op: 'add', path: 'members', value: [{ value: b }] },
            { op: 'remove', path: `members[value eq "${a}" or value eq "${b}"]` },
          ],
          '',
        ],
        [
          'all are removed, then one comes back',
          (a, b) => [
            { op: 'remove', path: 'members' },
            { op: 'add', path: 'members', value: [a, b] },
          ],
          'ab',
        ],
        ['an address stands for an id', (_a, b) => [{ op: 'add', path: 'members', value: [{ $ref: `../Users/${b}` }] }], 'ab'],
        ['the URN stands before the name', (_a, b) => [{ op: 'add', path: `${GROUP}:members`, value: [{ value: b }] }], 'ab'],
        ['null clears', () => [{ op: 'replace', path: 'members', value: null }], ''],
      ]
      let endpoint_: Endpoint
      let people: [string, string, string]
      before(async () => {
        endpoint_ = endpoint(store)
        const { call } = endpoint_
        people = [await aUser(call, 'a'), await aUser(call, 'b'), await aUser(call, 'c')]
      })
      for (const [why, operations, expected] of cases) {
        it(`leaves ${expected === '' ? 'nobody' : expected.split('').join(' and ')} of a when ${why}`, async () => {
          const { call } = endpoint_
          const [a, b, c] = people
          const id = await aGroup(call, why, a)
          const answer = await call('PATCH', `/Groups/${id}`, { Operations: operations(a, b, c, id) })
          assert.equal(answer.status, 204, answer.text)
          const found = (await membersOf(call, id)).map((value) => 'abc'[people.indexOf(value)])
          assert.equal(found.sort().join(''), expected)
        })
      }
    })

    describe('refuse, and write nothing,', () => {
      let call: Call
      let path: string
      let ada: string
      let outsider: string
      before(async () => {
        call = endpoint(store).call
        ada = await aUser(call, 'ada')
        path = `/Groups/${await aGroup(call, 'Staff', ada)}`
        outsider = await aUser(endpoint(store).call, 'outsider')
        await aGroup(call, 'Guests')
      })
      const refusals: readonly (readonly [string, () => object[], number, string, RegExp])[] = [
        ['a member that is nobody', () => [add('0198-nobody')], 400, 'invalidValue', /no user or group 0198-nobody/],
        ['a member of another institution', () => [add(outsider)], 400, 'invalidValue', /no user or group/],
        ['a member without a value', () => [add({ display: 'x' })], 400, 'invalidValue', /must each have a value/],
        ['a name that is taken', () => [rename('GUESTS')], 409, 'uniqueness', /already has this displayName/],
        ['an empty name', () => [rename(' ')], 400, 'invalidValue', /displayName is required/],
        ['to lose its name', () => [{ op: 'remove', path: 'displayName' }], 400, 'mutability', /displayName is required/],
        [
          'a member turned into another',
          () => [{ op: 'replace', path: `members[value eq "${ada}"].value`, value: 'x' }],
          400,
          'mutability',
          /remove the member/,
        ],
        ['members by their type', () => [{ op: 'remove', path: 'members[type eq "User"]' }], 400, 'invalidPath', /by their ids/],
        ['an unknown path', () => [{ op: 'add', path: 'member', value: [] }], 400, 'invalidPath', /did you mean "members"/],
        ['another id', () => [{ op: 'replace', value: { id: 'other', displayName: 'x' } }], 400, 'mutability', /id/],
      ]
      for (const [what, operations, status, scimType, detail] of refusals) {
        it(what, async () => {
          const before = await call('GET', path)
          // Whatever else is asked for in one request is not done either.
          const body = {
            Operations: [{ op: 'remove', path: 'members' }, { op: 'add', path: 'externalId', value: 'x' }, ...operations()],
          }
          const answer = await call('PATCH', path, body)
          assert.partialDeepStrictEqual(answer, { status, json: { scimType } })
          assert.match(answer.json.detail, detail)
          assert.deepEqual((await call('GET', path)).json, before.json)
        })
      }
      function add(member: unknown): object {
        return { op: 'add', path: 'members', value: [member] }
      }
      function rename(value: string): object {
        return { op: 'replace', path: 'displayName', value }
      }

      it('a second group by one name from one client, in any case', async () => {
        const again = await call('POST', '/Groups', { displayName: 'guests' })
        assert.partialDeepStrictEqual(again, { status: 409, json: { scimType: 'uniqueness' } })
      })

      it('a group without a name', async () => {
        assert.equal((await call('POST', '/Groups', { members: [] })).json.scimType, 'invalidValue')
      })

      it('circles of groups, however long', async () => {
        const inner = await aGroup(call, 'inner', ada)
        const middle = await aGroup(call, 'middle', inner)
        const outer = await aGroup(call, 'outer', middle)
        for (const id of [inner, middle, outer]) {
          const answer = await call('PATCH', `/Groups/${inner}`, patch({ op: 'add', path: 'members', value: [{ value: id }] }))
          assert.partialDeepStrictEqual(answer, { status: 400, json: { scimType: 'invalidValue' } })
          assert.match(answer.json.detail, /circle/)
        }
        assert.deepEqual(await membersOf(call, inner), [ada])
      })

      it('more members than one request may name, with the limit', async () => {
        const members = Array.from({ length: 50_001 }, (_, index) => ({ value: `m${index}` }))
        const answer = await call('PUT', path, { displayName: 'Staff', members })
        assert.equal(answer.status, 400)
        assert.match(answer.json.detail, /more than 50000 values/)
      })
    })

    it('have many members in one answer, which comes in pieces', async () => {
      // On a roll of its own, since some servers go through all that they hold for every question.
      await using own = await place().open()
      const { call } = endpoint(own)
      const many = name === 'sqlite' ? 1000 : 210
      const ids: string[] = []
      for (let from = 0; from < many; from += 30) {
        ids.push(...(await Promise.all(Array.from({ length: Math.min(30, many - from) }, (_, n) => aUser(call, `u${from + n}`)))))
      }
      const id = await aGroup(call, 'Everybody', ...ids)
      assert.deepEqual((await membersOf(call, id)).sort(), [...ids].sort())
      const listed = await call('GET', '/Groups')
      assert.equal(listed.json.Resources[0].members.length, many)
      const narrow = await call('GET', `/Groups/${id}?attributes=members.value`)
      assert.deepEqual(narrow.json, { schemas: [GROUP], id, members: narrow.json.members })
      assert.deepEqual(Object.keys(narrow.json.members[many - 1]), ['value'])
      const emptied = await call('PUT', `/Groups/${id}`, { displayName: 'Everybody', members: [{ value: ids[7] }] })
      assert.deepEqual(
        emptied.json.members.map(({ value }: Member) => value),
        [ids[7]],
      )
    })

    it('lose nothing when a hundred clients each add another member at once', async () => {
      await using own = await place().open()
      const { call, failures } = endpoint(own)
      const ids = await Promise.all(Array.from({ length: 100 }, (_, n) => aUser(call, `u${n}`)))
      const id = await aGroup(call, 'Everybody')
      const answers = await Promise.all(
        ids.map((value) => call('PATCH', `/Groups/${id}`, patch({ op: 'add', path: 'members', value: [{ value }] }))),
      )
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [204])
      assert.deepEqual([(await membersOf(call, id)).sort(), failures], [[...ids].sort(), []])
    })

    describe('of a user', () => {
      it('show at once, direct and indirect, in every answer', async () => {
        const { call } = endpoint(store)
        const ada = await aUser(call, 'ada')
        const inner = await aGroup(call, 'Inner', ada)
        const outer = await aGroup(call, 'Outer', inner)
        assert.deepEqual(await groupsOf(call, ada), ['Inner direct', 'Outer indirect'])
        const { json } = await call('GET', filterBy('userName eq "ada"'))
        assert.partialDeepStrictEqual(json.Resources[0].groups, [
          { value: inner, display: 'Inner', type: 'direct' },
          { value: outer, type: 'indirect' },
        ])
        const patched = await call('PATCH', `/Users/${ada}`, patch({ op: 'add', path: 'title', value: 'Dr' }))
        assert.equal(patched.json.groups.length, 2)
        assert.equal((await call('GET', `/Users/${ada}?excludedAttributes=groups`)).json.groups, undefined)
        await call('PATCH', `/Groups/${inner}`, patch({ op: 'replace', path: 'displayName', value: 'Core' }))
        await call('PATCH', `/Groups/${outer}`, patch({ op: 'remove', path: 'members' }))
        assert.deepEqual(await groupsOf(call, ada), ['Core direct'])
        await call('DELETE', `/Groups/${inner}`)
        assert.deepEqual(await groupsOf(call, ada), [])
      })

      it('can be changed through the groups alone', async () => {
        const { call } = endpoint(store)
        const id = await aGroup(call, 'Staff')
        const { json } = await call('POST', '/Users', { userName: 'ada', groups: [{ value: id }] })
        assert.equal(json.groups, undefined)
        const answer = await call('PATCH', `/Users/${json.id}`, patch({ op: 'add', path: 'groups', value: [{ value: id }] }))
        assert.equal(answer.json.scimType, 'mutability')
        assert.deepEqual(await membersOf(call, id), [])
      })

      it('move the version of the user, and stand in the trail', async () => {
        const { call, institution } = endpoint(store)
        const ada = await aUser(call, 'ada')
        const before = await etagOf(call, `/Users/${ada}`)
        const id = await aGroup(call, 'Staff', ada)
        assert.notEqual(await etagOf(call, `/Users/${ada}`), before)
        await call('DELETE', `/Groups/${id}`)
        const events = await store.find('events', institution._id, { where: EVERYTHING, limit: 100 })
        const told = events.filter(({ subject }) => subject === ada).map(({ kind, differences }) => ({ kind, differences }))
        assert.deepEqual(told.slice(1), [
          { kind: 'user.updated', differences: [{ slot: `memberOf[${id}]`, new: 'Staff' }] },
          { kind: 'user.updated', differences: [{ slot: `memberOf[${id}]`, old: 'Staff' }] },
        ])
        const ofGroup = events
          .filter(({ subject }) => subject === id)
          .map(({ kind, source, credential }) => [kind, source, credential])
        assert.deepEqual(ofGroup, [
          ['group.created', 'scim', 't1'],
          ['group.deleted', 'scim', 't1'],
        ])
      })

      it('stay when the user is deactivated', async () => {
        const { call } = endpoint(store)
        const ada = await aUser(call, 'ada')
        const id = await aGroup(call, 'Staff', ada)
        await call('PATCH', `/Users/${ada}`, patch({ op: 'replace', value: { active: false } }))
        assert.deepEqual([await membersOf(call, id), await groupsOf(call, ada)], [[ada], ['Staff direct']])
      })

      it('hide a user from the client that deleted it, until it comes back', async () => {
        const { call } = endpoint(store)
        const ada = await aUser(call, 'ada')
        const id = await aGroup(call, 'Staff', ada)
        const before = await etagOf(call, `/Groups/${id}`)
        await call('DELETE', `/Users/${ada}`)
        assert.deepEqual(await membersOf(call, id), [])
        assert.notEqual(await etagOf(call, `/Groups/${id}`), before)
        assert.deepEqual(await membersOf(call, id, as('scim:other')), [ada])
        const answer = await call('PATCH', `/Groups/${id}`, patch({ op: 'add', path: 'members', value: [{ value: ada }] }))
        assert.equal(answer.status, 400)
        await call('PATCH', `/Groups/${id}`, patch({ op: 'replace', path: 'members', value: [] }))
        await aUser(call, 'ada')
        assert.deepEqual(await membersOf(call, id), [ada])
      })
    })

    describe('in lists', () => {
      let call: Call
      let ids: string[]
      let ada: string
      let bob: string
      before(async () => {
        call = endpoint(store).call
        ada = await aUser(call, 'ada')
        bob = await aUser(call, 'bob')
        const staff = await made(call, '/Groups', { displayName: 'Staff', externalId: 'X1', members: [{ value: ada }] })
        const alumni = await made(call, '/Groups', { displayName: 'Älumni', externalId: 'x2', members: [{ value: staff }] })
        ids = [staff, alumni, await made(call, '/Groups', { displayName: 'Staff of law' })]
      })
      const named = (answer: Answer) => answer.json.Resources.map(({ displayName }: { displayName: string }) => displayName)
      const cases: readonly (readonly [string, () => string, readonly string[]])[] = [
        ['name, in any case', () => 'displayName eq "STAFF"', ['Staff']],
        ['the beginning of a name', () => 'displayName sw "staff"', ['Staff', 'Staff of law']],
        ['a part of a name', () => 'displayName co "ÄLUM"', ['Älumni']],
        ['the URN of an attribute', () => `${GROUP}:displayName eq "staff"`, ['Staff']],
        ['id', () => `id eq "${ids[1]}"`, ['Älumni']],
        ['externalId, which minds case', () => 'externalId eq "X1" or externalId eq "X2"', ['Staff']],
        ['a member', () => `members.value eq "${ada}"`, ['Staff']],
        ['a member, in short', () => `members eq "${ada}"`, ['Staff']],
        ['a member in brackets', () => `members[value eq "${ada}"]`, ['Staff']],
        ['a member and its type', () => `members[value eq "${ada}" and type eq "user"]`, ['Staff']],
        ['a member of another type', () => `members[value eq "${ada}" and type eq "Group"]`, []],
        ['a group as member', () => `members eq "${ids[0]}"`, ['Älumni']],
        ['who is no member', () => `members eq "${bob}"`, []],
        ['who is nobody', () => 'members eq "nobody"', []],
        ['not having a member', () => `members ne "${ada}"`, ['Älumni', 'Staff of law']],
        ['id and member, as Entra does', () => `id eq "${ids[0]}" and members eq "${ada}"`, ['Staff']],
        ['the resource type', () => 'meta.resourceType eq "Group" and displayName ew "law"', ['Staff of law']],
        ['a schema', () => `schemas eq "${GROUP}" and displayName eq "staff"`, ['Staff']],
        ['a date', () => 'meta.lastModified gt "2020-01-01" and displayName eq "staff"', ['Staff']],
        ['nothing', () => 'displayName eq "nobody"', []],
      ]
      for (const [what, filter, expected] of cases) {
        it(`are found by ${what}`, async () => {
          const answer = await call('GET', filterBy(filter(), '/Groups'))
          assert.deepEqual([answer.status, answer.status === 200 && named(answer)], [200, expected], answer.text)
          assert.equal(answer.json.totalResults, expected.length)
        })
      }

      for (const filter of [
        'userName eq "x"',
        'members pr',
        'members.display co "x"',
        'members[type eq "User"]',
        'members co "x"',
        'members[',
      ]) {
        it(`are not asked ${filter}`, async () => {
          assert.partialDeepStrictEqual(await call('GET', filterBy(filter, '/Groups')), {
            status: 400,
            json: { scimType: 'invalidFilter' },
          })
        })
      }

      it('are sorted by name, and paged', async () => {
        const sorted = await call('GET', '/Groups?sortBy=displayName&sortOrder=descending&count=2&startIndex=2')
        assert.partialDeepStrictEqual(sorted.json, { totalResults: 3, startIndex: 2, itemsPerPage: 2 })
        assert.deepEqual(named(sorted), ['Staff of law', 'Staff'])
        assert.equal((await call('GET', '/Groups?count=0')).json.totalResults, 3)
        assert.equal((await call('GET', '/Groups?sortBy=members')).json.scimType, 'invalidValue')
      })

      it('are searched by POST', async () => {
        const answer = await call('POST', '/Groups/.search', { filter: 'displayName eq "staff"', attributes: ['displayName'] })
        assert.deepEqual(answer.json.Resources, [{ schemas: [GROUP], id: ids[0], displayName: 'Staff' }])
      })

      it('find their people, also those of the groups within', async () => {
        const found = async (filter: string) =>
          (await call('GET', filterBy(filter))).json.Resources.map(({ id }: { id: string }) => id)
        assert.deepEqual(await found(`groups.value eq "${ids[0]}"`), [ada])
        assert.deepEqual(await found(`groups eq "${ids[1]}"`), [ada])
        assert.deepEqual(await found(`groups[value eq "${ids[1]}"]`), [ada])
        assert.deepEqual(await found(`not (groups eq "${ids[1]}")`), [bob])
        assert.deepEqual(await found('groups pr'), [ada])
      })
    })

    it('read no membership when members are not asked for', async () => {
      let reads = 0
      const watched = new Proxy(store, {
        get(target, property: keyof Store) {
          const method = target[property]
          if (typeof method !== 'function') return method
          return (...args: unknown[]) => {
            if (args[0] === 'users') reads += 1
            return (method as (...args: unknown[]) => unknown).apply(target, args)
          }
        },
      })
      const { call } = endpoint(watched)
      const id = await aGroup(call, 'Staff', await aUser(call, 'ada'))
      reads = 0
      for (const query of ['excludedAttributes=members', 'attributes=displayName', 'excludedAttributes=members,displayName']) {
        assert.equal((await call('GET', `/Groups/${id}?${query}`)).json.members, undefined)
        assert.equal((await call('GET', `/Groups?${query}`)).json.Resources[0].members, undefined)
      }
      assert.equal(reads, 0)
      assert.equal((await call('GET', `/Groups/${id}`)).json.members.length, 1)
      assert.notEqual(reads, 0)
    })

    describe('have versions', () => {
      it('that move with the members, and not when nothing changes', async () => {
        const { call } = endpoint(store)
        const ada = await aUser(call, 'ada')
        const path = `/Groups/${await aGroup(call, 'Staff')}`
        const versions = [await etagOf(call, path)]
        for (const operation of [
          { op: 'add', path: 'members', value: [{ value: ada }] },
          { op: 'remove', path: 'members', value: [{ value: ada }] },
          { op: 'replace', path: 'members', value: [{ value: ada }] },
          { op: 'replace', path: 'members', value: [] },
        ]) {
          assert.equal((await call('PATCH', path, patch(operation))).status, 204)
          const version = await etagOf(call, path)
          assert.ok(!versions.includes(version), operation.op)
          versions.push(version)
          const again = await call('PATCH', path, patch(operation))
          assert.equal(again.headers.get('etag'), version)
        }
      })

      it('by which a client can tell what it has, and what it would overwrite', async () => {
        const { call } = endpoint(store)
        const path = `/Groups/${await aGroup(call, 'Staff')}`
        const etag = (await etagOf(call, path)) ?? ''
        assert.deepEqual((await call('GET', path, undefined, { 'if-none-match': etag })).status, 304)
        const rename = (displayName: string) =>
          [patch({ op: 'replace', path: 'displayName', value: displayName }), { 'if-match': etag }] as const
        assert.equal((await call('PATCH', path, ...rename('Staff 2'))).status, 204)
        assert.equal((await call('PATCH', path, ...rename('Staff 3'))).status, 412)
        assert.equal((await call('PUT', path, { displayName: 'x', members: [] }, { 'if-match': etag })).status, 412)
        assert.equal((await call('DELETE', path, undefined, { 'if-match': etag })).status, 412)
        assert.equal((await call('GET', path, undefined, { 'if-none-match': etag })).json.displayName, 'Staff 2')
      })
    })

    describe('belong to clients', () => {
      it('who list their own, find any by name, and take them over', async () => {
        const { call } = endpoint(store)
        const id = await made(call, '/Groups', { displayName: 'Staff', externalId: 'mine' })
        const theirs = as('scim:other')
        assert.equal((await call('GET', '/Groups', undefined, theirs)).json.totalResults, 0)
        assert.equal((await call('GET', filterBy('displayName eq "staff"', '/Groups'), undefined, theirs)).json.totalResults, 1)
        assert.equal((await call('GET', `/Groups/${id}`, undefined, theirs)).json.externalId, undefined)
        assert.equal(await made(call, '/Groups', { displayName: 'staff', externalId: 'theirs' }, theirs), id)
        const { json } = await call('GET', '/Groups', undefined, theirs)
        assert.partialDeepStrictEqual(json, { totalResults: 1, Resources: [{ id, externalId: 'theirs', displayName: 'staff' }] })
        assert.equal((await call('GET', `/Groups/${id}`)).json.externalId, 'mine')
      })

      it('all of which see them where the institution says so', async () => {
        const { call } = endpoint(store, { scim: { sees: 'all' } })
        await aGroup(call, 'Staff')
        assert.equal((await call('GET', '/Groups', undefined, as('scim:other'))).json.totalResults, 1)
      })

      it('go for one that deletes them, and for good with the last', async () => {
        const { call } = endpoint(store, { scim: { sees: 'all' } })
        const ada = await aUser(call, 'ada')
        const id = await aGroup(call, 'Staff', ada)
        const theirs = as('scim:other')
        await made(call, '/Groups', { displayName: 'Staff' }, theirs)
        assert.equal((await call('DELETE', `/Groups/${id}`)).status, 204)
        for (const path of [`/Groups/${id}`, '/Groups', filterBy('displayName eq "staff"', '/Groups')]) {
          const { status, json } = await call('GET', path)
          assert.ok(status === 404 || json.totalResults === 0, path)
        }
        assert.equal((await call('DELETE', `/Groups/${id}`)).status, 404)
        assert.deepEqual(await groupsOf(call, ada), [])
        assert.deepEqual(await membersOf(call, id, theirs), [ada])
        assert.equal((await call('DELETE', `/Groups/${id}`, undefined, theirs)).status, 204)
        assert.equal((await call('GET', `/Groups/${id}`, undefined, theirs)).status, 404)
        assert.notEqual(await aGroup(call, 'Staff'), id)
      })
    })

    it('are no others’ in another institution', async () => {
      const north = endpoint(store)
      const south = endpoint(store)
      const ada = await aUser(north.call, 'ada')
      const id = await aGroup(north.call, 'Staff', ada)
      assert.equal((await south.call('GET', `/Groups/${id}`)).status, 404)
      assert.equal((await south.call('DELETE', `/Groups/${id}`)).status, 404)
      assert.equal((await south.call('GET', filterBy(`members eq "${ada}"`, '/Groups'))).json.totalResults, 0)
      assert.notEqual(await aGroup(south.call, 'Staff'), id)
    })

    it('take people whom other channels brought', async () => {
      const { call, add, institution } = endpoint(store)
      const outcome = await add(institution, aChange({ netid: 'ada1', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }))
      const { user } = outcome as { user: User }
      const id = await aGroup(call, 'Staff', user._id)
      assert.equal((await call('GET', `/Groups/${id}`)).json.members[0].display, 'Ada Lovelace')
    })
  })
})

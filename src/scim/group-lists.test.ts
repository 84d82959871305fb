import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Answer } from '../../test/scim-endpoint.ts'
import { endpoint, filterBy } from '../../test/scim-endpoint.ts'
import type { Call } from '../../test/scim-groups.ts'
import { aUser, GROUP, made } from '../../test/scim-groups.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'

await forEachStore((name, place) => {
  describe(`groups in lists, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

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
      ['having members', () => 'members pr', ['Staff', 'Älumni']],
      ['having none', () => 'not (members.value pr)', ['Staff of law']],
      ['having none, in other words', () => 'members eq null', ['Staff of law']],
      ['having a member of a type', () => 'members.type eq "user"', ['Staff']],
      ['having another member than one', () => `members[value ne "${ada}" and type pr]`, ['Älumni']],
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
      'members.display co "x"',
      'members.typ eq "User"',
      'members[members.value pr]',
      'members gt null',
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
      assert.deepEqual(await found('groups.display eq "STAFF"'), [ada])
      assert.deepEqual(await found('groups[display sw "älu"]'), [ada])
      assert.deepEqual(await found('groups.display ew "law"'), [])
      assert.deepEqual(await found('groups.display ne "staff"'), [bob])
      assert.equal((await call('GET', filterBy('groups.type eq "direct"'))).json.scimType, 'invalidFilter')
    })

    it('have only those members that the client sees', async () => {
      const { call } = endpoint(store)
      const eve = await aUser(call, 'eve')
      await made(call, '/Groups', { displayName: 'Guests', members: [{ value: eve }] })
      const total = async () => (await call('GET', filterBy('members pr', '/Groups'))).json.totalResults
      assert.equal(await total(), 1)
      await call('DELETE', `/Users/${eve}`)
      assert.equal(await total(), 0)
    })
  })
})

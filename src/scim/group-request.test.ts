import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Endpoint } from '../../test/scim-endpoint.ts'
import { endpoint, patch } from '../../test/scim-endpoint.ts'
import type { Call } from '../../test/scim-groups.ts'
import { aGroup, aUser, GROUP, membersOf } from '../../test/scim-groups.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'

await forEachStore((name, place) => {
  describe(`groups on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

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
        [
          'a client of Salesforce removes one',
          (a) => [{ op: 'remove', path: 'members', value: { members: [{ value: a }] } }],
          '',
        ],
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
  })
})

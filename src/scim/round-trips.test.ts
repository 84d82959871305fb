import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import type { Call } from '../../test/scim-groups.ts'
import { aGroup, aUser } from '../../test/scim-groups.ts'
import type { CountedStore } from '../../test/store-trips.ts'
import { countingTrips } from '../../test/store-trips.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'

/** Of groups, and of people in each of them. */
const MANY = 25

describe('round trips to the store', () => {
  let counted: CountedStore
  let call: Call
  /** Of the same institution, where each of the groups means something. */
  let mapped: Call
  let people: string[]
  let groups: string[]
  let parent: string
  before(async () => {
    counted = countingTrips(await openSqlite({ path: temporaryFile('matricula.db') }))
    const { institution, call: asked } = endpoint(counted.store)
    call = asked
    const map = Object.fromEntries(Array.from({ length: MANY }, (_, n) => [`g${n}`, { tags: [`t${n}`] }]))
    mapped = endpoint(counted.store, {}, { institution: { ...institution, settings: { groups: { map } } } }).call
    people = await Promise.all(Array.from({ length: MANY }, (_, n) => aUser(call, `u${n}`)))
    groups = []
    for (let n = 0; n < MANY; n++) groups.push(await aGroup(call, `g${n}`, ...people.slice(n, n + 2)))
    parent = await aGroup(call, 'parent', ...groups)
  })
  after(async () => counted.store[Symbol.asyncDispose]())

  const cases: readonly (readonly [what: string, () => Promise<unknown>, calls: number, rounds: number])[] = [
    ['a page of groups with their members', () => call('GET', '/Groups'), 2 + 1 + MANY + 1, 5],
    ['a group with its members', () => call('GET', `/Groups/${parent}`), 3, 2],
    ['people and groups in one order', () => call('GET', '/?sortBy=id&excludedAttributes=members'), 6, 3],
    ['a page by cursor', () => call('GET', '/Users?cursor&count=5&excludedAttributes=groups'), 2, 1],
    ['people in groups that lie in one', () => call('GET', filterBy(`groups eq "${parent}"`)), 6, 6],
    ['a group of groups that is made', () => aGroup(call, 'made', ...groups), 8 + 2 * MANY, 14],
    ['a group that gets a member', () => call('PATCH', `/Groups/${groups[0]}`, adding(people[9])), 6, 5],
    ['a group that gets many members', () => call('PATCH', `/Groups/${groups[2]}`, adding(...people)), 6, 5],
    ['a group that gets a member whom it has', () => call('PATCH', `/Groups/${groups[0]}`, adding(people[0])), 2, 1],
    [
      'a group that gets a member, where groups mean something',
      () => mapped('PATCH', `/Groups/${groups[1]}`, adding(people[9])),
      10,
      9,
    ],
    ['a group that is renamed', () => call('PATCH', `/Groups/${groups[0]}`, naming('other')), 2, 2],
    ['a group of groups that goes', () => call('DELETE', `/Groups/${parent}`), 7 + 2 * MANY, 13],
  ]
  for (const [what, request, calls, rounds] of cases) {
    it(`are at most ${calls}, ${rounds} one after the other: ${what}`, async () => {
      const trips = await counted.tripsOf(request)
      assert.ok(trips.calls.length <= calls, `${trips.calls.length} calls: ${trips.calls.join(', ')}`)
      assert.ok(trips.rounds <= rounds, `${trips.rounds} rounds: ${trips.calls.join(', ')}`)
    })
  }
})

const adding = (...ids: (string | undefined)[]) => patch({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) })
const naming = (value: string) => patch({ op: 'replace', path: 'displayName', value })

/**
 * Changes of groups that are interrupted, at each of their writes: sent again they end as if nothing had happened.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { anInstitution } from '../../../test/builders.ts'
import type { Endpoint } from '../../../test/scim-endpoint.ts'
import { as, endpoint, filterBy, patch } from '../../../test/scim-endpoint.ts'
import { storeWith } from '../../../test/store-with.ts'
import { temporaryFile } from '../../../test/stores.ts'
import { EVERYTHING } from '../../store/predicate.ts'
import { openSqlite } from '../../store/sqlite/sqlite.ts'
import type { Store } from '../../store/store.ts'
import { StoreError } from '../../store/store.ts'
import { openGate } from '../gate.ts'
import type { Institution } from '../institution.ts'
import type { User } from '../user.ts'
import { resumeDrops } from './drop.ts'
import type { Group } from './group.ts'
import { openGroupWrites } from './writes.ts'

const SETTINGS = { groups: { map: { Staff: { accountType: 'Staff', tags: ['Gym'] } } } }

type World = { readonly ids: { readonly [name: string]: string }; readonly call: Endpoint['call'] }

/** A store that breaks at one of its writes: before it is done, or when only its answer is missing. */
function breaking(store: Store, at: number, isDone: boolean): { store: Store; broke: () => boolean } {
  let writes = 0
  const write: Store['write'] = async (...args) => {
    writes += 1
    if (writes !== at) return store.write(...args)
    if (isDone) await store.write(...args)
    throw new StoreError('unavailable', 'the power is gone')
  }
  return { store: storeWith(store, { write }), broke: () => writes >= at }
}

const member = (value: string | undefined) => ({ value })

/** Each as a client sends it; what it names is there. */
const REQUESTS: { readonly [what: string]: (world: World) => Promise<{ readonly status: number }> } = {
  'a group made with its members': ({ ids, call }) =>
    call('POST', '/Groups', { displayName: 'New', members: [member(ids.ada), member(ids.bob), member(ids.Law)] }),
  'the group of another client made with further members': ({ ids, call }) =>
    call('POST', '/Groups', { displayName: 'Staff', members: [member(ids.bob), member(ids.Law)] }, as('scim:okta')),
  'members added': ({ ids, call }) =>
    call('PATCH', `/Groups/${ids.Staff}`, patch({ op: 'add', path: 'members', value: [member(ids.bob), member(ids.Law)] })),
  'members removed': ({ ids, call }) =>
    call('PATCH', `/Groups/${ids.Staff}`, patch({ op: 'remove', path: 'members', value: [member(ids.ada)] })),
  'members replaced': ({ ids, call }) =>
    call('PUT', `/Groups/${ids.Staff}`, { displayName: 'Staff', members: [member(ids.bob), member(ids.Law)] }),
  'a group renamed to what means something else': ({ ids, call }) =>
    call('PATCH', `/Groups/${ids.Staff}`, patch({ op: 'replace', path: 'displayName', value: 'Former staff' })),
  'a group dropped': ({ ids, call }) => call('DELETE', `/Groups/${ids.Staff}`),
}

describe('a change of a group that is interrupted', () => {
  let store: Store
  before(async () => {
    store = await openSqlite({ path: temporaryFile('groups.db') })
  })
  after(() => store[Symbol.asyncDispose]())

  async function aWorld(institution: Institution): Promise<World['ids']> {
    const { call } = endpoint(store, SETTINGS, { institution })
    const make = async (path: string, body: object) => {
      const { json, status, text } = await call('POST', path, body)
      assert.equal(status, 201, text)
      return json.id as string
    }
    const [ada, bob, eve] = await Promise.all(['ada', 'bob', 'eve'].map((userName) => make('/Users', { userName })))
    const Law = await make('/Groups', { displayName: 'Law', members: [member(eve)] })
    const Staff = await make('/Groups', { displayName: 'Staff', members: [member(ada)] })
    return { ada, bob, eve, Law, Staff } as World['ids']
  }

  /** Everything that matters, by names. */
  async function stateOf(institution: string): Promise<unknown> {
    const groups = (await store.find('groups', institution, { where: EVERYTHING, limit: 100 })) as Group[]
    const users = (await store.find('users', institution, { where: EVERYTHING, limit: 100 })) as User[]
    const nameOf = (id: string) => groups.find(({ _id }) => _id === id)?.displayName ?? `dangling ${id}`
    return {
      groups: groups.map(({ displayName, memberOf, unfinished }) => [displayName, memberOf.map(nameOf), unfinished]).sort(),
      users: users
        .map(({ resource, memberOf }) => [resource.userName, memberOf.map(nameOf).sort(), resource.userType, resource.campus])
        .sort(),
      drops: await store.count('drops', institution, EVERYTHING),
    }
  }

  for (const [what, request] of Object.entries(REQUESTS)) {
    it(`is completed by sending it again: ${what}`, async () => {
      const smooth = anInstitution(SETTINGS)
      const ids = await aWorld(smooth)
      const wanted = (await request({ ids, call: endpoint(store, {}, { institution: smooth }).call })).status
      assert.ok(wanted < 300)
      const expected = await stateOf(smooth._id)
      let interruptions = 0
      for (const isDone of [false, true]) {
        for (let at = 1; ; at++) {
          const institution = anInstitution(SETTINGS)
          const world = await aWorld(institution)
          const broken = breaking(store, at, isDone)
          await request({ ids: world, call: endpoint(broken.store, {}, { institution }).call })
          if (!broken.broke()) break
          interruptions += 1
          const again = await request({ ids: world, call: endpoint(store, {}, { institution }).call })
          // What was all done but for its answer is there already, or gone already.
          assert.ok(again.status === wanted || again.status === 409 || again.status === 404, `${again.status} after write ${at}`)
          assert.deepEqual(await stateOf(institution._id), expected, `after write ${at}, ${isDone ? 'done' : 'not done'}`)
        }
      }
      assert.ok(interruptions >= 4, `${interruptions} interruptions`)
    })
  }

  it('is gone on with when a server starts: a group dropped', async () => {
    const smooth = anInstitution(SETTINGS)
    await endpoint(store, {}, { institution: smooth }).call('DELETE', `/Groups/${(await aWorld(smooth)).Staff}`)
    for (let at = 2; ; at++) {
      const institution = anInstitution(SETTINGS)
      const { Staff, ada } = await aWorld(institution)
      const broken = breaking(store, at, true)
      await endpoint(broken.store, {}, { institution }).call('DELETE', `/Groups/${Staff}`)
      if (!broken.broke()) break
      // To everybody the group is gone already.
      const { call } = endpoint(store, {}, { institution })
      assert.equal((await call('GET', `/Groups/${Staff}`)).status, 404)
      assert.equal((await call('GET', `/Users/${ada}`)).json.groups, undefined)
      assert.equal((await call('GET', filterBy('displayName eq "Staff"', '/Groups'))).json.totalResults, 0)
      const groups = openGroupWrites(store)
      await resumeDrops({ store, gate: openGate(store), groups }, institution)
      assert.deepEqual(await stateOf(institution._id), await stateOf(smooth._id))
    }
  })

  it('takes nobody along into a group that somebody drops meanwhile', async () => {
    const institution = anInstitution(SETTINGS)
    const { Staff, Law, bob } = await aWorld(institution)
    const held = holding(store, 'users')
    const add = patch({ op: 'add', path: 'members', value: [member(bob), member(Law)] })
    const adding = endpoint(held.store, {}, { institution }).call('PATCH', `/Groups/${Staff}`, add)
    await held.reached
    assert.equal((await endpoint(store, {}, { institution }).call('DELETE', `/Groups/${Staff}`)).status, 204)
    held.release()
    assert.equal((await adding).status, 404)
    for (const [collection, id] of [
      ['users', bob],
      ['groups', Law],
    ] as const) {
      const { memberOf } = (await store.get(collection, institution._id, id as string)) as User | Group
      assert.deepEqual(memberOf, [], collection)
    }
  })

  it('drops a group that its last two clients delete at once, of whom each sees that the other still has it', async () => {
    const institution = anInstitution(SETTINGS)
    const { Staff, ada } = await aWorld(institution)
    const { call } = endpoint(store, {}, { institution })
    const okta = as('scim:okta')
    assert.equal((await call('POST', '/Groups', { displayName: 'Staff' }, okta)).status, 201)
    const held = holding(store, 'groups')
    const deleting = endpoint(held.store, {}, { institution }).call('DELETE', `/Groups/${Staff}`)
    await held.reached
    assert.equal((await call('DELETE', `/Groups/${Staff}`, undefined, okta)).status, 204)
    held.release()
    assert.equal((await deleting).status, 204)
    assert.equal(await store.get('groups', institution._id, Staff as string), undefined)
    const { memberOf, resource } = (await store.get('users', institution._id, ada as string)) as User
    assert.deepEqual([memberOf, resource.userType], [[], undefined])
  })

  it('hides no group in another version than the client knows, not even where that comes about meanwhile', async () => {
    const institution = anInstitution(SETTINGS)
    const { Staff } = await aWorld(institution)
    const { call } = endpoint(store, {}, { institution })
    const taken = await call('POST', '/Groups', { displayName: 'Staff' }, as('scim:okta'))
    const held = holding(store, 'groups')
    const ifMatch = { 'if-match': taken.headers.get('etag') ?? '' }
    const deleting = endpoint(held.store, {}, { institution }).call('DELETE', `/Groups/${Staff}`, undefined, ifMatch)
    await held.reached
    const renamed = await call('PATCH', `/Groups/${Staff}`, patch({ op: 'replace', path: 'displayName', value: 'Faculty' }))
    assert.equal(renamed.status, 204)
    held.release()
    assert.equal((await deleting).status, 412)
    assert.equal((await call('GET', `/Groups/${Staff}`)).json.displayName, 'Faculty')
  })

  it('takes from nobody what another of their groups has come to mean meanwhile', async () => {
    const institution = anInstitution(SETTINGS)
    const { Staff, Law, eve } = await aWorld(institution)
    const { call } = endpoint(store, {}, { institution })
    const club = (await call('POST', '/Groups', { displayName: 'Club' })).json.id
    const held = holding(store, 'users')
    const add = patch({ op: 'add', path: 'members', value: [member(eve)] })
    const adding = endpoint(held.store, {}, { institution }).call('PATCH', `/Groups/${club}`, add)
    await held.reached
    for (const [id, value] of [
      [Staff, 'Former staff'],
      [Law, 'Staff'],
    ]) {
      const renamed = await call('PATCH', `/Groups/${id}`, patch({ op: 'replace', path: 'displayName', value }))
      assert.equal(renamed.status, 204)
    }
    held.release()
    assert.equal((await adding).status, 204)
    assert.equal((await call('GET', `/Users/${eve}`)).json.userType, 'Staff')
  })

  it('closes no circle of groups with a change that goes on meanwhile', async () => {
    const institution = anInstitution(SETTINGS)
    const { Staff, Law } = await aWorld(institution)
    const add = (id: string | undefined) => patch({ op: 'add', path: 'members', value: [member(id)] })
    const held = holding(store, 'groups', ({ memberOf }) => memberOf.includes(Law as string))
    const adding = () => endpoint(held.store, {}, { institution }).call('PATCH', `/Groups/${Law}`, add(Staff))
    const first = adding()
    await held.reached
    const { call } = endpoint(store, {}, { institution })
    assert.equal((await call('PATCH', `/Groups/${Staff}`, add(Law))).status, 204)
    held.release()
    assert.equal((await first).status, 503)
    const { memberOf } = (await store.get('groups', institution._id, Staff as string)) as Group
    assert.deepEqual(memberOf, [])
    assert.match((await adding()).text, /a circle of groups cannot be/)
  })
})

/** A store that waits before it writes such documents for the first time. */
function holding(
  store: Store,
  collection: 'users' | 'groups',
  isMeant: (doc: User | Group) => boolean = () => true,
): { store: Store; reached: Promise<void>; release: () => void } {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const write: Store['write'] = async (writes, lane) => {
    if (writes.some((one) => one.collection === collection && 'doc' in one && isMeant(one.doc as User | Group))) {
      reached.resolve()
      await released.promise
    }
    return store.write(writes, lane)
  }
  return { store: storeWith(store, { write }), reached: reached.promise, release: released.resolve }
}

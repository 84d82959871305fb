import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { as, endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import { aGroup, aUser, etagOf, groupsOf, membersOf } from '../../test/scim-groups.ts'
import { forEachStore } from '../../test/stores.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'

await forEachStore((name, place) => {
  describe(`groups of a user, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

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
})

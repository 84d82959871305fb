import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { endpoint } from '../../test/scim-endpoint.ts'
import type { Member } from '../../test/scim-groups.ts'
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
  })
})

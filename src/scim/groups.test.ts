import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange } from '../../test/builders.ts'
import { as, endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import { aGroup, aUser, etagOf, GROUP, groupsOf, made, membersOf } from '../../test/scim-groups.ts'
import { forEachStore } from '../../test/stores.ts'
import { purgeUser } from '../directory/purge.ts'
import type { User } from '../directory/user.ts'
import type { Store } from '../store/store.ts'

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

      it('that move when a member is deleted, taken back or erased', async () => {
        const { call, institution } = endpoint(store)
        const okta = as('scim:okta')
        const ada = await aUser(call, 'ada')
        const inner = await aGroup(call, 'Inner')
        assert.equal((await call('POST', '/Groups', { displayName: 'Inner' }, okta)).status, 201)
        const path = `/Groups/${await aGroup(call, 'Staff', ada, inner)}`
        const erased = { institution: institution._id, id: ada, by: { source: 'admin' }, now: Date.now() } as const
        const steps: readonly (readonly [what: string, () => Promise<unknown>])[] = [
          ['a group is deleted that another client has', () => call('DELETE', `/Groups/${inner}`)],
          ['it is taken back', () => call('POST', '/Groups', { displayName: 'Inner' })],
          ['the other client deletes it', () => call('DELETE', `/Groups/${inner}`, undefined, okta)],
          ['its last client deletes it', () => call('DELETE', `/Groups/${inner}`)],
          ['a person is erased', () => purgeUser(store, erased)],
        ]
        for (const [what, step] of steps) {
          const before = await etagOf(call, path)
          await step()
          assert.notEqual(await etagOf(call, path), before, what)
        }
        assert.deepEqual(await membersOf(call, path.slice('/Groups/'.length)), [])
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

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { endpoint, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

await forEachStore((name, place) => {
  describe(`a conditional request on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('goes by versions', async () => {
      const { call } = endpoint(store)
      const made = await call('POST', '/Users', { userName: 'ada' })
      const path = `/Users/${made.json.id}`
      const etag = made.headers.get('etag') ?? ''
      const strong = etag.slice(2)
      const set = (value: string, match: string) =>
        call('PATCH', path, patch({ op: 'replace', path: 'title', value }), { 'if-match': match })
      for (const tag of [etag, strong, `"other", ${etag}`, '*']) {
        const { status, headers, text } = await call('GET', path, undefined, { 'if-none-match': tag })
        assert.deepEqual([status, headers.get('etag'), text], [304, etag, ''])
      }
      assert.equal((await call('GET', path, undefined, { 'if-none-match': '"other"' })).status, 200)
      for (const tag of ['"other"', '']) assert.equal((await call('GET', path, undefined, { 'if-match': tag })).status, 412)
      for (const tag of [etag, '*']) assert.equal((await call('GET', path, undefined, { 'if-match': tag })).status, 200)
      for (const method of ['PUT', 'DELETE']) {
        const body = method === 'PUT' ? { userName: 'ada' } : undefined
        assert.equal((await call(method, path, body, { 'if-none-match': '*' })).status, 412)
        assert.equal((await call(method, '/Users/nobody', body, { 'if-none-match': '*' })).status, 404)
      }
      for (const tag of ['"other"', 'nonsense', '']) assert.equal((await set('no', tag)).status, 412)
      assert.equal((await call('DELETE', path, undefined, { 'if-match': '"other"' })).status, 412)
      assert.equal((await call('PUT', path, { userName: 'ada' }, { 'if-match': '"other"' })).status, 412)
      assert.equal((await set('A', `"other", ${strong}`)).status, 200)
      assert.equal((await set('B', etag)).status, 412)
      assert.equal((await set('C', '*')).json.title, 'C')
    })

    it('writes nothing over a version that If-None-Match names', async () => {
      const { call } = endpoint(store)
      const user = await call('POST', '/Users', { userName: 'ada' })
      const group = await call('POST', '/Groups', { displayName: 'Staff' })
      for (const [path, body] of [
        [`/Users/${user.json.id}`, { userName: 'ada', title: 'Dr' }],
        [`/Groups/${group.json.id}`, { displayName: 'Faculty' }],
      ] as const) {
        const tag = async () => (await call('GET', path)).json.meta.version
        for (const known of [await tag(), (await tag()).slice(2), `"other", ${await tag()}`, '*']) {
          const condition = { 'if-none-match': known }
          assert.equal((await call('PUT', path, body, condition)).status, 412, known)
          assert.equal((await call('DELETE', path, undefined, condition)).status, 412, known)
        }
        assert.equal((await call('PUT', path, body, { 'if-none-match': '"other"', 'if-match': '"another"' })).status, 412)
        assert.equal((await call('PUT', path, body, { 'if-none-match': '"other"', 'if-match': await tag() })).status, 200)
        assert.equal((await call('DELETE', path, undefined, { 'if-none-match': '"other"' })).status, 204)
      }
    })

    it('is answered in full where it shows the names of others, which change without the version', async () => {
      const { call } = endpoint(store)
      const made = await call('POST', '/Users', { userName: 'ada' })
      const boss = await call('POST', '/Users', { userName: 'eve' })
      const enterprise = { [ENTERPRISE]: { manager: boss.json.id } }
      const managed = await call('POST', '/Users', { userName: 'bob', ...enterprise })
      const members = [{ value: made.json.id }]
      const group = await call('POST', '/Groups', { displayName: 'Staff', members })
      const status = async (path: string) => {
        const etag = (await call('GET', path)).headers.get('etag') ?? ''
        return (await call('GET', path, undefined, { 'if-none-match': etag })).status
      }
      for (const [path, hiding] of [
        [`/Users/${made.json.id}`, 'excludedAttributes=groups'],
        [`/Users/${managed.json.id}`, `excludedAttributes=${ENTERPRISE}:manager`],
        [`/Users/${managed.json.id}`, `attributes=${ENTERPRISE}:manager.value`],
        [`/Groups/${group.json.id}`, 'excludedAttributes=members'],
        [`/Groups/${group.json.id}`, 'attributes=members.value'],
      ] as const) {
        assert.deepEqual([await status(path), await status(`${path}?${hiding}`)], [200, 304], hiding)
      }
      assert.equal(await status(`/Users/${boss.json.id}`), 304)
    })
  })
})

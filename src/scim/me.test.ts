import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { endpoint, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'

await forEachStore((name, place) => {
  describe(`/Me on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('is not implemented for a token of a machine', async () => {
      const { call } = endpoint(store)
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE'])
        assert.equal((await call(method, '/Me', method === 'GET' ? undefined : {})).status, 501)
      assert.equal((await call('POST', '/Me', {})).status, 405)
    })

    for (const [what, subject] of [
      ['id', ({ id }: { id: string }) => id],
      ['externalId', () => 'X1'],
      ['userName, in any case', () => 'ADA@uni.edu'],
    ] as const) {
      it(`is the user whom the token names by ${what}`, async () => {
        const institution = anInstitution()
        const made = await endpoint(store, {}, { institution }).call('POST', '/Users', {
          userName: 'ada@uni.edu',
          externalId: 'X1',
        })
        const { call } = endpoint(store, {}, { institution, subject: subject(made.json) })
        const read = await call('GET', '/Me')
        assert.deepEqual([read.status, read.json], [200, made.json])
        assert.equal(read.headers.get('location'), made.json.meta.location)
        const changed = await call('PATCH', '/Me', patch({ op: 'add', path: 'title', value: 'Dr' }))
        assert.deepEqual([changed.json.title, changed.headers.get('location')], ['Dr', made.json.meta.location])
        assert.equal((await call('DELETE', '/Me')).status, 204)
        assert.equal((await call('GET', '/Me')).status, 404)
      })
    }

    it('is nobody where the token speaks of somebody unknown', async () => {
      const { call } = endpoint(store, {}, { subject: 'nobody' })
      assert.equal((await call('GET', '/Me')).status, 404)
    })
  })
})

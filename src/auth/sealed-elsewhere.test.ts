import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { forEachStore } from '../../test/stores.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import type { Json } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import { sealWith } from './seal.ts'
import { sealedElsewhere } from './sealed-elsewhere.ts'
import { settingSealer } from './setting-secrets.ts'

const ours = sealWith('a key for tests alone')
const lost = sealWith('a key that was lost')
const SETTINGS: Json = {
  files: { notify: { webhook: { url: 'https://uni.edu/hook', secret: `whsec_${'c2VjcmV0'.repeat(4)}` } } },
}

await forEachStore((name, place) => {
  describe(`secrets that another SECRET_KEY has sealed, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(() => store[Symbol.asyncDispose]())

    it('are told by institution and kind, before one is needed', async () => {
      const settings = { ours: SETTINGS, lost: SETTINGS, plain: {} }
      for (const [id, given] of Object.entries(settings)) {
        const sealSecret = settingSealer(id, async () => (id === 'lost' ? lost : ours))
        const by = { source: 'admin' } as const
        await createInstitution(store, { id, name: id, settings: given, by, now: Date.now(), sealSecret })
      }
      const key = (institution: string, seal = ours) => {
        const pairs = [{ publicKey: 'ssh-ed25519 …', privateKey: seal.seal('pick-up key', institution, '…') }]
        return { collection: 'pickUpKeys', op: 'insert', doc: { _id: 'pick-up', institution, version: '1', pairs } } as const
      }
      await store.write([key('ours'), key('lost', lost), key('plain', lost)])
      const found: unknown[] = []
      for await (const one of sealedElsewhere(store, ours)) found.push(one)
      assert.deepEqual(found, [
        { institution: 'lost', secrets: ['settings', 'pick-ups'] },
        { institution: 'plain', secrets: ['pick-ups'] },
      ])
    })
  })
})

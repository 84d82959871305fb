import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { storeWith } from '../../test/store-with.ts'
import { forEachStore } from '../../test/stores.ts'
import { SealError, sealWith } from '../auth/seal.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { beginRollover, finishRollover, openSpKeys } from './sp-keys.ts'

const seal = sealWith('a secret key for tests')

await forEachStore((name, place) => {
  describe(`keys of a service provider, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(() => store[Symbol.asyncDispose]())

    /** Another process: it has read nothing yet. */
    const opened = (sealed = seal) => openSpKeys(store, sealed, { now: Date.now, monotonic: () => performance.now() })
    const by = (institution: string) => ({ institution, by: { source: 'admin' }, now: Date.now() }) as const

    it('are not there until they are needed, and then stay', async () => {
      assert.equal(await opened().known('calm'), undefined)
      const made = await opened().get('calm')
      assert.ok(new X509Certificate(Buffer.from(made.signer.certificate, 'base64')).checkPrivateKey(made.signer.privateKey))
      const again = await opened().known('calm')
      assert.deepEqual(again?.certificates, [made.signer.certificate])
      assert.deepEqual(again?.decryptionKeys, made.decryptionKeys)
    })

    it('are the same for processes that need them at once', async () => {
      const made = await Promise.all(Array.from({ length: 4 }, () => opened().get('race')))
      assert.equal(new Set(made.map(({ signer }) => signer.certificate)).size, 1)
    })

    it('are made once, however many strangers ask for metadata before there are any', async () => {
      let made = 0
      const write: Store['write'] = (writes, lane) => {
        made += writes.length
        return store.write(writes, lane)
      }
      const keys = openSpKeys(storeWith(store, { write }), seal, { now: Date.now, monotonic: () => performance.now() })
      await Promise.all(Array.from({ length: 5 }, () => keys.get('crowd')))
      assert.equal(made, 1)
    })

    it('are sealed in the store, for their institution alone', async () => {
      await opened().get('sealed')
      const stored = JSON.stringify(await store.find('samlKeys', 'sealed', { where: EVERYTHING, limit: 10 }))
      assert.doesNotMatch(stored, /PRIVATE KEY/)
      await assert.rejects(() => opened(sealWith('another secret key')).get('sealed'), SealError)
    })

    it('are made anew by a rollover where SECRET_KEY was lost', async () => {
      await beginRollover(store, seal, by('lost'))
      const other = sealWith('another secret key')
      await assert.rejects(finishRollover(store, other, by('lost')), SealError)
      assert.deepEqual(await beginRollover(store, other, by('lost')), { kind: 'begun' })
      assert.deepEqual(await finishRollover(store, other, by('lost')), { kind: 'finished' })
      assert.equal((await opened(other).get('lost')).decryptionKeys.length, 1)
    })

    it('are replaced in two steps, and none that is under way is lost', async () => {
      const before = await opened().get('roll')
      assert.deepEqual(await finishRollover(store, seal, by('roll')), { kind: 'notBegun' })
      assert.deepEqual(await beginRollover(store, seal, by('roll')), { kind: 'begun' })
      assert.deepEqual(await beginRollover(store, seal, by('roll')), { kind: 'begunAlready' })
      const between = await opened().get('roll')
      assert.equal(between.signer.certificate, before.signer.certificate)
      assert.equal(between.certificates.length, 2)
      assert.equal(between.decryptionKeys.length, 2)

      assert.deepEqual(await finishRollover(store, seal, by('roll')), { kind: 'finished' })
      const after = await opened().get('roll')
      assert.deepEqual(after.certificates, [between.certificates[1]])
      assert.equal(after.signer.certificate, between.certificates[1])
      assert.deepEqual(new Set(after.decryptionKeys), new Set(between.decryptionKeys))
      const events = await store.find('events', 'roll', { where: EVERYTHING, limit: 10 })
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['saml_keys.rollover_begun', 'saml_keys.rollover_finished'],
      )
    })
  })
})

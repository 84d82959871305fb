import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { forEachStore } from '../../test/stores.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { endSession, findSession, newSession } from './sessions.ts'

await forEachStore((name, place) => {
  describe(`a session, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(() => store[Symbol.asyncDispose]())

    async function made(given: { readonly until?: number; readonly now?: number } = {}): Promise<string> {
      const { secret, session } = newSession({ institution: 'north', user: 'ada', source: 'saml', now: Date.now(), ...given })
      await store.write([{ collection: 'sessions', op: 'insert', doc: session }])
      return secret
    }

    it('is found by its secret, in its institution, until it is ended', async () => {
      const secret = await made()
      assert.equal((await findSession(store, 'north', secret))?.user, 'ada')
      assert.equal(await findSession(store, 'south', secret), undefined)
      await endSession(store, 'south', secret)
      assert.equal((await findSession(store, 'north', secret))?.user, 'ada')
      await endSession(store, 'north', secret)
      assert.equal(await findSession(store, 'north', secret), undefined)
    })

    it('lasts a working day, and no longer than the identity provider wants', async () => {
      const now = Date.now()
      assert.equal(newSession({ institution: 'a', user: 'b', source: 'saml', now }).session.expires, now + 8 * 3_600_000)
      assert.equal(
        newSession({ institution: 'a', user: 'b', source: 'saml', now, until: now + 1000 }).session.expires,
        now + 1000,
      )
      assert.equal(await findSession(store, 'north', await made({ until: now - 1 })), undefined)
    })

    it('is in the store as a hash alone', async () => {
      const secret = await made()
      assert.ok(!JSON.stringify(await store.find('sessions', 'north', { where: EVERYTHING, limit: 100 })).includes(secret))
    })

    it('is not looked for by what cannot be a secret', async () => {
      for (const text of ['', 'x', `${'A'.repeat(42)}=`, 'A'.repeat(44), "' or 1=1"]) {
        assert.equal(await findSession(store, 'north', text), undefined)
      }
    })
  })
})

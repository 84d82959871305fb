import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { forEachStore } from '../../test/stores.ts'
import { DAY_MS } from '../days.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import {
  createClient,
  getClient,
  listClients,
  liveSecrets,
  MOST_SECRETS,
  revokeClient,
  rotateClient,
  secretIn,
} from './clients.ts'

const by = { source: 'admin', credential: 'cli' } as const
const NOW = Date.parse('2026-03-28T07:00:00Z')
const YEAR = 365 * DAY_MS

await forEachStore((name, place) => {
  describe(`OAuth clients, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(() => store[Symbol.asyncDispose]())

    const common = { institution: 'north', by, now: NOW } as const
    const make = async (secretUntil = NOW + YEAR, institution = 'north') => {
      const { client, secret = '' } = await createClient(store, { ...common, institution, scope: 'scim', proof: { secretUntil } })
      return { client, secret }
    }

    it('have a secret of 256 bits that can be told from other secrets, and is not in the store', async () => {
      const { client, secret } = await make()
      assert.match(secret, /^mcs_[\w-]{43}$/)
      assert.ok(!JSON.stringify(await store.get('clients', 'north', client._id)).includes(secret.slice(4, 20)))
      assert.equal(secretIn(client, secret, NOW)?.id, client.secrets[0]?.id)
      assert.equal(secretIn(client, `${secret.slice(0, -1)}_`, NOW), undefined)
      assert.equal(secretIn(undefined, secret, NOW), undefined)
    })

    it('are let in until their secret ends', async () => {
      const { client, secret } = await make()
      assert.ok(secretIn(client, secret, NOW + YEAR - 1))
      assert.equal(secretIn(client, secret, NOW + YEAR), undefined)
    })

    it('may have several secrets, and lose those that are over at the next', async () => {
      const { client } = await make(NOW + 1000)
      const { _id: id } = client
      const second = await rotateClient(store, { ...common, id, until: NOW + YEAR })
      const third = await rotateClient(store, { ...common, id, until: NOW + YEAR, now: NOW + 1000 })
      assert.ok(second.kind === 'rotated' && third.kind === 'rotated')
      assert.equal(third.client.secrets.length, 2)
      assert.ok(secretIn(third.client, second.secret, NOW + 1000) && secretIn(third.client, third.secret, NOW + 1000))
    })

    it('have no more than so many at a time, however many administrators rotate at once', async () => {
      const { _id: id } = (await make()).client
      const rotated = await Promise.all(
        Array.from({ length: 10 }, () => rotateClient(store, { ...common, id, until: NOW + YEAR })),
      )
      const secrets = rotated.flatMap((one) => (one.kind === 'rotated' ? [one.secret] : []))
      assert.equal(secrets.length, MOST_SECRETS - 1)
      const client = await getClient(store, 'north', id)
      assert.ok(client)
      assert.equal(liveSecrets(client, NOW).length, MOST_SECRETS)
      for (const secret of secrets) assert.ok(secretIn(client, secret, NOW))
    })

    it('are ended whole, or by the secret', async () => {
      const { _id: id, secrets } = (await make()).client
      const [first] = secrets
      assert.equal(await revokeClient(store, { ...common, id, secret: 'another' }), undefined)
      assert.ok(await revokeClient(store, { ...common, id, ...(first && { secret: first.id }) }))
      assert.deepEqual((await getClient(store, 'north', id))?.secrets, [])
      assert.ok(await revokeClient(store, { ...common, id }))
      assert.equal(await getClient(store, 'north', id), undefined)
      assert.equal(await revokeClient(store, { ...common, id }), undefined)
    })

    it('of another institution can be neither had, listed, rotated nor ended', async () => {
      const { _id: id } = (await make()).client
      const south = { ...common, institution: 'south', id }
      assert.equal(await getClient(store, 'south', id), undefined)
      assert.deepEqual(await listClients(store, 'south'), [])
      assert.equal((await rotateClient(store, { ...south, until: NOW + YEAR })).kind, 'missing')
      assert.equal(await revokeClient(store, south), undefined)
    })

    it('leave an event for each step, without a secret', async () => {
      const { client, secret } = await make()
      const { _id: id } = client
      await rotateClient(store, { ...common, id, until: NOW + YEAR })
      await revokeClient(store, { ...common, id, secret: client.secrets[0]?.id ?? '' })
      await revokeClient(store, { ...common, id })
      const events = await store.find('events', 'north', { where: { op: 'eq', path: 'subject', value: id }, limit: 10 })
      const kinds = ['client.created', 'client.rotated', 'client.secret_revoked', 'client.revoked']
      assert.deepEqual(
        events.map(({ kind, credential }) => [kind, credential]),
        kinds.map((kind) => [kind, 'cli']),
      )
      const all = JSON.stringify(await store.find('events', 'north', { where: EVERYTHING, limit: 1000 }))
      assert.ok(!all.includes(secret) && !all.includes(client.secrets[0]?.hash ?? ''))
    })
  })
})

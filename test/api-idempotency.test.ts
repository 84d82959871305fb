import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Hono } from 'hono'
import { apiApp } from '../src/api/app.ts'
import type { Gate } from '../src/directory/gate.ts'
import { purgeUser } from '../src/directory/purge.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import { apiOver, depsOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { storeWith } from './store-with.ts'
import { forEachStore } from './stores.ts'

const ADA = { netid: '0042', email: 'ada@uni.example', first_name: 'Ada', last_name: 'King', account_type: 'Student' }

await forEachStore((name, place) => {
  describe(`an Idempotency-Key on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())
    const anApi = () => apiOver(store, anInstitution())

    const keptIn = async (institution: string) =>
      JSON.stringify(await store.find('idempotency', institution, { where: EVERYTHING, limit: 9 }))

    const key = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' }

    it('gets the same request the same answer, and does it once', async () => {
      const institution = anInstitution()
      const api = apiOver(store, institution)
      const first = await api.post('/users', ADA, key)
      await api.post('/users', { netid: '0042', city: 'Porto' })
      const again = await api.post('/users', ADA, key)
      assert.deepEqual([again.status, again.body], [first.status, first.body])
      assert.equal(again.headers.get('location'), first.headers.get('location'))
      const bare = await api.post('/users', ADA, { 'idempotency-key': key['idempotency-key'].replaceAll('"', '') })
      assert.equal(bare.body.outcome, 'created')
      assert.equal((await store.find('events', institution._id, { where: EVERYTHING, limit: 9 })).length, 2)
    })

    it('cannot stand for another request', async () => {
      const api = anApi()
      await api.post('/users', ADA, key)
      for (const [path, body] of [
        ['/users', { ...ADA, city: 'Porto' }],
        ['/users/batch', { users: [ADA] }],
      ] as const) {
        const { status, body: refused } = await api.post(path, body, key)
        assert.deepEqual([status, /#key_reused$/.test(String(refused.type))], [422, true], path)
      }
    })

    it('is not used up by a dry run', async () => {
      const api = anApi()
      assert.equal((await api.post('/users?dry_run=true', ADA, key)).body.outcome, 'created')
      assert.equal((await api.post('/users', ADA, key)).status, 201)
    })

    it('keeps nothing of what was refused, but whose key it is', async () => {
      const institution = anInstitution()
      const api = apiOver(store, institution)
      const sent = { ...ADA, country: 'Portugall' }
      const refused = await api.post('/users', sent, key)
      assert.doesNotMatch(await keptIn(institution._id), /Portugall/)
      const again = await api.post('/users', sent, key)
      assert.deepEqual([again.status, again.body], [refused.status, refused.body])
      assert.match(String((await api.post('/users', ADA, key)).body.type), /#key_reused$/)
    })

    it('lets what failed for the moment be sent again, also where the rest of its batch was done', async () => {
      const institution = anInstitution()
      const deps = depsOver(store, institution, [])
      let isBusy = true
      const batch: Gate['batch'] = async (...args) => (isBusy ? [{ kind: 'busy' }] : deps.gate.batch(...args))
      const app = new Hono().route('/:institution', apiApp({ ...deps, gate: { ...deps.gate, batch } }))
      const send = async () => {
        const headers = { 'content-type': 'application/json', ...key }
        const init = { method: 'POST', body: JSON.stringify({ users: [ADA] }), headers }
        return ((await (await app.request(`/${institution._id}/users/batch`, init)).json()) as { counts: object }).counts
      }
      assert.partialDeepStrictEqual(await send(), { failed: 1 })
      isBusy = false
      for (let attempt = 0; attempt < 2; attempt++) assert.partialDeepStrictEqual(await send(), { created: 1 })
    })

    it('is refused with 409 while its first request is under way', async () => {
      const institution = anInstitution()
      const [held, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const slow = storeWith(store, {
        write: async (...args) => {
          if (args[0][0]?.collection === 'users') {
            reached.resolve()
            await held.promise
          }
          return store.write(...args)
        },
      })
      const api = apiOver(slow, institution)
      const first = api.post('/users', ADA, key)
      await reached.promise
      const other = await api.post('/users', ADA, key)
      assert.deepEqual([other.status, other.headers.get('retry-after')], [409, '1'])
      held.resolve()
      assert.equal((await first).status, 201)
      assert.equal((await api.post('/users', ADA, key)).status, 201)
    })

    it('stays with whoever got it first when it is given up', async () => {
      const institution = anInstitution()
      const [held, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const slow = storeWith(store, {
        write: async (...args) => {
          if (args[0][0]?.collection === 'users') {
            reached.resolve()
            await held.promise
          }
          return store.write(...args)
        },
      })
      let winner: ReturnType<ReturnType<typeof anApi>['post']> | undefined
      const late = storeWith(store, {
        // Between finding the key taken and looking whose it is.
        get: async (...args) => {
          const [collection, , id] = args
          if (collection !== 'idempotency' || winner !== undefined) return store.get(...args)
          await store.write([{ collection, op: 'delete', institution: institution._id, id }])
          const gone = await store.get(...args)
          winner = apiOver(slow, institution).post('/users', ADA, key)
          await reached.promise
          return gone
        },
      })
      await apiOver(store, institution).post('/users', { ...ADA, netid: '0043', email: 'bob@uni.example' }, key)
      assert.equal((await apiOver(late, institution).post('/users', ADA, key)).status, 409)
      held.resolve()
      assert.equal((await winner)?.body.outcome, 'created')
    })

    it('is free again after a day', async () => {
      const institution = anInstitution()
      let time = Date.now() - 25 * 3_600_000
      const api = apiOver(store, institution, () => time)
      await api.post('/users', ADA, key)
      time = Date.now()
      const later = await api.post('/users', { netid: '0042', city: 'Porto' }, key)
      assert.deepEqual([later.status, later.body.outcome], [200, 'updated'])
    })

    it('of a request whose server was lost is taken over after a minute', async () => {
      const institution = anInstitution()
      const lost = storeWith(store, {
        write: async (...args) => {
          if (args[0][0]?.collection === 'users') throw new Error('the process was killed here')
          if (args[0][0]?.op === 'delete') throw new Error('and here')
          return store.write(...args)
        },
      })
      let time = Date.now()
      const broken = apiOver(lost, institution, () => time)
      await assert.rejects(broken.post('/users', ADA, key))
      const api = apiOver(store, institution, () => time)
      assert.equal((await api.post('/users', ADA, key)).status, 409)
      time += 61_000
      assert.equal((await api.post('/users', ADA, key)).status, 201)
    })

    it('keeps nothing of a person who is erased, and makes nobody anew; what it keeps of others stays', async () => {
      const institution = anInstitution()
      const api = apiOver(store, institution)
      const { id } = (await api.post('/users', ADA, key)).body
      const [again, other] = [{ 'idempotency-key': 'again' }, { 'idempotency-key': 'other' }]
      assert.equal((await api.post('/users', ADA, again)).body.outcome, 'unchanged')
      assert.equal((await api.post('/users', { ...ADA, netid: '0043', email: 'bob@uni.example' }, other)).status, 201)
      await purgeUser(store, { institution: institution._id, id, by: { source: 'admin' }, now: Date.now() })
      assert.doesNotMatch(await keptIn(institution._id), /ada@|0042/)
      for (const sent of [key, again]) {
        const { status, body } = await api.post('/users', ADA, sent)
        assert.deepEqual([status, /#erased$/.test(String(body.type))], [410, true])
      }
      assert.equal((await api.post('/users', ADA, other)).status, 422)
      assert.equal((await api.post('/users', { ...ADA, netid: '0043', email: 'bob@uni.example' }, other)).status, 201)
      assert.equal(await store.count('users', institution._id, EVERYTHING), 1)
    })

    it('keeps nothing of a person who is erased before the answer is kept', async () => {
      const institution = anInstitution()
      const purging = storeWith(store, {
        write: async (...args) => {
          const [write] = args[0]
          const about = write?.collection === 'idempotency' && write.op === 'replace' ? write.doc.about : undefined
          if (typeof about === 'string')
            await purgeUser(store, { institution: institution._id, id: about, by: { source: 'admin' }, now: Date.now() })
          return store.write(...args)
        },
      })
      assert.equal((await apiOver(purging, institution).post('/users', ADA, key)).status, 201)
      assert.doesNotMatch(await keptIn(institution._id), /ada@|0042/)
      assert.equal((await apiOver(store, institution).post('/users', ADA, key)).status, 410)
    })

    it('has a shape', async () => {
      for (const bad of ['', '""', 'x'.repeat(256), '"a']) {
        const { status } = await anApi().post('/users', ADA, { 'idempotency-key': bad })
        assert.equal(status, bad === '"a' ? 201 : 400, bad)
      }
    })
  })
})

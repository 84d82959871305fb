import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { apiApp } from '../src/api/app.ts'
import type { ApiDeps } from '../src/api/deps.ts'
import type { Institution } from '../src/directory/institution.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import { StoreError } from '../src/store/store.ts'
import type { Result } from './api-client.ts'
import { depsOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { storeWith } from './store-with.ts'
import { forEachStore } from './stores.ts'

const person = (index: number) => ({
  netid: `n${index}`,
  email: `n${index}@uni.example`,
  first_name: 'Ada',
  last_name: 'King',
  account_type: 'Student',
})
const lineOf = (value: unknown) => `${JSON.stringify(value)}\n`

await forEachStore((name, place) => {
  describe(`a stream of people on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('is answered line by line and in order; what cannot be taken says so and the rest goes on', async () => {
      await using server = await serving(store)
      const results = await server.stream([
        lineOf(person(1)),
        'this is no JSON\n',
        '\n',
        lineOf({ netid: 'n1', city: 'Porto' }),
        Uint8Array.of(0x22, 0xff, 0x22, 0x0a),
        lineOf({ ...person(2), nope: 1 }),
        lineOf([]),
        `${lineOf({ netid: 'n1', email: 'n2@uni.example' })}   \n`,
        JSON.stringify({ netid: 'n1', city: 'Porto' }),
      ])
      assert.deepEqual(
        results.map(({ index, outcome, problems }) => [index, outcome, problems?.[0]?.code]),
        [
          [0, 'created', undefined],
          [1, 'invalid', 'line_unreadable'],
          [2, 'updated', undefined],
          [3, 'invalid', 'line_unreadable'],
          [4, 'invalid', 'field_unknown'],
          [5, 'invalid', 'value_type'],
          [6, 'updated', undefined],
          [7, 'unchanged', undefined],
        ],
      )
    })

    it('is answered while it is still being sent', async () => {
      await using server = await serving(store)
      const call = server.open()
      call.write(lineOf(person(1)))
      const results = resultsOf(await call.response)
      assert.equal((await results.next()).value?.outcome, 'created')
      call.write(lineOf({ netid: 'n1', city: 'Porto' }))
      assert.equal((await results.next()).value?.outcome, 'updated')
      call.end()
      assert.equal((await results.next()).done, true)
    })

    it('can be tried without being written', async () => {
      await using server = await serving(store)
      const results = await server.stream([lineOf(person(1))], '?dry_run=true')
      assert.deepEqual(results, [{ index: 0, outcome: 'created', id: null }])
      assert.equal(await server.people(), 0)
    })

    it('whose sender goes away in the middle of a line has done what it answered, and nothing else', async () => {
      await using server = await serving(store)
      const call = server.open()
      call.write(Array.from({ length: 30 }, (_, index) => lineOf(person(index))).join(''))
      const results = resultsOf(await call.response)
      for (let index = 0; index < 30; index++) assert.equal((await results.next()).value?.outcome, 'created')
      call.write(lineOf(person(30)).slice(0, -2))
      await server.idle()
      call.destroy()
      await server.closed()
      assert.equal(await server.people(), 30)
      assert.deepEqual(server.failures, [])
    })

    it('takes no Idempotency-Key', async () => {
      await using server = await serving(store)
      const call = server.open('', { 'idempotency-key': 'x' })
      call.end(lineOf(person(1)))
      assert.equal((await call.response).statusCode, 400)
      assert.equal(await server.people(), 0)
    })

    it('ends when its token is revoked, and says from where to go on', async () => {
      const clock = { time: Date.now() }
      let isRevoked = false
      const { admit } = depsOver(store, anInstitution(), [])
      await using server = await serving(store, {
        now: () => clock.time,
        admit: (request, id) =>
          isRevoked ? { kind: 'refused', status: 401, detail: 'it was revoked', headers: {} } : admit(request, id),
      })
      const call = server.open()
      call.write(lineOf(person(1)))
      const results = resultsOf(await call.response)
      assert.equal((await results.next()).value?.outcome, 'created')
      isRevoked = true
      call.write(lineOf({ netid: 'n1', city: 'Porto' }))
      assert.equal((await results.next()).value?.outcome, 'updated', 'what is known is known for five seconds')
      clock.time += 6000
      call.write(lineOf({ netid: 'n1', city: 'Faro' }))
      assert.partialDeepStrictEqual((await results.next()).value, {
        index: 2,
        outcome: 'failed',
        problems: [{ code: 'stopped' }],
      })
      assert.equal((await results.next()).done, true)
      call.destroy()
    })

    it('gives way when it is quiet for a minute and its institution begins more than ten', async () => {
      const clock = { time: 0 }
      await using server = await serving(store, { now: () => clock.time })
      const begun = async () => {
        const call = server.open()
        call.write(lineOf({}))
        return { call, response: await call.response }
      }
      const open = await Promise.all(Array.from({ length: 10 }, begun))
      const streams = open.map(({ response }) => resultsOf(response))
      for (const stream of streams) assert.equal((await stream.next()).value?.outcome, 'invalid')
      const refused = await begun()
      assert.deepEqual([refused.response.statusCode, refused.response.headers['retry-after']], [429, '5'])
      clock.time += 61_000
      open[1]?.call.write(lineOf({}))
      await streams[1]?.next()
      const late = await begun()
      assert.equal(late.response.statusCode, 200)
      assert.partialDeepStrictEqual((await streams[0]?.next())?.value, { outcome: 'failed', problems: [{ code: 'stopped' }] })
      for (const { call } of [...open, refused, late]) call.destroy()
    })

    it('of a store that fails says which lines are not done, and from where to go on', async () => {
      const broken = storeWith(store, { write: () => Promise.reject(new StoreError('unavailable', 'it is gone')) })
      await using server = await serving(broken)
      const results = await server.stream([lineOf(person(1)) + lineOf(person(2))])
      assert.deepEqual(
        results.map(({ index, outcome, problems }) => [index, outcome, problems?.[0]?.code]),
        [
          [0, 'failed', 'unavailable'],
          [1, 'failed', 'unavailable'],
          [2, 'failed', 'stopped'],
        ],
      )
      assert.equal(server.failures.length, 1)
    })

    it('of a store that fails for a moment tells of each line whether it is done, and stops', async () => {
      let calls = 0
      const broken = storeWith(store, {
        write: (...given) => {
          if (++calls === 2) return Promise.reject(new StoreError('unavailable', 'it is gone'))
          return store.write(...given)
        },
      })
      await using server = await serving(broken)
      const call = server.open()
      // More than is handed in at once, and no end: it is the server that stops. Most lines say nothing, to be quick.
      call.write(Array.from({ length: 5000 }, (_, index) => lineOf(index % 20 === 0 ? person(index) : {})).join(''))
      const told = { created: 0, required_missing: 0, unavailable: 0, stopped: 0 }
      let index = 0
      for await (const result of resultsOf(await call.response)) {
        assert.equal(result.index, index++)
        assert.equal(told.stopped, 0)
        told[(result.problems?.[0]?.code ?? result.outcome) as keyof typeof told] += 1
      }
      call.destroy()
      assert.equal(await server.people(), told.created)
      assert.ok(told.unavailable > 0 && told.stopped === 1 && index < 5000, JSON.stringify(told))
    })
  })
})

async function serving(store: Store, over: Partial<ApiDeps> = {}, institution: Institution = anInstitution()) {
  const failures: unknown[] = []
  const app = new Hono().route(
    '/institutions/:institution/api/v1',
    apiApp({ ...depsOver(store, institution, failures), ...over }),
  )
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = (query = '', headers: { readonly [name: string]: string } = {}) => {
    const call = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: `/institutions/${institution._id}/api/v1/users/batch${query}`,
      headers: { 'content-type': 'application/x-ndjson', ...headers },
    })
    const response = once(call, 'response').then(([one]) => one as import('node:http').IncomingMessage)
    return Object.assign(call, { response })
  }
  return {
    failures,
    open,
    async stream(chunks: readonly (string | Uint8Array)[], query = ''): Promise<Result[]> {
      const call = open(query)
      for (const chunk of chunks) call.write(chunk)
      call.end()
      const results: Result[] = []
      for await (const result of resultsOf(await call.response)) results.push(result)
      return results
    },
    people: () => store.count('users', institution._id, EVERYTHING),
    /** Resolves when the server has read what was sent so far: it has answered another request after it. */
    idle: async () => (await fetch(`http://127.0.0.1:${port}/institutions/x/api/v1/openapi.json`)).text(),
    /** Resolves when no connection is left. */
    async closed(): Promise<void> {
      server.closeIdleConnections()
      while ((await new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))) > 0) {
        await new Promise(setImmediate)
        server.closeIdleConnections()
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function* resultsOf(response: import('node:http').IncomingMessage): AsyncGenerator<Result> {
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['content-type'], 'application/x-ndjson')
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
  }
  assert.equal(rest, '')
}

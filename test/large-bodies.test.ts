/**
 * Batches and bulk requests on a socket: what is large takes turns, whichever channel it came by.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ClientRequest, IncomingMessage, Server } from 'node:http'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { apiApp } from '../src/api/app.ts'
import { sealWith } from '../src/auth/seal.ts'
import { Turns } from '../src/limits/turns.ts'
import { scimApp } from '../src/scim/app.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { depsOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { temporaryFile } from './stores.ts'

const MIB = 1024 * 1024
/** Of a batch, and of a bulk request. */
const LONGEST = 8 * MIB
const BATCH = 'api/v1/users/batch'
const BULK = 'scim/v2/Bulk'
const NOBODY = JSON.stringify({ users: [] })
const SOMEBODY = JSON.stringify({ Operations: [{ method: 'POST', path: '/Users', data: { userName: 'ada' } }] })
const filled = (body: string) => body.padEnd(MIB)

describe('large bodies', () => {
  let store: Store
  before(async () => {
    store = await openSqlite({ path: temporaryFile('matricula.db') })
  })
  after(() => store[Symbol.asyncDispose]())

  for (const [path, status] of [
    [BATCH, 422],
    [BULK, 400],
    ['api/v1/users', 422],
    ['scim/v2/Users', 400],
  ] as const) {
    it(`are not read before it is their turn, whichever channel the others came by: ${path}`, async () => {
      await using server = await serving(store)
      const stalled = [await server.stall(BATCH, NOBODY), await server.stall(BULK, SOMEBODY)]
      // Refused as soon as it is read: nothing but its turn keeps it waiting.
      const waiting = server.send(path, '{}')
      for (let index = 0; index < 3; index++) assert.equal((await server.send(BATCH, NOBODY, 'announced').answer).status, 200)
      assert.equal(waiting.isAnswered(), false)
      stalled[0]?.finish()
      assert.equal((await waiting.answer).status, status)
      stalled[1]?.finish()
      for (const { answer } of stalled) assert.equal((await answer).status, 200)
    })
  }

  it('come all through, however many are sent at once', async () => {
    await using server = await serving(store)
    const all = Array.from({ length: 16 }, () => server.send(BATCH, filled(NOBODY)).answer)
    assert.deepEqual(new Set((await Promise.all(all)).map(({ status }) => status)), new Set([200]))
  })

  it('that have had no turn in time are refused in the words of their channel', async () => {
    await using server = await serving(store, new Turns({ roomBytes: 0, maxWaitMs: 1 }))
    const api = await server.send(BATCH, filled(NOBODY)).answer
    assert.deepEqual(
      [api.status, api.headers['retry-after'], api.headers['content-type']],
      [429, '5', 'application/problem+json'],
    )
    assert.match(String(JSON.parse(api.text).type), /#limited$/)
    const scim = await server.send(BULK, filled(SOMEBODY)).answer
    assert.deepEqual([scim.status, scim.headers['retry-after']], [429, '5'])
    assert.partialDeepStrictEqual(JSON.parse(scim.text), {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '429',
    })
  })

  it('of who goes away give their place in the line to others', async () => {
    await using server = await serving(store)
    const stalled = [await server.stall(BATCH, NOBODY), await server.stall(BATCH, NOBODY)]
    const little = await server.stall(BATCH, NOBODY)
    little.call.destroy()
    assert.ok((await server.gone).signal.aborted, 'it has left while it waited')
    const much = await server.stall(BATCH, filled(NOBODY))
    const next = server.send(BATCH, NOBODY)
    much.call.destroy()
    stalled[0]?.finish()
    assert.equal((await next.answer).status, 200)
    stalled[1]?.finish()
  })
})

type Answer = { readonly status: number | undefined; readonly headers: IncomingMessage['headers']; readonly text: string }

async function serving(store: Store, turns = new Turns({ roomBytes: 2 * LONGEST })) {
  const institution = anInstitution()
  const gone = Promise.withResolvers<Request>()
  const deps = {
    ...depsOver(store, institution, []),
    turns,
    failed: (_: unknown, request: Request) => gone.resolve(request),
  }
  let admitted = () => {}
  const admit: typeof deps.admit = (request, id) => {
    admitted()
    return deps.admit(request, id)
  }
  const app = new Hono()
    .route('/api/v1', apiApp({ ...deps, admit }))
    .route('/scim/v2', scimApp({ ...deps, admit, seal: sealWith('a key for tests alone') }))
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = (path: string, headers: { readonly [name: string]: string | number }) => {
    const call = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: `/${path}`,
      headers: { 'content-type': 'application/json', ...headers },
    })
    let isAnswered = false
    const answer = answerOf(call).finally(() => {
      isAnswered = true
    })
    answer.catch(() => {})
    return { call, answer, isAnswered: () => isAnswered }
  }
  return {
    /** The request of the first who went away. */
    gone: gone.promise,
    send(path: string, body: string, length: 'announced' | 'not announced' = 'not announced') {
      const opened = open(
        path,
        length === 'announced' ? { 'content-length': Buffer.byteLength(body) } : { 'transfer-encoding': 'chunked' },
      )
      opened.call.end(body)
      return opened
    },
    /** Begins a large body, and is let in, with no turn before those who were let in earlier. */
    async stall(path: string, body: string, bytes = LONGEST) {
      const isIn = new Promise<void>((resolve) => {
        admitted = resolve
      })
      const opened = open(path, { 'content-length': bytes })
      opened.call.write(body)
      await isIn
      return { ...opened, finish: () => opened.call.end(' '.repeat(bytes - body.length)) }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answerOf(call: ClientRequest): Promise<Answer> {
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, headers: response.headers, text }
}

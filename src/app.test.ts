import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createApp } from './app.ts'
import { sealWith } from './auth/seal.ts'
import type { Scope } from './auth/tokens.ts'
import { createToken } from './auth/tokens.ts'
import { openHttpServer } from './cli/http-server.ts'
import { createInstitution } from './directory/institution-changes.ts'
import { openLog } from './observe/log.ts'
import { openMetrics } from './observe/metrics.ts'
import { openSqlite } from './store/sqlite/sqlite.ts'
import type { Store } from './store/store.ts'
import { StoreError } from './store/store.ts'

const by = { source: 'admin' } as const

describe('the app', () => {
  const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
  const open = new AsyncDisposableStack()
  const tokens: { [name: string]: string } = {}
  let store: Store
  before(async () => {
    store = open.use(await openSqlite({ path: join(folder, 'roll.db') }))
    for (const [id, perSecond] of [
      ['north', 0],
      ['south', 0],
      ['slow', 1],
    ] as const) {
      await createInstitution(store, { id, name: id, settings: { rateLimit: { perSecond } }, by, now: Date.now() })
    }
    for (const [name, institution, scope] of [
      ['north', 'north', 'scim'],
      ['api', 'north', 'api'],
      ['south', 'south', 'scim'],
      ['slow', 'slow', 'scim'],
    ] as const) {
      tokens[name] = await tokenFor(institution, scope)
    }
  })
  after(async () => {
    await open.disposeAsync()
    rmSync(folder, { recursive: true })
  })

  const tokenFor = async (institution: string, scope: Scope) =>
    (await createToken(store, { institution, scope, by, now: Date.now() })).text

  /** The app on a socket, over the store of the test or over a broken one. */
  async function served(over: Store = store) {
    const lines: string[] = []
    const metrics = openMetrics()
    const log = openLog('info', { write: (line) => void lines.push(line) })
    const app = createApp({
      store: over,
      publicUrl: 'https://roll.uni.edu',
      log,
      metrics,
      seal: sealWith('a key for tests alone'),
    })
    const http = await openHttpServer({ host: '127.0.0.1', port: 0 }, () => app)
    const get = (path: string, token?: string, more: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${http.port}${path}`, {
        ...more,
        headers: { ...(token && { authorization: `Bearer ${token}` }), ...more.headers },
      })
    return { get, lines, metrics, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() }
  }

  const broken = (): Store => {
    const away = () => Promise.reject(new StoreError('unavailable', 'the store is away'))
    return Object.assign(Object.create(store), { ping: away, get: away, lookUp: away })
  }

  it('says that it is alive, that it is ready, and what it counted', async () => {
    await using app = await served()
    assert.deepEqual([(await app.get('/healthz')).status, (await app.get('/readyz')).status], [200, 200])
    const answer = await app.get('/metrics')
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=/)
    assert.match(
      await answer.text(),
      /matricula_http_request_duration_seconds_count\{method="GET",route="\/readyz",status="200"\} 1/,
    )
  })

  it('serves what a proxy keeps inside under one address each, to the letter', async () => {
    await using app = await served()
    for (const [path, status] of [
      ['/metrics?a=b', 200],
      ['/metrics/', 404],
      ['/%6detrics', 404],
      ['/readyz/', 404],
      ['/ready%7a', 404],
    ] as const)
      assert.equal((await app.get(path)).status, status, path)
  })

  it('tells whoever opens it in a browser where things are, and of no institution that it is there', async () => {
    await using app = await served(broken())
    const answer = await app.get('/')
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/html; charset=utf-8'])
    const page = await answer.text()
    assert.match(page, /https:\/\/roll\.uni\.edu\/institutions\/ID\/scim\/v2</)
    assert.match(page, /\/saml\/login</)
    assert.doesNotMatch(page, /\/files\//, 'none are taken here')
    assert.doesNotMatch(page, /north/)
  })

  for (const [path, name, says] of [
    ['/health', undefined, 'there is nothing at this address; https://roll.uni.edu/ tells what is where'],
    ['/institutions/north/scim/Users', 'north', 'there is nothing at this address; https://roll.uni.edu/ tells what is where'],
    ['/institutions/north/scim/v2/users', 'north', 'there is nothing at this address (did you mean "/Users"?)'],
    ['/institutions/north/scim/v2/People', 'north', /^there is nothing at this address; known here: \/Users, \/Groups, /],
    ['/institutions/north/scim/v2/Bulk', 'north', 'this method is not served here; served are POST'],
    ['/institutions/north/api/v1', 'api', /; https:\/\/roll\.uni\.edu\/institutions\/north\/api\/v1\/docs tells what is where$/],
    ['/institutions/north/scim/v2/Users', undefined, /is needed; send the header "Authorization: Bearer TOKEN"$/],
    ['/institutions/north/scim/v2/Users', 'south', /is needed; this one is not known here, or has ended$/],
    ['/institutions/nowhere/scim/v2/Users', 'north', /is needed; this one is not known here, or has ended$/],
  ] as const)
    it(`says what would be right to who asks for ${path} ${name ? `with a token of ${name}` : 'without a token'}`, async () => {
      await using app = await served()
      const { detail } = (await (await app.get(path, name && tokens[name])).json()) as { readonly detail: string }
      if (typeof says === 'string') assert.equal(detail, says)
      else assert.match(detail, says)
    })

  it('publishes the keys that its JWTs are checked with, and no private part of them', async () => {
    await using app = await served()
    const answer = await app.get('/.well-known/jwks.json')
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/jwk-set+json'])
    const { keys } = (await answer.json()) as { readonly keys: readonly object[] }
    assert.ok(keys.length >= 1)
    for (const key of keys) assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })

  it('says of any institution alike where its tokens are had, whether there is one or not', async () => {
    await using app = await served()
    for (const id of ['north', 'nowhere']) {
      const answer = await app.get(`/.well-known/oauth-authorization-server/institutions/${id}`)
      assert.equal(answer.status, 200)
      const issuer = `https://roll.uni.edu/institutions/${id}`
      const told = { issuer, token_endpoint: `${issuer}/oauth/token`, jwks_uri: 'https://roll.uni.edu/.well-known/jwks.json' }
      assert.partialDeepStrictEqual(await answer.json(), told)
    }
    for (const id of ['*', 'NORTH', '%2e%2e', 'a%0d%0ab'])
      assert.equal((await app.get(`/.well-known/oauth-authorization-server/institutions/${id}`)).status, 404)
  })

  it('is alive but not ready while its store is away', async () => {
    await using app = await served(broken())
    assert.deepEqual([(await app.get('/healthz')).status, (await app.get('/readyz')).status], [200, 503])
  })

  it('answers a fault with a number and no reason, and writes down the reason under that number', async () => {
    await using app = await served(broken())
    const answer = await app.get('/institutions/north/scim/v2/Users', tokens.north)
    assert.equal(answer.status, 503)
    assert.doesNotMatch(await answer.text(), /away/)
    const failure = app.lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'failed')
    assert.equal(failure.requestId, answer.headers.get('x-request-id'))
    assert.equal(failure.err.message, 'the store is away')
    assert.match(await app.metrics.text(), /matricula_store_errors_total\{fault="unavailable"\} 1/)
  })

  it('does not take a caller who goes away for a fault of its own', async () => {
    await using app = await served()
    const gone = new AbortController()
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) })
    const headers = { 'content-type': 'application/scim+json' }
    const sent = app.get('/institutions/north/scim/v2/Users', tokens.north, {
      method: 'POST',
      body,
      headers,
      duplex: 'half',
      signal: gone.signal,
    })
    await app.get('/healthz')
    gone.abort()
    await assert.rejects(sent)
    while (app.lines.length === 0) await app.get('/healthz')
    assert.deepEqual(
      app.lines.map((line) => JSON.parse(line).status),
      [499],
    )
  })

  for (const [why, path, token, status] of [
    ['nothing stands at an unknown address', '/nothing', undefined, 404],
    ['nothing stands beside the channels', '/institutions/north/nothing', 'north', 404],
    ['a caller without a token is asked for one', '/institutions/north/scim/v2/Users', undefined, 401],
    ['a token opens its institution', '/institutions/north/scim/v2/Users', 'north', 200],
    ['a token of another institution opens nothing', '/institutions/north/scim/v2/Users', 'south', 401],
    ['an unknown institution looks no different', '/institutions/nowhere/scim/v2/Users', 'north', 401],
    ['the house itself is no institution', '/institutions/*/scim/v2/Users', 'north', 401],
    ['a token for another channel is refused', '/institutions/north/scim/v2/Users', 'api', 403],
    ['the REST channel takes its own tokens', '/institutions/north/api/v1/users', 'api', 200],
    ['and no others', '/institutions/north/api/v1/users', 'north', 403],
  ] as const)
    it(`${why}: ${status}`, async () => {
      await using app = await served()
      const answer = await app.get(path, token && tokens[token])
      assert.equal(answer.status, status, app.lines.join())
      assert.ok(answer.headers.get('x-request-id'))
      if (status === 401) assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
      if (status === 404) assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    })

  it('says when to come again to who comes too often', async () => {
    await using app = await served()
    // More at once than there can be seconds until the last is read.
    const all = await Promise.all(Array.from({ length: 30 }, () => app.get('/institutions/slow/scim/v2/Users', tokens.slow)))
    const told = all.map(({ status, headers }) => `${status} ${headers.get('retry-after')}`)
    assert.deepEqual(new Set(told), new Set(['200 null', '429 1']))
  })

  it('counts what became of changes', async () => {
    await using app = await served()
    const body = JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada@uni.edu' })
    const sent = { method: 'POST', body, headers: { 'content-type': 'application/scim+json' } }
    const statuses = []
    for (let i = 0; i < 2; i++) statuses.push((await app.get('/institutions/north/scim/v2/Users', tokens.north, sent)).status)
    assert.deepEqual(statuses, [201, 409])
    const text = await app.metrics.text()
    assert.match(text, /matricula_outcomes_total\{channel="scim",kind="created"\} 1/)
    assert.match(text, /matricula_outcomes_total\{channel="scim",kind="conflict"\} 1/)
    assert.match(text, /matricula_batch_changes_count 2/)
    assert.ok(!app.lines.join().includes('ada'))
  })

  it('takes an address with a slash at its end for the one without', async () => {
    await using app = await served()
    for (const [path, name] of [
      ['scim/v2/', 'north'],
      ['scim/v2/Users/?filter=userName+eq+%22nobody%22', 'north'],
      ['scim/v2/Schemas/', 'north'],
      ['api/v1/users/?email=nobody%40uni.edu', 'api'],
    ] as const) {
      const answer = await app.get(`/institutions/north/${path}`, tokens[name])
      assert.equal(answer.status, 200, `${path}: ${await answer.text()}`)
    }
    assert.match(await app.metrics.text(), /route="\/institutions\/:institution\/scim\/v2\/Users",status="200"/)
  })

  it('tells routes apart by their pattern, not by who is asked for', async () => {
    await using app = await served()
    await app.get('/institutions/north/scim/v2/Users/ada', tokens.north)
    await app.get('/a/b/c')
    const text = await app.metrics.text()
    assert.match(text, /route="\/institutions\/:institution\/scim\/v2\/Users\/:id",status="404"/)
    assert.match(text, /route="none",status="404"/)
  })

  it('measures what stands beside ids under its own name', async () => {
    await using app = await served()
    const body = JSON.stringify({ users: [] })
    const sent = { method: 'POST', body, headers: { 'content-type': 'application/json' } }
    for (const place of ['api/v1/users/batch', 'scim/v2/Users/.search', 'scim/v2/Groups/.search', 'scim/v2/Users/batch'])
      await app.get(`/institutions/north/${place}`, undefined, sent)
    const counted = [
      ...(await app.metrics.text()).matchAll(/seconds_count\{method="POST",route="\/institutions\/:institution\/([^"]*)"/g),
    ]
    assert.deepEqual(
      counted.map(([, route]) => route),
      ['api/v1/users/batch', 'scim/v2/Users/.search', 'scim/v2/Groups/.search', 'scim/v2/Users/:id'],
    )
  })
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { JWK } from 'jose'
import { exportJWK, generateKeyPair } from 'jose'
import { openKeySets } from './key-sets.ts'

/** For what never answers in full, and for all that does. */
const [SHORT_MS, LONG_MS] = [2000, 20_000]

describe('keys of others', () => {
  const open = new AsyncDisposableStack()
  const jwks: JWK[] = []
  before(async () => {
    for (const kid of ['one', 'two', 'three'])
      jwks.push({ ...(await exportJWK((await generateKeyPair('ES256')).publicKey)), kid, alg: 'ES256' })
  })
  after(() => open.disposeAsync())

  /** A place where keys are published, and somebody who asks for them by a clock that the test sets. */
  async function anIssuer(first: RequestListener, timeoutMs = LONG_MS) {
    let asked = 0
    let answer = first
    const server = createServer((request, response) => {
      asked++
      answer(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    open.defer(() => new Promise<void>((resolve) => void server.close(() => resolve())))
    const clock = { now: 0 }
    const failures: string[] = []
    const onFailure = (place: string, why: string) => {
      assert.match(place, /^http:[^?]+keys$/)
      failures.push(why)
    }
    const keySets = openKeySets({ isLocal: true, now: () => clock.now, onFailure, timeoutMs })
    const keys = keySets({ jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys?code=secret` })
    return {
      clock,
      failures,
      asked: () => asked,
      publishes: (next: RequestListener) => {
        answer = next
      },
      has: (kid: string, alg = 'ES256') =>
        Promise.resolve(keys({ alg, kid }, { payload: '', signature: '' })).then(
          () => true,
          (error) => {
            assert.match(String(error.code), /^ERR_J/)
            return false
          },
        ),
    }
  }

  const published =
    (...keys: unknown[]): RequestListener =>
    (_, response) =>
      void response.end(JSON.stringify({ keys }))

  it('are fetched once, whoever asks, and remembered', async () => {
    const issuer = await anIssuer(published(...jwks.slice(0, 2)))
    assert.deepEqual(await Promise.all(['one', 'two', 'one'].map((kid) => issuer.has(kid))), [true, true, true])
    issuer.clock.now = 9 * 60_000
    assert.ok(await issuer.has('two'))
    assert.equal(issuer.asked(), 1)
  })

  it('are fetched again when a new one appears, but no more than twice a minute', async () => {
    const issuer = await anIssuer(published(jwks[0]))
    assert.ok(await issuer.has('one'))
    issuer.publishes(published(...jwks))
    issuer.clock.now = 29_000
    assert.ok(!(await issuer.has('two')))
    issuer.clock.now = 30_000
    assert.ok(await issuer.has('two'))
    const tricks = ['../../etc/passwd', 'http://evil.example/keys', "' or 1=1 --", '__proto__', '\0', 'x'.repeat(100_000), '']
    for (const kid of [...tricks, ...Array.from({ length: 200 }, (_, index) => `forged-${index}`)])
      assert.ok(!(await issuer.has(kid)))
    assert.equal(issuer.asked(), 2)
  })

  it('that are no longer published are no longer good after ten minutes', async () => {
    const issuer = await anIssuer(published(jwks[0]))
    assert.ok(await issuer.has('one'))
    issuer.publishes(published(jwks[1]))
    issuer.clock.now = 10 * 60_000
    assert.ok(!(await issuer.has('one')))
  })

  it('serve on for a day while their owner cannot be reached', async () => {
    const issuer = await anIssuer(published(jwks[0]))
    assert.ok(await issuer.has('one'))
    issuer.publishes((_, response) => void response.writeHead(503).end())
    issuer.clock.now = 23 * 3_600_000
    assert.ok(await issuer.has('one'))
    assert.deepEqual(issuer.failures, ['it answered 503'])
    issuer.clock.now = 24 * 3_600_000
    assert.ok(!(await issuer.has('one')))
  })

  for (const [why, answer, says, timeoutMs = LONG_MS] of [
    ['hang', () => {}, /did not answer within/, SHORT_MS],
    [
      'come a byte at a time',
      (_, response) => void setInterval(() => response.write(' '), 20).unref(),
      /did not answer within/,
      SHORT_MS,
    ],
    ['are elsewhere', (_, response) => void response.writeHead(302, { location: '/keys' }).end(), /it answered 302/],
    [
      'grow without end',
      (_, response) => {
        const more = () => response.write(' '.repeat(65_536), more)
        response.on('error', () => {})
        more()
      },
      /more than 262144 bytes/,
    ],
    ['are too many', published(...Array.from({ length: 101 }, () => ({ kty: 'EC' }))), /more than 100 keys/],
    ['are none', (_, response) => void response.writeHead(404).end(), /it answered 404/],
    ['are no JSON', (_, response) => void response.end('<html>'), /not valid JSON/],
    ['are no list', (_, response) => void response.end('{"keys": {"kty": "EC"}}'), /no JWK Set/],
    ['are not even an object', (_, response) => void response.end('null'), /no JWK Set/],
    ['are no keys', published('one', 2, null), /malformed|JWKS/i],
    ['break off', (_, response) => void response.write('{', () => response.destroy()), /cannot be reached/],
  ] satisfies [string, RequestListener, RegExp, number?][])
    it(`that ${why} open nothing, in bounded time, and are not asked for again at once`, async () => {
      const issuer = await anIssuer(answer, timeoutMs)
      const started = performance.now()
      assert.deepEqual(await Promise.all(['one', 'two', 'one'].map((kid) => issuer.has(kid))), [false, false, false])
      assert.ok(performance.now() - started < timeoutMs + 10_000)
      for (let attempt = 0; attempt < 100; attempt++) assert.ok(!(await issuer.has('one')))
      assert.equal(issuer.asked(), 1)
      assert.equal(issuer.failures.length, 1)
      assert.match(issuer.failures[0] ?? '', says)
      issuer.publishes(published(jwks[0]))
      issuer.clock.now = 30_000
      assert.ok(await issuer.has('one'))
    })

  it('that are broken harm no others beside them', async () => {
    const broken = { kty: 'EC', crv: 'P-256', x: '!', y: 'AA', kid: 'broken', alg: 'ES256' }
    const issuer = await anIssuer(published({ kty: 'oct', k: 'c2VjcmV0', kid: 'shared', alg: 'HS256' }, broken, jwks[0]))
    assert.ok(await issuer.has('one'))
    assert.ok(!(await issuer.has('shared', 'HS256')))
  })
})

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import type { Request, Target } from './exchange.ts'
import { addressOf, exchange } from './exchange.ts'

const BASE = 'http://h:1/institutions/demo/scim/v2'

describe('an address', () => {
  const cases: readonly (readonly [string, Omit<Request, 'method'>, string])[] = [
    ['is relative to the base', { path: '/Users/1' }, `${BASE}/Users/1`],
    ['can leave the base', { path: '../../api/v1/users' }, 'http://h:1/institutions/demo/api/v1/users'],
    ['can be whole', { path: 'http://h:1/x?a=b c' }, 'http://h:1/x?a=b%20c'],
    ['has its query encoded', { path: '/Users?filter=a eq "x=y"&count=1' }, `${BASE}/Users?filter=a%20eq%20%22x%3Dy%22&count=1`],
    ['can have + for spaces', { path: '/Users?filter=a eq "b+c"', encode: 'plus' }, `${BASE}/Users?filter=a+eq+%22b%2Bc%22`],
    ['can go as written', { path: '/Users?filter=%zz', encode: 'none' }, `${BASE}/Users?filter=%zz`],
    [
      'that the server gave is asked of the server under test',
      { path: 'https://public/scim/Users/1?x=y', here: true },
      'http://h:1/scim/Users/1?x=y',
    ],
  ]
  for (const [why, request, address] of cases)
    it(why, () => assert.equal(addressOf(BASE, { method: 'GET', ...request }), address))
})

describe('an exchange', () => {
  async function withServer(
    listener: RequestListener,
    run: (target: Target) => Promise<void>,
    timeoutMs = 20_000,
  ): Promise<void> {
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      await run({
        base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        token: 't',
        mark: 'm-',
        timeoutMs,
        fetch,
      })
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }

  const silences: readonly (readonly [string, RequestListener, RegExp, timeoutMs?: number])[] = [
    ['a server that hangs', () => undefined, /within 200 ms/, 200],
    ['a server that closes', (request) => request.socket.destroy(), /closed|terminated|socket/i],
    ['a server that begins and hangs', (_, response) => response.writeHead(200).write('{'), /within 200 ms/, 200],
    [
      'a server that begins and closes',
      (_, response) => {
        response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy())
      },
      /closed|terminated|socket/i,
    ],
  ]
  for (const [why, listener, reason, timeoutMs] of silences) {
    it(`reports ${why} as silence`, () =>
      withServer(
        listener,
        async (target) => {
          const answer = await exchange(target, { method: 'GET', path: '/Users' })
          assert.ok('silence' in answer)
          assert.match(answer.silence, reason)
        },
        timeoutMs,
      ))
  }

  it('reports a port where nobody listens as silence', async () => {
    const answer = await exchange(
      { base: 'http://127.0.0.1:1', token: 't', mark: 'm-', timeoutMs: 20_000, fetch },
      { method: 'GET', path: '/Users' },
    )
    assert.ok('silence' in answer)
    assert.match(answer.silence, /ECONNREFUSED|bad port/)
  })

  it('asks again when the server says when, and gives up when it never stops saying so', async () => {
    let requests = 0
    await withServer(
      (_, response) => response.writeHead(++requests < 3 ? 429 : 200, { 'retry-after': '0' }).end('{}'),
      async (target) => {
        const answer = await exchange(target, { method: 'GET', path: '/Users' })
        assert.ok('status' in answer && answer.status === 200)
        assert.equal(requests, 3)
      },
    )
    await withServer(
      (_, response) => response.writeHead(503, { 'retry-after': '0' }).end('{}'),
      async (target) => {
        const answer = await exchange(target, { method: 'GET', path: '/Users' })
        assert.ok('status' in answer && answer.status === 503)
      },
    )
  })

  it('asks once more, where it only reads, when the connection was cut off', async () => {
    let requests = 0
    await withServer(
      (request, response) => (++requests % 2 === 1 ? request.socket.destroy() : response.end('{}')),
      async (target) => {
        const read = await exchange(target, { method: 'GET', path: '/Users' })
        assert.ok('status' in read && read.status === 200)
        const written = await exchange(target, { method: 'POST', path: '/Users', body: {} })
        assert.ok('silence' in written)
        assert.equal(requests, 3)
      },
    )
  })

  it('sends the token that the step names', async () => {
    const sent: (string | undefined)[] = []
    await withServer(
      (request, response) => {
        sent.push(request.headers.authorization)
        response.end('{}')
      },
      async (own) => {
        const target: Target = { ...own, apiToken: 'a' }
        await exchange(target, { method: 'GET', path: '/Users' })
        for (const auth of ['api', 'none'] as const) await exchange(target, { method: 'GET', path: '/Users', auth })
      },
    )
    assert.deepEqual(sent, ['Bearer t', 'Bearer a', undefined])
  })
})

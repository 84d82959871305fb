import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { after, describe, it } from 'node:test'
import { selfSigned } from '../saml/self-signed.ts'
import type { Outbound } from './outbound.ts'
import { askOutside, OutboundError } from './outbound.ts'
import { askByFetch } from './outbound-fetch.ts'

const open = new AsyncDisposableStack()
after(() => open.disposeAsync())

async function served(answer: RequestListener, server: Server = createServer()): Promise<number> {
  server.on('request', answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.defer(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

const asked = (url: string, more: Partial<Outbound> = {}): Outbound => ({
  ...{ url, timeoutMs: 20_000, maxBytes: 1000, isLocal: true },
  ...more,
})

const refused = (says: RegExp) => (error: unknown) => error instanceof OutboundError && says.test(error.message)

for (const [how, by] of [
  ['by Node', askOutside],
  ['by fetch', askByFetch],
] as const)
  describe(`a request to an address from settings, ${how}`, () => {
    const ask = (url: string, more: Partial<Outbound> = {}) => by(asked(url, more))

    it('brings back what came, with what was sent', async () => {
      const port = await served(async (request, response) => {
        const body = (await request.toArray()).join('')
        response.writeHead(201, { 'x-method': request.method }).end(`${request.headers['x-a']}, ${body}`)
      })
      const answer = await ask(`http://127.0.0.1:${port}/hook`, { method: 'POST', headers: { 'x-a': 'one' }, body: 'zwölf' })
      assert.deepEqual([answer.status, answer.headers['x-method'], answer.isCut], [201, 'POST', false])
      assert.equal(answer.body.toString(), 'one, zwölf')
    })

    it('follows no redirect', async () => {
      let count = 0
      const port = await served((request, response) => {
        count++
        response.writeHead(request.url === '/' ? 302 : 200, { location: '/elsewhere' }).end()
      })
      assert.equal((await ask(`http://127.0.0.1:${port}/`)).status, 302)
      assert.equal(count, 1)
    })

    it('reads no more than it was told to, of an answer without end', async () => {
      const port = await served((_, response) => {
        const more = () => response.write('x'.repeat(10_000), more)
        response.on('error', () => {})
        more()
      })
      const { body, isCut } = await ask(`http://127.0.0.1:${port}/`)
      assert.deepEqual([body.length, isCut], [1000, true])
    })

    for (const [why, answer] of [
      ['that never comes', () => {}],
      ['that stops half way', (_, response) => void response.write('half')],
      ['that comes a byte at a time', (_, response) => void setInterval(() => response.write('x'), 20).unref()],
    ] satisfies [string, RequestListener][])
      it(`waits for an answer ${why} no longer than it was told to`, async () => {
        const started = performance.now()
        await assert.rejects(
          ask(`http://127.0.0.1:${await served(answer)}/`, { timeoutMs: 200 }),
          refused(/not answer within 0.2 s/),
        )
        assert.ok(performance.now() - started < 10_000)
      })

    it('can be called off', async () => {
      const stop = new AbortController()
      const port = await served(() => stop.abort())
      await assert.rejects(ask(`http://127.0.0.1:${port}/`, { signal: stop.signal }), OutboundError)
    })

    for (const url of [
      'http://93.184.216.34/',
      'http://10.0.0.1/',
      'https://169.254.169.254/latest/meta-data',
      'https://0.0.0.0/',
      'https://224.0.0.1/',
      'https://255.255.255.255/',
      'https://[fe80::1]/',
      'https://[::]/',
      'https://[::ffff:169.254.169.254]/',
      'https://2852039166/',
      'https://0xa9fea9fe/',
      'file:///etc/passwd',
      'ftp://uni.edu/',
      'nonsense',
    ])
      it(`does not go to ${url}, not even while it is tried out`, async () => {
        const started = performance.now()
        await assert.rejects(ask(url), refused(/is not https|not asked from here|is no URL/))
        assert.ok(performance.now() - started < 10_000)
      })
  })

describe('a request to an address from settings, by what its name resolves to', () => {
  const ask = (url: string, more: Partial<Outbound> = {}) => askOutside(asked(url, more))

  it('says when nobody is there', async () => {
    await assert.rejects(ask('http://127.0.0.1:1/'), refused(/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED/))
  })

  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.1', '2130706433', '[::ffff:127.0.0.1]'])
    it(`does not go to ${host} on a server that others can reach`, async () => {
      let count = 0
      const port = await served((_, response) => void response.end(String(count++)))
      for (const scheme of ['http', 'https'])
        await assert.rejects(ask(`${scheme}://${host}:${port}/`, { isLocal: false }), refused(/is not https|not asked from here/))
      assert.equal(count, 0)
    })

  it('goes by a name to this machine while it is tried out', async () => {
    const port = await served((_, response) => void response.end('here'))
    assert.equal((await ask(`http://localhost:${port}/`)).body.toString(), 'here')
  })

  it('trusts no certificate that nobody vouches for', async () => {
    let count = 0
    const port = await served(() => count++, createTlsServer(withCertificateOfItsOwn()))
    await assert.rejects(ask(`https://127.0.0.1:${port}/`), refused(/self-signed certificate/))
    assert.equal(count, 0)
  })
})

function withCertificateOfItsOwn() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const [notBefore, notAfter] = [Date.now() - 60_000, Date.now() + 3_600_000]
  const certificate = new X509Certificate(selfSigned({ privateKey, commonName: '127.0.0.1', notBefore, notAfter }))
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: certificate.toString() }
}

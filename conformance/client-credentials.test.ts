import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { tokensFor } from './client-credentials.ts'

/** An authorization server whose issuer is `/uni`; tokens live for so many seconds. */
class Issuer implements AsyncDisposable {
  readonly origin: string
  readonly grants: string[] = []
  readonly #close: () => void

  private constructor(origin: string, close: () => void) {
    this.origin = origin
    this.#close = close
  }

  static async open(seconds = 3600, issuerPath = '/uni'): Promise<Issuer> {
    const server = createServer(async (request, response) => {
      const [status, body] = issuer.#answer(request, await text(request), seconds, issuerPath)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const close = () => {
      server.closeAllConnections()
      server.close()
    }
    const issuer = new Issuer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, close)
    return issuer
  }

  #answer({ url, headers }: IncomingMessage, body: string, seconds: number, issuerPath: string): readonly [number, object] {
    if (url === '/.well-known/oauth-authorization-server/uni')
      return [200, { issuer: this.origin + issuerPath, token_endpoint: `${this.origin}/token` }]
    if (url !== '/token') return [404, {}]
    this.grants.push(`${headers.authorization} ${body}`)
    const credentials = Buffer.from(String(headers.authorization).replace('Basic ', ''), 'base64').toString()
    if (credentials !== 'me:a+b%26c') return [401, { error: 'invalid_client' }]
    return [200, { access_token: `token-${this.grants.length}`, token_type: 'Bearer', expires_in: seconds }]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close()
  }
}

describe('tokens by client credentials', () => {
  const client = { id: 'me', secret: 'a b&c' }

  it('come from the endpoint that is named, by Basic with what is form-encoded', async () => {
    await using issuer = await Issuer.open()
    const tokens = tokensFor(`${issuer.origin}/scim`, { ...client, tokenUrl: `${issuer.origin}/token` })
    assert.equal(await tokens(), 'token-1')
    assert.match(issuer.grants[0] ?? '', /^Basic \S+ grant_type=client_credentials$/)
  })

  it('come from the endpoint in the metadata of the issuer above the SCIM base', async () => {
    await using issuer = await Issuer.open()
    assert.equal(await tokensFor(`${issuer.origin}/uni/scim/v2`, client)(), 'token-1')
  })

  it('are kept while they are good', async () => {
    await using issuer = await Issuer.open()
    const tokens = tokensFor(`${issuer.origin}/uni/scim/v2`, client)
    assert.deepEqual([await tokens(), await tokens()], ['token-1', 'token-1'])
  })

  it('are asked for anew before they end', async () => {
    await using issuer = await Issuer.open(30)
    const tokens = tokensFor(`${issuer.origin}/uni/scim/v2`, client)
    assert.deepEqual([await tokens(), await tokens()], ['token-1', 'token-2'])
  })

  it('are asked for once, however many need one at the same time', async () => {
    await using issuer = await Issuer.open()
    const tokens = tokensFor(`${issuer.origin}/uni/scim/v2`, client)
    await Promise.all([tokens(), tokens(), tokens()])
    assert.equal(issuer.grants.length, 1)
  })

  it('are refused in words where the secret is wrong', async () => {
    await using issuer = await Issuer.open()
    const tokens = tokensFor(`${issuer.origin}/uni/scim/v2`, { ...client, secret: 'wrong' })
    await assert.rejects(tokens, /\/token gives no token: 401 .*invalid_client/)
  })

  it('need --token-url where there is no metadata, or it speaks for another issuer', async () => {
    await using issuer = await Issuer.open(3600, '/other')
    await assert.rejects(tokensFor(`${issuer.origin}/uni/scim/v2`, client), /--token-url/)
    await assert.rejects(tokensFor(`${issuer.origin}/elsewhere`, client), /--token-url/)
  })
})

/**
 * A platform behind the server, as docs/saml.md has it: takes the code that a person brings, exchanges it, and believes the
 * token by the published keys: for tests.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JWTPayload } from 'jose'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { Server } from '../server.ts'
import { samlOf } from './service.ts'

export type Platform = AsyncDisposable & {
  readonly returnUrl: string
  /** Of the last token. */
  readonly claims: JWTPayload | undefined
}

export async function openPlatform(server: Server): Promise<Platform> {
  const token = await server.makeToken('api')
  const keys = createRemoteJWKSet(new URL(`${server.origin}/.well-known/jwks.json`))
  const { base } = samlOf(server)
  let claims: JWTPayload | undefined

  async function learn(code: string | null): Promise<JWTPayload> {
    const answer = await fetch(`${base}/token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ code, return_url: returnUrl, fields: ['first_name', 'netid'] }),
    })
    const { token: jwt } = (await answer.json()) as { token: string }
    const wanted = { issuer: base.replace(/\/saml$/, ''), audience: returnUrl, typ: 'sign-in+jwt', algorithms: ['ES256'] }
    return (await jwtVerify(jwt, keys, wanted)).payload
  }

  const http = createServer(async ({ url = '' }, response) => {
    const asked = new URL(url, returnUrl).searchParams
    response.setHeader('content-type', 'text/plain; charset=utf-8')
    try {
      // The browser asks for an icon as well.
      if (!asked.has('code')) throw new Error('nobody came back')
      claims = await learn(asked.get('code'))
      const { first_name } = claims.user as { first_name: string }
      response.end(`${first_name} ${asked.get('state')}`)
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  }).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const returnUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}/signed-in`
  return {
    returnUrl,
    get claims() {
      return claims
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

/**
 * Somebody else's issuer of JWTs: keys, where they are published, and tokens as it would sign them, or as nobody should.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CryptoKey, JWK, JWTPayload } from 'jose'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export type Issuer = AsyncDisposable & {
  readonly url: string
  readonly jwksUrl: string
  readonly keys: readonly JWK[]
  readonly privateKey: CryptoKey
  /** How often its keys were asked for. */
  readonly asked: () => number
  /** @param header beside what it always says; what is undefined is left out */
  sign(claims: object, header?: object, key?: CryptoKey | Uint8Array): Promise<string>
}

export async function openIssuer(alg = 'RS256'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const keys: JWK[] = [{ ...(await exportJWK(publicKey)), kid: 'key-1', use: 'sig' }]
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    jwksUrl: `${url}/keys`,
    keys,
    privateKey,
    asked: () => asked,
    sign: (claims, header = {}, key = privateKey) =>
      new SignJWT(claims as JWTPayload).setProtectedHeader({ alg, kid: 'key-1', typ: 'JWT', ...header }).sign(key),
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

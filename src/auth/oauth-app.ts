/**
 * POST /institutions/:institution/oauth/token: a client proves itself and gets a token for an hour (RFC 6749 section 4.4).
 * Whoever is refused learns that, and not why; the log does.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Institution } from '../directory/institution.ts'
import { INSTITUTION_ID, institutionCache } from '../directory/institution.ts'
import { addressOf } from '../limits/address.ts'
import type { RateLimiter } from '../limits/rate.ts'
import { SIGN_INS } from '../limits/rate.ts'
import type { Exchange } from '../observe/requests.ts'
import type { Store } from '../store/store.ts'
import { StoreError } from '../store/store.ts'
import { ACCESS_SECONDS, issueAccessToken, issuerOf } from './access-tokens.ts'
import type { KeySets } from './key-sets.ts'
import { proveClient } from './prove-client.ts'
import type { SigningKeys } from './signing-keys.ts'
import { readTokenRequest } from './token-request.ts'
import { SCOPES } from './tokens.ts'
import { ALGORITHMS } from './verify-jwt.ts'

export type OAuthDeps = {
  readonly store: Store
  readonly signingKeys: SigningKeys
  readonly keySets: KeySets
  readonly limiter: RateLimiter
  /** How clients reach the server, without a slash at its end. */
  readonly publicUrl: string
  /** Told why a client was refused, for the log. */
  readonly onRefused: (institution: string, why: string) => void
  /** Told of what must not happen; the client gets a 500 without the inside. */
  readonly failed: (error: unknown, request: Request) => void
}

const GRANT = 'client_credentials'

/** RFC 6749 section 5.2; `server_error` and `temporarily_unavailable` as in its section 4.1.2.1. */
type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'server_error'
  | 'temporarily_unavailable'

export function oauthApp(deps: OAuthDeps): Hono {
  const institutions = institutionCache(deps.store, () => performance.now())
  const app = new Hono()
  app.post('/token', async (c) => {
    try {
      return await token(deps, c, await institutions.get(c.req.param('institution') ?? ''))
    } catch (error) {
      deps.failed(error, c.req.raw)
      if (!(error instanceof StoreError)) return refusal(500, 'server_error', 'the server failed; the failure has been recorded')
      return refusal(503, 'temporarily_unavailable', 'the server cannot do this now: try again', { 'retry-after': '5' })
    }
  })
  app.all('/token', () => refusal(405, 'invalid_request', 'served here: POST', { allow: 'POST' }))
  return app
}

async function token(deps: OAuthDeps, c: Context, institution: Institution | undefined): Promise<Response> {
  const { store, signingKeys, keySets, limiter, publicUrl, onRefused } = deps
  const id = c.req.param('institution') ?? ''
  const isLimited = institution?.settings.rateLimit?.perSecond !== 0
  // What cannot be an institution is counted as one, or the names that strangers make up would fill the memory.
  const caller = `oauth ${INSTITUTION_ID.test(id) ? id : ''} ${addressOf((c.env as Exchange).incoming)}`
  const seconds = limiter.take(caller, isLimited ? SIGN_INS.perSecond : 0, SIGN_INS.burstSeconds)
  if (seconds > 0) {
    const detail = `too many requests: come again in ${seconds} s`
    return refusal(429, 'temporarily_unavailable', detail, { 'retry-after': String(seconds) })
  }
  const asked = await readTokenRequest(c.req.raw)
  if (asked.kind === 'refused') return refusal(asked.status, 'invalid_request', asked.detail, asked.headers)
  if (asked.grantType !== GRANT) return refusal(400, 'unsupported_grant_type', `the grant type should be ${GRANT}`)
  const issuer = issuerOf(publicUrl, id)
  if (!asked.proof || !institution) return unknownClient()
  const options = { store, keySets, institution, audiences: [issuer, `${issuer}/oauth/token`], now: Date.now() }
  const verdict = await proveClient(asked.proof, options)
  if (verdict.kind === 'refused') {
    onRefused(id, verdict.why)
    return unknownClient()
  }
  const { proven } = verdict
  // Words that mean nothing here may stand beside (RFC 6749 section 3.3): clients ask for what others call it.
  const known = asked.scopes.filter((scope) => SCOPES.some((one) => one === scope))
  if (known.length > 0 && !known.includes(proven.scope))
    return refusal(400, 'invalid_scope', `this client may have the scope ${proven.scope}`)
  const accessToken = await issueAccessToken(signingKeys, issuer, proven)
  return json(200, { access_token: accessToken, token_type: 'Bearer', expires_in: ACCESS_SECONDS, scope: proven.scope })
}

/**
 * RFC 8414, the same for any institution, whether there is one or not.
 * @returns what stands at `/.well-known/oauth-authorization-server/institutions/:institution`
 */
export function serverMetadata(publicUrl: string, institution: string): object {
  const issuer = issuerOf(publicUrl, institution)
  return {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    scopes_supported: SCOPES,
    response_types_supported: [],
    grant_types_supported: [GRANT],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
  }
}

function unknownClient(): Response {
  const headers = { 'www-authenticate': 'Basic realm="oauth"' }
  return refusal(401, 'invalid_client', 'the client is not known here, or did not prove itself', headers)
}

function refusal(status: number, error: ErrorCode, detail: string, headers: { readonly [name: string]: string } = {}): Response {
  return json(status, { error, error_description: detail }, headers)
}

function json(status: number, body: object, headers: { readonly [name: string]: string } = {}): Response {
  const common = { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' }
  return new Response(JSON.stringify(body), { status, headers: { ...common, ...headers } })
}

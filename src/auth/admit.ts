/**
 * Whether a request may go on: who calls, for what, and not too often.
 */
import type { Institution } from '../directory/institution.ts'
import type { Source } from '../directory/user.ts'
import type { RateLimiter } from '../limits/rate.ts'
import type { Authenticate, Verdict } from './authenticate.ts'
import type { Scope } from './tokens.ts'

export type Admission =
  | {
      readonly kind: 'ok'
      readonly institution: Institution
      readonly source: Source
      /** Id of the token or the client, or the name of the trusted issuer. */
      readonly credential: string
      /** Whom the token speaks of: the claim `sub` of a trusted issuer. */
      readonly subject?: string
    }
  | {
      readonly kind: 'refused'
      readonly status: 401 | 403 | 429
      readonly detail: string
      readonly headers: { readonly [name: string]: string }
    }

export type Admit = (request: Request, institution: string) => Admission | Promise<Admission>

/** Requests a second for each token or client, unless the institution says otherwise. */
const PER_SECOND = 100

export function admission(authenticate: Authenticate, limiter: RateLimiter, scope: Scope): Admit {
  return (request, institution) => {
    const authorization = request.headers.get('authorization')
    const verdict = authenticate(institution, authorization, scope)
    return verdict instanceof Promise ? verdict.then((told) => judge(told, authorization)) : judge(verdict, authorization)
  }

  function judge(verdict: Verdict, authorization: string | null): Admission {
    if (verdict.kind === 'unknown') return unknown(authorization)
    if (verdict.kind === 'wrongScope') {
      const headers = { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` }
      return refused(403, `this token is for ${verdict.scope}; one for ${scope} is needed here`, headers)
    }
    const { institution, credential } = verdict
    const { id, source, subject } = credential
    const seconds = limiter.take(`${institution._id} ${id}`, institution.settings.rateLimit?.perSecond ?? PER_SECOND)
    if (seconds > 0) return refused(429, `too many requests: come again in ${seconds} s`, { 'retry-after': String(seconds) })
    return { kind: 'ok', institution, source, credential: id, ...(subject !== undefined && { subject }) }
  }
}

/**
 * Says `invalid_token` only to who sent one (RFC 6750 section 3.1), and the same whether the institution is there or not.
 */
function unknown(authorization: string | null): Admission {
  const challenge = authorization === null ? 'Bearer' : 'Bearer error="invalid_token"'
  const hint = /^bearer ./i.test(authorization ?? '')
    ? 'this one is not known here, or has ended'
    : 'send the header "Authorization: Bearer TOKEN"'
  return refused(401, `a valid bearer token of this institution is needed; ${hint}`, { 'www-authenticate': challenge })
}

function refused(status: 401 | 403 | 429, detail: string, headers: { readonly [name: string]: string }): Admission {
  return { kind: 'refused', status, detail, headers }
}

/**
 * Who calls: the bearer token of a request, for one institution and one scope.
 * What is known well is told at once; nothing remembered is older than five seconds, and what is unknown never is.
 */
import { freshCache } from '../directory/fresh-cache.ts'
import type { Institution } from '../directory/institution.ts'
import { institutionCache } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { Scope, Token } from './tokens.ts'
import { findToken, looksLikeToken, TOKEN_LENGTH } from './tokens.ts'

export type Verdict =
  | { readonly kind: 'ok'; readonly institution: Institution; readonly token: Token }
  /** 401: no token, or none that this institution knows. An unknown institution is told by nothing else. */
  | { readonly kind: 'unknown' }
  /** 403: a token of this institution for something else. */
  | { readonly kind: 'wrongScope'; readonly scope: Scope }

export type Authenticate = (
  institution: string,
  /** The header `Authorization` as it was sent. */
  authorization: string | null | undefined,
  scope: Scope,
) => Verdict | Promise<Verdict>

const UNKNOWN = { kind: 'unknown' } as const

/**
 * Tokens are remembered under their text: to time how strings compare there, one would have to know the seed of the
 * table's hash first. In the store they are found by SHA-256.
 * @param clock `now` in epoch milliseconds for expiry; `monotonic` for ages, on a clock that never goes back
 */
export function authenticator(
  store: Store,
  clock: { readonly now: () => number; readonly monotonic: () => number },
): Authenticate {
  const institutions = institutionCache(store, clock.monotonic)
  const tokens = freshCache<Token>({
    load: (key) => findToken(store, key.slice(TOKEN_LENGTH), key.slice(0, TOKEN_LENGTH)),
    now: clock.monotonic,
  })

  return (id, authorization, scope) => {
    const text = bearerIn(authorization)
    if (text === undefined) return UNKNOWN
    const institution = institutions.get(id)
    const token = tokens.get(text + id)
    if (institution instanceof Promise || token instanceof Promise) {
      return Promise.all([institution, token]).then(([one, other]) => judge(one, other, scope))
    }
    return judge(institution, token, scope)
  }

  function judge(institution: Institution | undefined, token: Token | undefined, scope: Scope): Verdict {
    if (!institution || !token) return UNKNOWN
    if (token.validUntil !== undefined && token.validUntil <= clock.now()) return UNKNOWN
    if (token.scope !== scope) return { kind: 'wrongScope', scope: token.scope }
    return { kind: 'ok', institution, token }
  }
}

/** RFC 6750 section 2.1; the scheme in any case (RFC 9110 section 11.1). */
function bearerIn(authorization: string | null | undefined): string | undefined {
  if (authorization?.[6] !== ' ' || authorization.slice(0, 6).toLowerCase() !== 'bearer') return
  const text = authorization.slice(7).trim()
  return looksLikeToken(text) ? text : undefined
}

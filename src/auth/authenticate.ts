/**
 * Who calls: the bearer token of a request, for one institution and one scope.
 * What is known well is told at once; nothing remembered is older than five seconds, and what is unknown never is.
 */
import { freshCache } from '../directory/fresh-cache.ts'
import type { Institution } from '../directory/institution.ts'
import { institutionCache } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { Credential } from './access-tokens.ts'
import type { ReadJwt } from './bearer-jwt.ts'
import type { Scope } from './tokens.ts'
import { findToken, looksLikeToken, TOKEN_LENGTH } from './tokens.ts'
import { looksLikeJwt } from './verify-jwt.ts'

export type Verdict =
  | { readonly kind: 'ok'; readonly institution: Institution; readonly credential: Credential }
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
/** JWTs are long. */
const MOST_JWTS = 2000

/**
 * Tokens are remembered under their text: to time how strings compare there, one would have to know the seed of the
 * table's hash first. In the store they are found by SHA-256.
 * @param clock `now` in epoch milliseconds for expiry; `monotonic` for ages, on a clock that never goes back
 */
export function authenticator(
  store: Store,
  readJwt: ReadJwt,
  clock: { readonly now: () => number; readonly monotonic: () => number },
): Authenticate {
  const institutions = institutionCache(store, clock.monotonic)
  const tokens = freshCache<Credential>({
    load: async (key) => {
      const token = await findToken(store, key.slice(TOKEN_LENGTH), key.slice(0, TOKEN_LENGTH))
      if (!token) return
      const { _id: id, scope, source, validUntil } = token
      return { id, scope, source, ...(validUntil !== undefined && { validUntil }) }
    },
    now: clock.monotonic,
  })
  const jwts = freshCache<Credential>({
    load: async (key) => {
      const [text = '', id = ''] = key.split(' ')
      const institution = await institutions.get(id)
      return institution && readJwt(institution, text)
    },
    now: clock.monotonic,
    maxEntries: MOST_JWTS,
  })

  return (id, authorization, scope) => {
    const text = bearerIn(authorization)
    if (text === undefined) return UNKNOWN
    const institution = institutions.get(id)
    const credential = looksLikeToken(text) ? tokens.get(text + id) : looksLikeJwt(text) ? jwtOf(text, institution) : undefined
    if (institution instanceof Promise || credential instanceof Promise) {
      return Promise.all([institution, credential]).then(([one, other]) => judge(one, other, scope))
    }
    return judge(institution, credential, scope)
  }

  /** Remembered with the settings that it was judged by: what they no longer trust is looked at anew. */
  function jwtOf(
    text: string,
    institution: Institution | undefined | Promise<Institution | undefined>,
  ): Credential | undefined | Promise<Credential | undefined> {
    if (institution instanceof Promise) return institution.then((known) => jwtOf(text, known))
    return institution && jwts.get(`${text} ${institution._id} ${institution.version}`)
  }

  function judge(institution: Institution | undefined, credential: Credential | undefined, scope: Scope): Verdict {
    if (!institution || !credential) return UNKNOWN
    if (credential.validUntil !== undefined && credential.validUntil <= clock.now()) return UNKNOWN
    if (credential.scope !== scope) return { kind: 'wrongScope', scope: credential.scope }
    return { kind: 'ok', institution, credential }
  }
}

/** RFC 6750 section 2.1; the scheme in any case (RFC 9110 section 11.1). */
function bearerIn(authorization: string | null | undefined): string | undefined {
  if (authorization?.[6] !== ' ' || authorization.slice(0, 6).toLowerCase() !== 'bearer') return
  return authorization.slice(7).trim()
}

/**
 * JWTs as bearer tokens: our own access tokens, and tokens of the issuers that an institution trusts.
 */
import type { JWTPayload } from 'jose'
import type { Institution } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { Credential } from './access-tokens.ts'
import { issuerOf, readAccessToken } from './access-tokens.ts'
import type { KeySets } from './key-sets.ts'
import type { SigningKeys } from './signing-keys.ts'
import { issuersWith, rightsOf, verifyTrusted } from './trusted-issuers.ts'
import { issuerIn } from './verify-jwt.ts'

export type JwtOptions = {
  readonly store: Store
  readonly signingKeys: SigningKeys
  readonly keySets: KeySets
  /** How clients reach the server, without a slash at its end. */
  readonly publicUrl: string
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Told why, for the log; the caller is told nothing. */
  readonly onRefused: (institution: string, why: string) => void
}

export type ReadJwt = (institution: Institution, text: string) => Promise<Credential | undefined>

export function jwtReader(options: JwtOptions): ReadJwt {
  const { store, signingKeys, keySets, publicUrl, now, onRefused } = options
  return async (institution, text) => {
    const issuer = issuerIn(text)
    const own = issuerOf(publicUrl, institution._id)
    if (issuer === own) {
      const credential = await readAccessToken(text, { store, signingKeys, institution, issuer: own })
      if (!credential) onRefused(institution._id, 'an access token that is over, or whose client has ended')
      return credential
    }
    const trusted = await verifyTrusted(text, issuersWith(institution, issuer), { keySets, now: now() })
    if ('why' in trusted) {
      onRefused(institution._id, trusted.why)
      return
    }
    const { claims } = trusted
    const subject = subjectOf(claims)
    return {
      id: trusted.issuer.name,
      ...rightsOf(trusted.issuer),
      ...(subject !== undefined && { subject }),
      validUntil: claims.exp * 1000,
    }
  }
}

/** A machine that asks for itself is its own subject (RFC 9068 section 2.2); Entra names it by `oid` then. */
function subjectOf({ sub, client_id, azp, appid, oid }: JWTPayload): string | undefined {
  return [client_id, azp, appid, oid].includes(sub) ? undefined : sub
}

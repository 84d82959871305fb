/**
 * Access tokens of our own, as JWTs (RFC 9068): issued at an institution's token endpoint, good for that institution alone.
 * Whose they are is looked up again with each use, so they end with their client, secret or trusted issuer.
 */
import type { Institution } from '../directory/institution.ts'
import type { Source } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import { getClient } from './clients.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { Scope } from './tokens.ts'
import { issuerNamed, rightsOf, trustIn } from './trusted-issuers.ts'

/** What the caller shows, known and live. */
export type Credential = {
  /** Of the token, the client or the trusted issuer: stands in the audit trail; requests are counted by it. */
  readonly id: string
  readonly scope: Scope
  readonly source: Source
  /** Whom its issuer vouches for, where that is not the issuer's own machine. */
  readonly subject?: string
  /** Epoch milliseconds. */
  readonly validUntil?: number
}

/** Identity providers ask for an hour at least. */
export const ACCESS_SECONDS = 3600
const TYPE = 'at+jwt'

/** A client that proved itself. */
export type Proven = {
  /** Of a client, or the name of a trusted issuer. */
  readonly id: string
  readonly scope: Scope
  /** Id of the secret that it showed. */
  readonly secret?: string
  /** What its issuer was trusted by (`trustIn`). */
  readonly trust?: string
}

/** Of an institution's tokens, and their audience as well (RFC 8414 section 2). */
export function issuerOf(publicUrl: string, institution: string): string {
  return `${publicUrl}/institutions/${institution}`
}

export function issueAccessToken(signingKeys: SigningKeys, issuer: string, { id, ...proven }: Proven): Promise<string> {
  const claims = { iss: issuer, aud: issuer, sub: id, client_id: id, ...proven }
  return signingKeys.sign(claims, { type: TYPE, seconds: ACCESS_SECONDS })
}

/** @returns undefined when it is none of ours, is over, or whose it was has ended */
export async function readAccessToken(
  text: string,
  {
    store,
    signingKeys,
    institution,
    issuer,
  }: {
    readonly store: Store
    readonly signingKeys: SigningKeys
    readonly institution: Institution
    readonly issuer: string
  },
): Promise<Credential | undefined> {
  const claims = await signingKeys.verify(text, { type: TYPE, issuer, audience: issuer })
  if (!claims) return
  const id = String(claims.client_id)
  const validUntil = Number(claims.exp) * 1000
  const trusted = issuerNamed(institution, id)
  if (trusted) return claims.trust === trustIn(trusted) ? { id, ...rightsOf(trusted), validUntil } : undefined
  const client = await getClient(store, institution._id, id)
  if (!client) return
  const isLive = claims.secret === undefined || client.secrets.some((secret) => secret.id === claims.secret)
  return isLive ? { id, scope: client.scope, source: client.source, validUntil } : undefined
}

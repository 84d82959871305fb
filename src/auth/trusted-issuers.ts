/**
 * Issuers that an institution trusts by its settings: whoever shows a JWT of theirs, made for this institution, is let in.
 */
import { hash } from 'node:crypto'
import type { JWK } from 'jose'
import type { Problem } from '../directory/change.ts'
import type { Institution } from '../directory/institution.ts'
import type { Settings, TrustedIssuer } from '../directory/settings.ts'
import type { Source } from '../directory/user.ts'
import type { KeySets } from './key-sets.ts'
import type { Scope } from './tokens.ts'
import { CHANNEL_OF } from './tokens.ts'
import type { Algorithm, Verified } from './verify-jwt.ts'
import { verifyJwt } from './verify-jwt.ts'

export type Trusted = {
  readonly issuer: TrustedIssuer
  readonly claims: Extract<Verified, { kind: 'ok' }>['claims']
}

/** @returns whose it is, or why none of them vouches for it */
export async function verifyTrusted(
  text: string,
  issuers: readonly TrustedIssuer[],
  { keySets, now }: { readonly keySets: KeySets; readonly now: number },
): Promise<Trusted | { readonly why: string }> {
  let why = 'its issuer is not trusted'
  for (const issuer of issuers) {
    const verified = await verifyJwt(text, {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: (issuer.algorithms ?? ['RS256']) as readonly Algorithm[],
      keys: keySets(keysOf(issuer)),
      claims: issuer.claims ?? {},
      now,
    })
    if (verified.kind === 'ok') return { issuer, claims: verified.claims }
    why = `${issuer.name}: ${verified.why}`
  }
  return { why }
}

export function issuersWith({ settings }: Institution, issuer: string | undefined): TrustedIssuer[] {
  return (settings.trustedIssuers ?? []).filter((one) => one.issuer === issuer)
}

export function issuerNamed({ settings }: Institution, name: string): TrustedIssuer | undefined {
  return settings.trustedIssuers?.find((one) => one.name === name)
}

/** Tells what is set of it from what was set before: who was let in by that may not be now. */
export function trustIn(issuer: TrustedIssuer): string {
  return hash('sha256', JSON.stringify(issuer), 'base64url')
}

/** What whoever it vouches for may do, and as whose changes that counts. */
export function rightsOf({ name, scope = 'scim', source }: TrustedIssuer): { readonly scope: Scope; readonly source: Source } {
  const known = scope as Scope
  return { scope: known, source: (source as Source | undefined) ?? `${CHANNEL_OF[known]}:${name}` }
}

function keysOf({ jwksUrl, keys = [] }: TrustedIssuer) {
  return jwksUrl === undefined ? { jwks: keys as readonly JWK[] } : { jwksUrl }
}

/** What the schema of settings cannot say. */
export function issuerProblems({ trustedIssuers = [] }: Settings): Problem[] {
  return trustedIssuers.flatMap((issuer, index) => {
    const at = `trustedIssuers[${index}]`
    const { name, jwksUrl, keys = [], scope = 'scim', source } = issuer
    const problems: [place: string, message: string][] = []
    if ((jwksUrl === undefined) === (keys.length === 0))
      problems.push([at, `${at} should have either jwksUrl or keys: where its public keys are, or the keys themselves`])
    if (trustedIssuers.findIndex((one) => one.name === name) < index)
      problems.push([`${at}.name`, `${at}.name is "${name}", which another one has; it should be a name of its own`])
    keys.forEach((key, number) => {
      const where = `${at}.keys[${number}]`
      if (['d', 'p', 'q', 'k'].some((secret) => secret in key))
        problems.push([where, `${where} is a private key: it belongs to its owner alone; give the public part of a new one`])
    })
    const channel = CHANNEL_OF[scope as Scope]
    if (source !== undefined && source.split(':')[0] !== channel)
      problems.push([
        `${at}.source`,
        `${at}.source is "${source}"; for scope ${scope} it should be ${channel}, or one of it, for example ${channel}:${name}`,
      ])
    return problems.map(([field, message]) => ({ field, code: 'value', message }))
  })
}

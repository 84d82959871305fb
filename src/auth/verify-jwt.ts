/**
 * JWTs that others have signed (RFC 7519, RFC 8725): by a key that the caller trusts, by an algorithm of its list, from one
 * issuer, for one audience, now.
 */
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { decodeJwt, errors, jwtVerify } from 'jose'

/** None by a shared secret: with those a public key would make a signature (RFC 8725 section 2.1). */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export type Expected = {
  readonly issuer: string
  readonly audience: string | readonly string[]
  readonly algorithms: readonly Algorithm[]
  readonly keys: JWTVerifyGetKey
  /** Claims that must be there beside `exp`. */
  readonly requiredClaims?: readonly string[]
  /** Claims and what they must say: one of these; a claim that is a list must have one of them. */
  readonly claims?: { readonly [claim: string]: string | readonly string[] }
  /** Epoch milliseconds. */
  readonly now: number
}

export type Verified =
  | { readonly kind: 'ok'; readonly claims: JWTPayload & { readonly exp: number } }
  /** For the log: what does not fit, and nothing of what was sent. */
  | { readonly kind: 'refused'; readonly why: string }

/** How far the clocks of others may be off. */
const TOLERANCE_S = 30
const MAX_LENGTH = 12_000

/** Whether it can be a signed JWT at all: three parts, of which the last is not empty. */
export function looksLikeJwt(text: string): boolean {
  return text.length <= MAX_LENGTH && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)
}

/** Who says to have signed it: good for choosing whom to ask, and for nothing else. */
export function issuerIn(text: string): string | undefined {
  try {
    const { iss } = decodeJwt(text)
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return
  }
}

export async function verifyJwt(text: string, expected: Expected): Promise<Verified> {
  const { issuer, audience, algorithms, keys, requiredClaims = [], claims: wanted = {}, now } = expected
  try {
    const { payload } = await jwtVerify(text, keys, {
      issuer,
      audience: [audience].flat(),
      algorithms: [...algorithms],
      requiredClaims: ['exp', ...requiredClaims],
      clockTolerance: TOLERANCE_S,
      currentDate: new Date(now),
    })
    const wrong = Object.keys(wanted).find((claim) => !says(payload[claim], wanted[claim] ?? []))
    if (wrong !== undefined) return { kind: 'refused', why: `the claim ${wrong} is another one` }
    return { kind: 'ok', claims: { ...payload, exp: payload.exp ?? 0 } }
  } catch (error) {
    return { kind: 'refused', why: whyOf(error) }
  }
}

function says(found: unknown, wanted: string | readonly string[]): boolean {
  return [found].flat().some((one) => [wanted].flat().includes(String(one)))
}

/** A key that is none makes what lies below throw whatever it likes. */
function whyOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return `the claim ${error.claim}: ${error.reason}`
  return error instanceof errors.JOSEError ? error.code : String(Object(error).name)
}

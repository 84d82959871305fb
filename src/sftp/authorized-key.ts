/**
 * The public keys that may sign in: Ed25519 (RFC 8709), and RSA of 2048 bits and more (RFC 8332).
 */
import { createHash } from 'node:crypto'
import { CUT_OFF, RIGHT_KEY, readKeyText } from './key-text.ts'
import { stringsIn } from './wire.ts'

export type AuthorizedKey = {
  readonly type: 'ssh-ed25519' | 'ssh-rsa'
  readonly bits: number
  /** As on the wire (RFC 4253 section 6.6): what a client offers. */
  readonly blob: Buffer
  /** `SHA256:…`, as `ssh-keygen -l` shows it. */
  readonly fingerprint: string
  /** As a line of authorized_keys. */
  readonly line: string
}

export type Judged =
  /** @param remark what was done to the text, for whoever sent it; begins with a verb */
  | { readonly kind: 'ok'; readonly key: AuthorizedKey; readonly remark?: string; readonly hasPrivateHalf?: true }
  /** @param reason what it is instead and what would be right; begins with a verb */
  | { readonly kind: 'refused'; readonly reason: string }

/** @param text as it was sent: a line of OpenSSH, RFC 4716, or a file of PuTTY */
export function judgeKey(text: string): Judged {
  const read = readKeyText(text)
  if (read.kind === 'other') return refused(read.reason)
  const { blob, named, comment, remark, hasPrivateHalf } = read
  const [typeBytes, ...parts] = stringsIn(blob) ?? []
  if (typeBytes === undefined) return refused(CUT_OFF)
  const type = typeBytes.toString('latin1')
  if (named !== undefined && named !== type && /^[\w@.-]+$/.test(type)) {
    return refused(`is called ${named} and holds a key of type ${type}: copy it again`)
  }
  const size = sizeOf(type, parts)
  if (typeof size === 'string') return refused(size)
  const key: AuthorizedKey = {
    ...size,
    blob,
    fingerprint: fingerprintOf(blob),
    line: `${type} ${blob.toString('base64')} ${comment}`.trimEnd(),
  }
  return { kind: 'ok', key, ...(remark !== undefined && { remark }), ...(hasPrivateHalf && { hasPrivateHalf }) }
}

/** @param blob a public key as on the wire */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

const FEWEST_BITS = 2048
/** What OpenSSH takes at most: the time to verify grows with the square. */
const MOST_BITS = 16_384
const ED25519_BYTES = 32

/** @returns why not, when the key is none of those that may sign in */
function sizeOf(type: string, parts: readonly Buffer[]): Pick<AuthorizedKey, 'type' | 'bits'> | string {
  switch (type) {
    case 'ssh-ed25519':
      return parts.length === 1 && parts[0]?.length === ED25519_BYTES ? { type, bits: 256 } : DAMAGED
    case 'ssh-rsa': {
      const [exponent, modulus] = parts
      if (parts.length !== 2 || !exponent || !modulus || !isOddNumber(exponent) || !isOddNumber(modulus)) return DAMAGED
      const bits = bitsOf(modulus)
      if (exponent.length > 8 || bitsOf(exponent) < 2) return DAMAGED
      if (bits < FEWEST_BITS) return `is an RSA key of ${bits} bits, which is too short; it should be ${RIGHT_KEY}`
      if (bits > MOST_BITS) return `is an RSA key of ${bits} bits; it should have at most ${MOST_BITS}`
      return { type, bits }
    }
    default:
      return `is ${kindOf(type)}; it should be ${RIGHT_KEY}`
  }
}

const DAMAGED = 'is damaged; it should be the key as it was made: copy it again'

function kindOf(type: string): string {
  if (type.includes('-cert-')) return 'a certificate of OpenSSH, and the key itself is needed'
  if (type.startsWith('sk-')) return 'a key on a security stick, which no nightly job can touch'
  if (type === 'ssh-dss') return 'a DSA key, which is no longer safe'
  if (type.startsWith('ecdsa-')) return 'an ECDSA key, which is not taken here'
  return 'of a type that is not taken here'
}

/** A positive mpint without needless zeros: two ways to write a key would be two keys. */
function isOddNumber(mpint: Buffer): boolean {
  const [first = 0x80, second = 0x80] = mpint
  const isShortest = first !== 0 || second >= 0x80
  return first < 0x80 && isShortest && ((mpint.at(-1) ?? 0) & 1) === 1
}

function bitsOf(mpint: Buffer): number {
  const digits = mpint.subarray(mpint[0] === 0 ? 1 : 0)
  return digits.length * 8 - Math.clz32(digits[0] ?? 0) + 24
}

function refused(reason: string): Judged {
  return { kind: 'refused', reason }
}

/**
 * Self-signed X.509 certificates (RFC 5280) around RSA keys: what SAML metadata wraps a key in. Trust comes from the
 * metadata, so there is a name, a span of time, and nothing else.
 */
import type { KeyObject } from 'node:crypto'
import { createPublicKey, randomBytes, sign } from 'node:crypto'

export type SelfSignedOptions = {
  /** RSA. */
  readonly privateKey: KeyObject
  /** At most 64 characters. */
  readonly commonName: string
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
}

/** Tags of DER (X.690). */
const TAG = {
  integer: 0x02,
  bits: 0x03,
  null: 0x05,
  oid: 0x06,
  text: 0x0c,
  time: 0x18,
  shortTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const

const COMMON_NAME = [0x55, 0x04, 0x03]
const SHA256_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b]

/** @returns DER */
export function selfSigned({ privateKey, commonName, notBefore, notAfter }: SelfSignedOptions): Buffer {
  const algorithm = der(TAG.sequence, der(TAG.oid, SHA256_WITH_RSA), der(TAG.null))
  const name = der(
    TAG.sequence,
    der(TAG.set, der(TAG.sequence, der(TAG.oid, COMMON_NAME), der(TAG.text, Buffer.from(commonName)))),
  )
  const validity = der(TAG.sequence, time(notBefore), time(notAfter))
  const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  const signed = der(TAG.sequence, der(TAG.integer, serial()), algorithm, name, validity, name, key)
  const signature = der(TAG.bits, [0], sign('sha256', signed, privateKey))
  return der(TAG.sequence, signed, algorithm, signature)
}

/** Positive, and never a zero in front (RFC 5280 4.1.2.2). */
function serial(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

/** Years from 2050 on need four digits (RFC 5280 4.1.2.5). */
function time(instant: number): Buffer {
  const text = `${new Date(instant).toISOString().replace(/[-:T]|\.\d+/g, '')}`
  return text < '2050' ? der(TAG.shortTime, Buffer.from(text.slice(2))) : der(TAG.time, Buffer.from(text))
}

function der(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  return Buffer.concat([Buffer.from([tag, ...length(content.length)]), content])
}

function length(bytes: number): readonly number[] {
  if (bytes < 0x80) return [bytes]
  const digits = bytes < 0x100 ? [bytes] : [bytes >> 8, bytes & 0xff]
  return [0x80 | digits.length, ...digits]
}

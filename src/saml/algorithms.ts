/**
 * The algorithms that count: what is not on these lists is refused by name. SHA-1, RSA 1.5 encryption, triple DES and
 * keyed hashes are not.
 */
import { constants } from 'node:crypto'

export type SignatureAlgorithm = {
  readonly hash: 'sha256' | 'sha384' | 'sha512'
  readonly keyType: 'rsa' | 'ec'
  readonly isPss?: boolean
}

/** What this service signs with. */
export const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
export const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

export const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [RSA_SHA256, { hash: 'sha256', keyType: 'rsa' }],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha384', { hash: 'sha384', keyType: 'rsa' }],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', { hash: 'sha512', keyType: 'rsa' }],
  ['http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1', { hash: 'sha256', keyType: 'rsa', isPss: true }],
  ['http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1', { hash: 'sha384', keyType: 'rsa', isPss: true }],
  ['http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1', { hash: 'sha512', keyType: 'rsa', isPss: true }],
  ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256', { hash: 'sha256', keyType: 'ec' }],
  ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384', { hash: 'sha384', keyType: 'ec' }],
  ['http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512', { hash: 'sha512', keyType: 'ec' }],
])

export const DIGESTS: ReadonlyMap<string, SignatureAlgorithm['hash']> = new Map([
  [SHA256, 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#sha384', 'sha384'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
])

export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'

/** What this service wants keys encrypted with. */
export const RSA_OAEP = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'

/** Of keys. The first masks by MGF1 over SHA-1, the second over the hash that it names: no weakness of the hash touches that. */
export const KEY_ENCRYPTIONS: ReadonlySet<string> = new Set([RSA_OAEP, 'http://www.w3.org/2009/xmlenc11#rsa-oaep'])
export const OAEP_DIGESTS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2000/09/xmldsig#sha1',
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
])

export const AUTHENTICATED_ENCRYPTIONS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2009/xmlenc11#aes128-gcm',
  'http://www.w3.org/2009/xmlenc11#aes256-gcm',
])
/** Tells whoever may alter it what is inside, bit by bit; taken only where nobody could alter it. */
export const PLAIN_ENCRYPTIONS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmlenc#aes128-cbc',
  'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
])

/** What `node:crypto` needs to know beside the key. */
export function paddingOf({ keyType, isPss }: SignatureAlgorithm) {
  if (keyType === 'ec') return { dsaEncoding: 'ieee-p1363' } as const
  if (isPss) return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return { padding: constants.RSA_PKCS1_PADDING }
}

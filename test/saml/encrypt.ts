/**
 * Encrypts assertions as identity providers do (XML Encryption 1.0 and 1.1), with `node:crypto` alone.
 */
import type { KeyObject } from 'node:crypto'
import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto'
import { DS, XENC, XENC11 } from './signer.ts'

export type Encrypting = {
  /** Of the service provider. */
  readonly key: KeyObject
  readonly algorithm?: string
  readonly keyAlgorithm?: string
  /** Of OAEP; SHA-1 when absent, and then not named either. */
  readonly digest?: 'sha256' | 'sha512'
  /** Where the encrypted key stands: within the KeyInfo of the data, beside the data, or beside it with a reference to it. */
  readonly keyAt?: 'inside' | 'beside' | 'referred'
  /** Last words on the text of the whole. */
  readonly edit?: (encrypted: string) => string
}

const CIPHERS: Readonly<Record<string, readonly [name: string, keyBytes: number, ivBytes: number]>> = {
  [`${XENC11}aes128-gcm`]: ['aes-128-gcm', 16, 12],
  [`${XENC11}aes256-gcm`]: ['aes-256-gcm', 32, 12],
  [`${XENC}aes128-cbc`]: ['aes-128-cbc', 16, 16],
  [`${XENC}aes256-cbc`]: ['aes-256-cbc', 32, 16],
  [`${XENC}tripledes-cbc`]: ['des-ede3-cbc', 24, 8],
}

/** @returns a `saml:EncryptedAssertion` */
export function encryptedAssertion(plain: string | Buffer, options: Encrypting): string {
  const {
    algorithm = `${XENC11}aes256-gcm`,
    keyAlgorithm = `${XENC}rsa-oaep-mgf1p`,
    keyAt = 'inside',
    edit = (text) => text,
  } = options
  const key = randomBytes(CIPHERS[algorithm]?.[1] ?? 32)
  const data = cipherValue(sealed(plain, key, algorithm))
  const id = `_${randomBytes(8).toString('hex')}`
  const encryptedKey =
    `<xenc:EncryptedKey xmlns:xenc="${XENC}" Id="${id}"><xenc:EncryptionMethod Algorithm="${keyAlgorithm}">${oaepParts(options)}` +
    `</xenc:EncryptionMethod>${cipherValue(wrapped(key, options))}</xenc:EncryptedKey>`
  const retrieval = `<ds:RetrievalMethod Type="${XENC}EncryptedKey" URI="#${id}"/>`
  const keyInfo = { inside: encryptedKey, beside: '', referred: retrieval }[keyAt]
  return edit(
    '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">' +
      `<xenc:EncryptedData xmlns:xenc="${XENC}" Type="${XENC}Element"><xenc:EncryptionMethod Algorithm="${algorithm}"/>` +
      (keyInfo && `<ds:KeyInfo xmlns:ds="${DS}">${keyInfo}</ds:KeyInfo>`) +
      `${data}</xenc:EncryptedData>${keyAt === 'inside' ? '' : encryptedKey}</saml:EncryptedAssertion>`,
  )
}

function oaepParts({ keyAlgorithm, digest }: Encrypting): string {
  if (digest === undefined) return ''
  const method = `<ds:DigestMethod xmlns:ds="${DS}" Algorithm="${XENC}${digest}"/>`
  return keyAlgorithm === `${XENC11}rsa-oaep`
    ? `${method}<xenc11:MGF xmlns:xenc11="${XENC11}" Algorithm="${XENC11}mgf1${digest}"/>`
    : method
}

function wrapped(sessionKey: Buffer, { key, keyAlgorithm, digest }: Encrypting): Buffer {
  const padding = keyAlgorithm?.endsWith('rsa-1_5') ? constants.RSA_PKCS1_PADDING : constants.RSA_PKCS1_OAEP_PADDING
  return publicEncrypt({ key, padding, oaepHash: digest ?? 'sha1' }, sessionKey)
}

function sealed(plain: string | Buffer, key: Buffer, algorithm: string): Buffer {
  const [name, , ivBytes] = CIPHERS[algorithm] ?? CIPHERS[`${XENC11}aes256-gcm`] ?? ['', 0, 0]
  const iv = randomBytes(ivBytes)
  if (!name.endsWith('gcm')) {
    const cipher = createCipheriv(name, key, iv)
    return Buffer.concat([iv, cipher.update(plain), cipher.final()])
  }
  const cipher = createCipheriv(name as 'aes-256-gcm', key, iv)
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function cipherValue(bytes: Buffer): string {
  return `<xenc:CipherData><xenc:CipherValue>${bytes.toString('base64')}</xenc:CipherValue></xenc:CipherData>`
}

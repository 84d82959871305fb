/**
 * Encrypted assertions (Core 6, XML Encryption): one key, carried along, of a kind on our list. Whatever fails behind
 * that point fails with the same words, so that nobody learns of the plaintext by asking often.
 */
import { decrypt } from 'xml-encryption'
import { AUTHENTICATED_ENCRYPTIONS, KEY_ENCRYPTIONS, OAEP_DIGESTS, PLAIN_ENCRYPTIONS } from './algorithms.ts'
import { base64In } from './base64.ts'
import { canonical } from './canonical.ts'
import { NS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, elementsOf, isNamed, sequenceOf, textOf } from './xml.ts'

export type DecryptOptions = {
  /** PEM (PKCS 8), tried in this order. */
  readonly keys: readonly string[]
  /** Whether what is encrypted stands under a signature that holds: without one, only authenticated encryption is taken. */
  readonly isSigned: boolean
}

/**
 * @param encrypted a `saml:EncryptedAssertion`
 * @returns the text of what was encrypted
 * @throws {SamlRefused} `encryption` or `undecryptable`
 */
export function decrypted(encrypted: XmlElement, { keys, isSigned }: DecryptOptions): string {
  const packet = packetOf(encrypted, isSigned)
  if (keys.length === 0) throw new SamlRefused('encryption', 'the assertion is encrypted, and this service has no key for that')
  for (const key of keys) {
    const text = opened(packet, key)
    // Its letters are decoded leniently: a byte that is not UTF-8 shows as this one.
    if (text !== undefined && !text.includes('\ufffd')) return text
  }
  throw new SamlRefused('undecryptable', 'the encrypted assertion cannot be read with the keys of this service: see its metadata')
}

function opened(packet: string, key: string): string | undefined {
  let text: string | undefined
  // What may be decrypted is decided above; it calls back before it returns.
  const options = { key, disallowDecryptionWithInsecureAlgorithm: false, warnInsecureAlgorithm: false }
  decrypt(packet, options, (error, result) => {
    if (!error) text = result
  })
  return text
}

/** The parts that count, and no others, in the one order that a decryptor expects. */
function packetOf(encrypted: XmlElement, isSigned: boolean): string {
  const parts = sequenceOf(encrypted)
  const data = parts.need(NS.xenc, 'EncryptedData')
  const sibling = parts.take(NS.xenc, 'EncryptedKey')
  parts.end()
  const inside = sequenceOf(data)
  const method = inside.need(NS.xenc, 'EncryptionMethod')
  const keyInfo = inside.take(NS.ds, 'KeyInfo')
  const cipher = inside.need(NS.xenc, 'CipherData')
  inside.end()
  checkDataMethod(method, isSigned)
  checkCipher(cipher)
  const key = keyIn([...(keyInfo ? elementsOf(keyInfo) : []), ...(sibling ? [sibling] : [])])
  checkKey(key)
  const wrapped = `<KeyInfo xmlns="${NS.ds}">${canonical(key)}</KeyInfo>`
  return `<EncryptedData xmlns="${NS.xenc}">${canonical(method)}${wrapped}${canonical(cipher)}</EncryptedData>`
}

function keyIn(candidates: readonly XmlElement[]): XmlElement {
  const keys = candidates.filter((one) => isNamed(one, NS.xenc, 'EncryptedKey'))
  const [key, ...more] = keys
  if (key !== undefined && more.length === 0) return key
  throw new SamlRefused('encryption', `the encrypted assertion carries ${keys.length} keys; it should carry one`)
}

function checkDataMethod(method: XmlElement, isSigned: boolean): void {
  const name = attributeOf(method, 'Algorithm') ?? ''
  if (AUTHENTICATED_ENCRYPTIONS.has(name) || (isSigned && PLAIN_ENCRYPTIONS.has(name))) return
  const gcm = 'AES-GCM with 128 or 256 bits'
  const right = PLAIN_ENCRYPTIONS.has(name) ? `${gcm}, or the response around it signed` : gcm
  throw new SamlRefused('encryption', `the assertion is encrypted with ${shown(name)}; it should be ${right}`)
}

function checkKey(key: XmlElement): void {
  const parts = sequenceOf(key)
  const method = parts.need(NS.xenc, 'EncryptionMethod')
  parts.take(NS.ds, 'KeyInfo')
  checkCipher(parts.need(NS.xenc, 'CipherData'))
  parts.take(NS.xenc, 'ReferenceList')
  parts.take(NS.xenc, 'CarriedKeyName')
  parts.end()
  const name = attributeOf(method, 'Algorithm') ?? ''
  const digests = elementsOf(method).filter((one) => isNamed(one, NS.ds, 'DigestMethod'))
  const isKnown = digests.length <= 1 && digests.every((one) => OAEP_DIGESTS.has(attributeOf(one, 'Algorithm') ?? ''))
  if (KEY_ENCRYPTIONS.has(name) && isKnown) return
  throw new SamlRefused(
    'encryption',
    `the key is encrypted with ${shown(name)}; it should be RSA-OAEP with SHA-1, SHA-256 or SHA-512`,
  )
}

/** Neither a reference to elsewhere nor anything beside the value. */
function checkCipher(cipher: XmlElement): void {
  const parts = sequenceOf(cipher)
  const value = parts.need(NS.xenc, 'CipherValue')
  parts.end()
  if (base64In(textOf(value)) === undefined) throw new SamlRefused('encryption', 'a CipherValue is not base64')
}

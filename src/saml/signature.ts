/**
 * Enveloped XML signatures as SAML allows them (Core 5.4): one shape, one reference, to the element around it.
 * Keys come from settings alone; what KeyInfo says of keys is not read.
 */
import type { KeyObject } from 'node:crypto'
import { createHash, verify } from 'node:crypto'
import type { SignatureAlgorithm } from './algorithms.ts'
import { DIGESTS, ENVELOPED, EXCLUSIVE, paddingOf, SIGNATURES } from './algorithms.ts'
import { base64In } from './base64.ts'
import { canonical } from './canonical.ts'
import { NS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, elementsOf, sequenceOf, textOf } from './xml.ts'

/** Each is looked for at every element. */
const MOST_PREFIXES = 32

type Signature = {
  readonly algorithm: SignatureAlgorithm
  readonly value: Buffer
  /** The text that the value signs. */
  readonly signedInfo: string
  readonly hash: SignatureAlgorithm['hash']
  readonly digest: Buffer
  readonly inclusive: readonly string[]
}

/**
 * @param signature the element's own `ds:Signature`
 * @param keys of whoever may have signed it, each with what it belongs to
 * @returns the text that was signed, and whose key it was; only what is read from that text is proven
 * @throws {SamlRefused}
 */
export function signedText<Owner>(
  element: XmlElement,
  signature: XmlElement,
  keys: readonly { readonly key: KeyObject; readonly owner: Owner }[],
): { readonly text: string; readonly owner: Owner } {
  const { algorithm, value, signedInfo, hash, digest, inclusive } = readSignature(signature, element)
  // The cheap half first: without a key nobody makes this server digest much.
  const signer = keys.find(({ key }) => isSignedBy(key, algorithm, signedInfo, value))
  if (signer === undefined)
    throw new SamlRefused(
      'key',
      `the signature of the ${element.local} was made with none of the ${keys.length} certificates known`,
    )
  const text = canonical(element, { omit: signature, inclusive })
  if (!createHash(hash).update(text).digest().equals(digest))
    throw new SamlRefused('signature', `the ${element.local} is not what was signed: its digest differs`)
  return { text, owner: signer.owner }
}

function isSignedBy(key: KeyObject, algorithm: SignatureAlgorithm, signedInfo: string, value: Buffer): boolean {
  if (key.asymmetricKeyType !== algorithm.keyType) return false
  return verify(algorithm.hash, Buffer.from(signedInfo), { key, ...paddingOf(algorithm) }, value)
}

function readSignature(signature: XmlElement, signed: XmlElement): Signature {
  const parts = sequenceOf(signature)
  const info = parts.need(NS.ds, 'SignedInfo')
  const value = parts.need(NS.ds, 'SignatureValue')
  parts.take(NS.ds, 'KeyInfo')
  parts.end()
  const steps = sequenceOf(info)
  const method = steps.need(NS.ds, 'CanonicalizationMethod')
  const algorithm = signatureAlgorithm(steps.need(NS.ds, 'SignatureMethod'))
  const reference = steps.need(NS.ds, 'Reference')
  steps.end()
  return {
    algorithm,
    value: bytesOf(value),
    signedInfo: canonical(info, { inclusive: exclusive(method) }),
    ...readReference(reference, signed),
  }
}

function signatureAlgorithm(method: XmlElement): SignatureAlgorithm {
  const name = attributeOf(method, 'Algorithm')
  const algorithm = SIGNATURES.get(name ?? '')
  if (algorithm === undefined || method.children.length > 0)
    throw new SamlRefused(
      'algorithm',
      `the signature algorithm is ${shown(name)}; it should be RSA or ECDSA with SHA-256 or better`,
    )
  return algorithm
}

function readReference(reference: XmlElement, signed: XmlElement): Pick<Signature, 'hash' | 'digest' | 'inclusive'> {
  const uri = attributeOf(reference, 'URI')
  if (uri !== `#${attributeOf(signed, 'ID')}`)
    throw new SamlRefused('structure', `the signature of the ${signed.local} refers to ${shown(uri)}; it should refer to its ID`)
  const parts = sequenceOf(reference)
  const inclusive = transformsOf(parts.need(NS.ds, 'Transforms'))
  const digestMethod = parts.need(NS.ds, 'DigestMethod')
  const digest = bytesOf(parts.need(NS.ds, 'DigestValue'))
  parts.end()
  const name = attributeOf(digestMethod, 'Algorithm')
  const hash = DIGESTS.get(name ?? '')
  if (hash === undefined || digestMethod.children.length > 0)
    throw new SamlRefused('algorithm', `the digest algorithm is ${shown(name)}; it should be SHA-256 or better`)
  return { hash, digest, inclusive }
}

/** Core 5.4.4: the signature itself is left out, then the rest is canonicalized, and nothing else. */
function transformsOf(transforms: XmlElement): readonly string[] {
  const [enveloped, canonicalized, ...more] = elementsOf(transforms)
  const isRight =
    enveloped !== undefined &&
    canonicalized !== undefined &&
    more.length === 0 &&
    [enveloped, canonicalized].every(({ uri, local }) => uri === NS.ds && local === 'Transform') &&
    attributeOf(enveloped, 'Algorithm') === ENVELOPED &&
    enveloped.children.length === 0
  if (isRight) return exclusive(canonicalized)
  const found = elementsOf(transforms).map((transform) => shown(attributeOf(transform, 'Algorithm')))
  const right = 'enveloped-signature, then exclusive canonicalization'
  throw new SamlRefused(
    'algorithm',
    `the transforms of a signature are ${found.slice(0, 5).join(', ') || 'none'}; they should be ${right}`,
  )
}

/** @returns the prefixes of its InclusiveNamespaces */
function exclusive(method: XmlElement): readonly string[] {
  const name = attributeOf(method, 'Algorithm')
  if (name !== EXCLUSIVE)
    throw new SamlRefused('algorithm', `the canonicalization is ${shown(name)}; it should be exclusive, without comments`)
  const parts = sequenceOf(method)
  const prefixes = parts.take(NS.ec, 'InclusiveNamespaces')
  parts.end()
  const list = (prefixes && attributeOf(prefixes, 'PrefixList'))?.split(/[ \t\r\n]+/).filter(Boolean) ?? []
  if (list.length <= MOST_PREFIXES) return list
  throw new SamlRefused('structure', `a signature names ${list.length} inclusive namespaces; it may name ${MOST_PREFIXES}`)
}

function bytesOf(element: XmlElement): Buffer {
  const bytes = base64In(textOf(element))
  if (bytes !== undefined && bytes.length > 0) return bytes
  throw new SamlRefused('structure', `${element.name} is not base64`)
}

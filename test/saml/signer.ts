/**
 * An identity provider's pen: signs and encrypts as one does, with other libraries than the code under test
 * (`@xmldom/xmldom`, the canonicalization of `xml-crypto`, `node:crypto`).
 */
import type { KeyObject, SignKeyObjectInput } from 'node:crypto'
import { constants, createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { ExclusiveCanonicalization } from 'xml-crypto'
import { DAY_MS } from '../../src/days.ts'
import { selfSigned } from '../../src/saml/self-signed.ts'
import type { DomNode } from './dom.js'
import { parseDom } from './dom.js'

export type TestIdp = {
  readonly entityId: string
  readonly privateKey: KeyObject
  /** Bare base64. */
  readonly certificate: string
}

export function testIdp(entityId: string, modulusLength = 2048): TestIdp {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength })
  const span = { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS }
  return { entityId, privateKey, certificate: selfSigned({ privateKey, commonName: 'test', ...span }).toString('base64') }
}

export const DS = 'http://www.w3.org/2000/09/xmldsig#'
export const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'
export const XENC = 'http://www.w3.org/2001/04/xmlenc#'
export const XENC11 = 'http://www.w3.org/2009/xmlenc11#'
export const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'

const HASHES: Readonly<Record<string, string>> = {
  [`${DS}rsa-sha1`]: 'sha1',
  [`${DS}sha1`]: 'sha1',
  [`${MORE}rsa-md5`]: 'md5',
  [`${MORE}md5`]: 'md5',
  [`${MORE}rsa-sha384`]: 'sha384',
  [`${MORE}sha384`]: 'sha384',
  [`${MORE}rsa-sha512`]: 'sha512',
  [`${XENC}sha512`]: 'sha512',
  [`${MORE}ecdsa-sha384`]: 'sha384',
}

export type Signing = {
  readonly key: KeyObject
  /** `ds:` or ''. */
  readonly prefix?: string
  readonly algorithm?: string
  readonly digestAlgorithm?: string
  /** Algorithm, and the prefixes of its InclusiveNamespaces. */
  readonly transforms?: readonly (readonly [algorithm: string, inclusive?: string])[]
  readonly canonicalization?: string
  readonly uri?: string
  readonly keyInfo?: string
  /** Signs with HMAC under these bytes instead. */
  readonly hmac?: string
  /** Last words on the text of the signature, before it is signed. */
  readonly edit?: (signature: string) => string
}

const TRANSFORMS = [[`${DS}enveloped-signature`], [EXC_C14N]] as const

/** Signs the element with this ID where it stands; its signature comes behind its Issuer, else first. */
export function signed(xml: string, id: string, signing: Signing): string {
  const { key, prefix = 'ds:', transforms = TRANSFORMS, keyInfo = '', edit = (text) => text } = signing
  const { algorithm = `${MORE}rsa-sha256`, digestAlgorithm = `${XENC}sha256`, canonicalization = EXC_C14N } = signing
  const inclusive = transforms.at(-1)?.[1] ?? ''
  const digest = createHash(hashOf(digestAlgorithm))
    .update(canonicalText(xml, id, inclusive))
    .digest('base64')
  const tag = (name: string, inner: string, attributes = '') => `<${prefix}${name}${attributes}>${inner}</${prefix}${name}>`
  const steps = transforms.map(([name, prefixes]) => tag('Transform', inclusiveOf(prefixes), ` Algorithm="${name}"`))
  const reference = tag(
    'Reference',
    tag('Transforms', steps.join('')) + tag('DigestMethod', '', ` Algorithm="${digestAlgorithm}"`) + tag('DigestValue', digest),
    ` URI="${signing.uri ?? `#${id}`}"`,
  )
  const methods =
    tag('CanonicalizationMethod', '', ` Algorithm="${canonicalization}"`) +
    tag('SignatureMethod', '', ` Algorithm="${algorithm}"`)
  const marker = `value-of-${id}`
  const declared = ` xmlns${prefix === '' ? '' : `:${prefix.slice(0, -1)}`}="${DS}"`
  const inner = tag('SignedInfo', methods + reference) + tag('SignatureValue', marker) + keyInfo
  const whole = insertedSignature(xml, id, edit(tag('Signature', inner, declared)))
  const info = Buffer.from(canonicalSignedInfo(whole, marker))
  const value = signing.hmac
    ? createHmac('sha256', signing.hmac).update(info).digest()
    : sign(hashOf(algorithm), info, keyFor(key, algorithm))
  return whole.replace(marker, value.toString('base64'))
}

function hashOf(algorithm: string): string {
  return HASHES[algorithm] ?? 'sha256'
}

function keyFor(key: KeyObject, algorithm: string): SignKeyObjectInput {
  if (algorithm.includes('ecdsa')) return { key, dsaEncoding: 'ieee-p1363' }
  return algorithm.endsWith('MGF1') ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : { key }
}

function inclusiveOf(prefixes: string | undefined): string {
  return prefixes === undefined ? '' : `<ec:InclusiveNamespaces xmlns:ec="${EXC_C14N}" PrefixList="${prefixes}"/>`
}

function insertedSignature(xml: string, id: string, signature: string): string {
  const start = xml.lastIndexOf('<', xml.indexOf(`ID="${id}"`))
  const opened = xml.indexOf('>', start) + 1
  const issuer = /^\s*<(\w+:)?Issuer[^>]*>[^<]*<\/(\w+:)?Issuer>/.exec(xml.slice(opened))
  const at = opened + (issuer?.[0].length ?? 0)
  return xml.slice(0, at) + signature + xml.slice(at)
}

/** Exclusive canonicalization of the element with this ID. */
function canonicalText(xml: string, id: string, inclusive = ''): string {
  return canonicalOf(
    find(xml, (element) => element.getAttribute('ID') === id),
    inclusive,
  )
}

export function canonicalRoot(xml: string, inclusive = ''): string {
  return canonicalOf(
    find(xml, () => true),
    inclusive,
  )
}

function canonicalSignedInfo(xml: string, marker: string): string {
  const value = find(xml, (element) => element.localName === 'SignatureValue' && element.textContent === marker)
  const info = Array.from(value.parentNode?.childNodes ?? []).find(({ localName }) => localName === 'SignedInfo')
  if (!info) throw new Error('the builder made no SignedInfo')
  return canonicalOf(info)
}

function find(xml: string, isIt: (element: DomNode) => boolean): DomNode {
  const found = Array.from(parseDom(xml).getElementsByTagName('*')).find(isIt)
  if (!found) throw new Error('the builder made no such element')
  return found
}

function canonicalOf(element: DomNode, inclusive = ''): string {
  const ancestorNamespaces: { prefix: string; namespaceURI: string }[] = []
  for (let node: DomNode | null = element; node; node = node.parentNode)
    for (const { prefix, localName, value } of Array.from(node.attributes ?? []))
      if (prefix === 'xmlns' && localName !== null && !ancestorNamespaces.some((one) => one.prefix === localName))
        ancestorNamespaces.push({ prefix: localName, namespaceURI: value })
  const inclusiveNamespacesPrefixList = inclusive.split(' ').filter(Boolean)
  return String(new ExclusiveCanonicalization().process(element, { ancestorNamespaces, inclusiveNamespacesPrefixList }))
}

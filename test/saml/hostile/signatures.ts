/**
 * No signature, the wrong one, or one that proves less than it seems to.
 */
import { createPublicKey } from 'node:crypto'
import type { Hostile, Lab } from '../lab.ts'
import { cut, EVIL, edited, field, honest, signedBy } from '../lab.ts'
import { responseXml } from '../response.ts'
import type { Signing } from '../signer.ts'
import { DS, EXC_C14N, MORE } from '../signer.ts'

const C14N = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
const ENVELOPED = `${DS}enveloped-signature`

function signing(name: string, options: Partial<Signing> | ((lab: Lab) => Partial<Signing>), code: Hostile['code']): Hostile {
  return {
    name,
    make: (lab) => field(signedBy(lab, {}, {}, 'assertion', typeof options === 'function' ? options(lab) : options)),
    code,
  }
}

function after(name: string, change: (xml: string, lab: Lab) => string, code: Hostile['code']): Hostile {
  return { name, make: (lab) => field(change(honest(lab), lab)), code }
}

/** Signed, and the text of the signature was changed before: the value is right for what it says. */
function signedWith(name: string, from: string | RegExp, to: string, code: Hostile['code']): Hostile {
  return signing(name, { edit: (text) => edited(text, from, to) }, code)
}

const REFERENCE = /<ds:Reference .*<\/ds:Reference>/

export const SIGNATURES: readonly Hostile[] = [
  { name: 'no signature', make: ({ scene }) => field(responseXml(scene)), code: 'unsigned' },
  after('a signature taken away', (xml) => cut(xml, 'ds:Signature')[0] + cut(xml, 'ds:Signature')[2], 'unsigned'),
  after('a signature without a value', (xml) => xml.replace(/(<ds:SignatureValue>)[^<]*/, '$1'), 'structure'),
  after(
    'a signature of zeros',
    (xml) => xml.replace(/(<ds:SignatureValue>)[^<]*/, `$1${Buffer.alloc(256).toString('base64')}`),
    'key',
  ),
  after(
    'a signature with one bit changed',
    (xml) => xml.replace(/(<ds:SignatureValue>)(.)/, (_, tag, first) => tag + (first === 'A' ? 'B' : 'A')),
    'key',
  ),
  after('a signature that is not base64', (xml) => xml.replace(/(<ds:SignatureValue>)/, '$1!'), 'structure'),
  after('an empty signature', (xml) => edited(xml, cut(xml, 'ds:Signature')[1], `<ds:Signature xmlns:ds="${DS}"/>`), 'xml'),
  after('a signature without SignedInfo', (xml) => edited(xml, /<ds:SignedInfo>.*<\/ds:SignedInfo>/, ''), 'xml'),
  after('a signature of another namespace', (xml) => edited(xml, `xmlns:ds="${DS}"`, 'xmlns:ds="urn:x"'), 'structure'),
  ...[
    ['name', '>ada<', `>${EVIL}<`],
    ['address', '>ada@uni.example<', `>${EVIL}<`],
    ['affiliation', '>student<', '>faculty<'],
    ['NotOnOrAfter', /NotOnOrAfter="20/, 'NotOnOrAfter="21'],
    ['audience', '<saml:Audience>', '<saml:Audience>https://other.example</saml:Audience><saml:Audience>'],
    [
      'answered request',
      /(<saml:SubjectConfirmationData .*)InResponseTo="[^"]*"/,
      '<saml:SubjectConfirmationData InResponseTo="_asked"',
    ],
    ['namespace of an element', '<saml:AttributeValue>ada<', '<saml:AttributeValue xmlns:saml="urn:x">ada<'],
    ['order of attributes', /(<saml:Attribute .*?<\/saml:Attribute>)(?=<saml:Attribute)/, ''],
  ].map(([what, from, to]) =>
    after(`another ${what} than was signed`, (xml) => edited(xml, from ?? '', String(to)), 'signature'),
  ),
  after(
    'an attribute added to what was signed',
    (xml) => edited(xml, '<saml:Subject>', '<saml:Subject role="admin">'),
    'signature',
  ),
  after(
    'an element added to what was signed',
    (xml) => edited(xml, '</saml:AttributeStatement>', '<saml:Attribute Name="role"/></saml:AttributeStatement>'),
    'signature',
  ),
  after('a space added to a value that was signed', (xml) => edited(xml, '>ada@uni', '> ada@uni'), 'signature'),

  signing('the key of a stranger', ({ stranger }) => ({ key: stranger.privateKey }), 'key'),
  signing(
    'the key of a stranger, its certificate in KeyInfo',
    ({ stranger }) => ({
      key: stranger.privateKey,
      keyInfo: `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${stranger.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    }),
    'key',
  ),
  signing(
    'the key of a stranger, itself in KeyInfo',
    ({ stranger }) => ({ key: stranger.privateKey, keyInfo: keyValue(stranger.privateKey) }),
    'key',
  ),
  signing(
    'the key of a stranger, the right certificate in KeyInfo',
    ({ stranger, scene }) => ({
      key: stranger.privateKey,
      keyInfo: `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${scene.idp.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    }),
    'key',
  ),
  signing('the key of another identity provider of the institution', ({ neighbour }) => ({ key: neighbour.privateKey }), 'key'),
  signing(
    'a reference to a key elsewhere',
    ({ stranger }) => ({
      key: stranger.privateKey,
      keyInfo: '<ds:KeyInfo><ds:RetrievalMethod URI="https://evil.example/key"/></ds:KeyInfo>',
    }),
    'key',
  ),
  signing(
    'HMAC under the certificate as text',
    ({ scene }) => ({ algorithm: `${MORE}hmac-sha256`, hmac: scene.idp.certificate }),
    'algorithm',
  ),
  signing(
    'HMAC under the certificate in PEM',
    ({ scene }) => ({
      algorithm: `${MORE}hmac-sha256`,
      hmac: `-----BEGIN CERTIFICATE-----\n${scene.idp.certificate}\n-----END CERTIFICATE-----\n`,
    }),
    'algorithm',
  ),
  signing('HMAC-SHA1 under an empty key', { algorithm: `${DS}hmac-sha1`, hmac: ' ' }, 'algorithm'),
  signing('HMAC that calls itself RSA', ({ scene }) => ({ hmac: scene.idp.certificate }), 'key'),

  signing('RSA with SHA-1', { algorithm: `${DS}rsa-sha1` }, 'algorithm'),
  signing('RSA with MD5', { algorithm: `${MORE}rsa-md5` }, 'algorithm'),
  signing('DSA', { algorithm: `${DS}dsa-sha1` }, 'algorithm'),
  signing('no algorithm', { algorithm: '' }, 'algorithm'),
  signing('an algorithm nobody knows', { algorithm: 'urn:x' }, 'algorithm'),
  signing('the algorithm in capitals', { algorithm: `${MORE}rsa-sha256`.toUpperCase() }, 'algorithm'),
  signing('a digest with SHA-1', { digestAlgorithm: `${DS}sha1` }, 'algorithm'),
  signing('a digest with MD5', { digestAlgorithm: `${MORE}md5` }, 'algorithm'),
  signing('a digest nobody knows', { digestAlgorithm: 'urn:x' }, 'algorithm'),
  signedWith(
    'a shortened HMAC',
    '</ds:SignatureMethod>',
    '<ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
    'algorithm',
  ),
  signedWith('no method of signing', /<ds:SignatureMethod.*<\/ds:SignatureMethod>/, '', 'xml'),
  signedWith(
    'two methods of signing',
    '</ds:SignatureMethod>',
    `</ds:SignatureMethod><ds:SignatureMethod Algorithm="${MORE}rsa-sha256"></ds:SignatureMethod>`,
    'xml',
  ),
  signedWith('no canonicalization', /<ds:CanonicalizationMethod.*<\/ds:CanonicalizationMethod>/, '', 'xml'),

  signing('inclusive canonicalization', { canonicalization: C14N }, 'algorithm'),
  signing('canonicalization with comments', { canonicalization: `${EXC_C14N}WithComments` }, 'algorithm'),
  signing('canonicalization nobody knows', { canonicalization: 'urn:x' }, 'algorithm'),
  ...(
    [
      ['none', []],
      ['only one that leaves the signature out', [[ENVELOPED]]],
      ['only canonicalization', [[EXC_C14N]]],
      ['in the other order', [[EXC_C14N], [ENVELOPED]]],
      ['inclusive canonicalization', [[ENVELOPED], [C14N]]],
      ['canonicalization with comments', [[ENVELOPED], [`${EXC_C14N}WithComments`]]],
      ['XSLT', [[ENVELOPED], ['http://www.w3.org/TR/1999/REC-xslt-19991116'], [EXC_C14N]]],
      ['XPath', [[ENVELOPED], ['http://www.w3.org/TR/1999/REC-xpath-19991116'], [EXC_C14N]]],
      ['XPath filters', [['http://www.w3.org/2002/06/xmldsig-filter2'], [EXC_C14N]]],
      ['base64', [[`${DS}base64`], [EXC_C14N]]],
      ['two that leave the signature out', [[ENVELOPED], [ENVELOPED], [EXC_C14N]]],
      ['a hundred', Array.from({ length: 100 }, () => [EXC_C14N])],
    ] as const
  ).map(([what, transforms]) =>
    signing(`transforms: ${what}`, { transforms: transforms as Signing['transforms'] & object }, ['algorithm', 'xml']),
  ),
  signing(
    'a thousand inclusive namespaces',
    { transforms: [[ENVELOPED], [EXC_C14N, Array.from({ length: 1000 }, (_, index) => `n${index}`).join(' ')]] },
    'structure',
  ),

  signing('a reference to the whole document', { uri: '' }, 'structure'),
  signing('a reference to another ID', { uri: '#other' }, 'structure'),
  signing('a reference outside', { uri: 'https://evil.example/assertion.xml' }, 'structure'),
  signing('a reference to a file', { uri: 'file:///etc/passwd' }, 'structure'),
  signing('a reference by XPointer', { uri: "#xpointer(id('a'))" }, 'structure'),
  signedWith('no reference', REFERENCE, '', 'xml'),
  {
    name: 'two references',
    make: (lab) =>
      field(
        signedBy(lab, {}, {}, 'assertion', {
          edit: (text) => edited(text, REFERENCE, `${REFERENCE.exec(text)?.[0]}${REFERENCE.exec(text)?.[0]}`),
        }),
      ),
    code: 'xml',
  },
  signedWith('a reference without a URI', / URI="[^"]*"/, '', 'structure'),
  signedWith('no digest', /<ds:DigestValue>.*<\/ds:DigestValue>/, '', 'xml'),
  signedWith('an empty digest', /<ds:DigestValue>.*<\/ds:DigestValue>/, '<ds:DigestValue></ds:DigestValue>', 'structure'),
  signedWith(
    'a digest of something else',
    /<ds:DigestValue>.*<\/ds:DigestValue>/,
    `<ds:DigestValue>${Buffer.alloc(32).toString('base64')}</ds:DigestValue>`,
    'signature',
  ),
  {
    name: 'two digests',
    make: (lab) =>
      field(
        edited(
          honest(lab),
          /(<ds:DigestValue>[^<]*<\/ds:DigestValue>)/,
          `<ds:DigestValue>${Buffer.alloc(32).toString('base64')}</ds:DigestValue><ds:DigestValue>AAAA</ds:DigestValue>`,
        ),
      ),
    code: 'xml',
  },
  { name: 'two SignedInfos, the true one behind', make: (lab) => field(twoInfos(honest(lab), false)), code: 'xml' },
  { name: 'two SignedInfos, the true one in front', make: (lab) => field(twoInfos(honest(lab), true)), code: 'xml' },
  {
    name: 'a SignedInfo within the KeyInfo',
    make: (lab) => field(edited(honest(lab), '</ds:Signature>', '<ds:KeyInfo/><ds:SignedInfo/></ds:Signature>')),
    code: 'xml',
  },
  signedWith('an object in the signature', '</ds:Signature>', '<ds:Object>x</ds:Object></ds:Signature>', 'xml'),
  after(
    'a comment in the digest, as in CVE-2025-29775',
    (xml) => edited(xml, '<ds:DigestValue>', '<ds:DigestValue><!--AAAA-->'),
    'xml',
  ),
  after('text in the signature', (xml) => edited(xml, '<ds:SignedInfo>', 'x<ds:SignedInfo>'), 'xml'),
]

function twoInfos(xml: string, isTrueFirst: boolean): string {
  const info = /<ds:SignedInfo>.*<\/ds:SignedInfo>/.exec(xml)?.[0] ?? ''
  const forged = info.replace(/(<ds:DigestValue>)[^<]*/, `$1${Buffer.alloc(32).toString('base64')}`)
  return edited(xml, info, isTrueFirst ? info + forged : forged + info)
}

function keyValue(key: Parameters<typeof createPublicKey>[0] & object): string {
  const { n = '', e = '' } = createPublicKey(key as never).export({ format: 'jwk' }) as { n?: string; e?: string }
  const base64 = (text: string) => Buffer.from(text, 'base64url').toString('base64')
  return `<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${base64(n)}</ds:Modulus><ds:Exponent>${base64(e)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`
}

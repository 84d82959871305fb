/**
 * Anybody can encrypt for a service provider: what is encrypted proves nothing, and how it is answered may tell too much.
 */
import { generateKeyPairSync } from 'node:crypto'
import type { Encrypting } from '../encrypt.ts'
import { encryptedAssertion } from '../encrypt.ts'
import type { Hostile, Lab } from '../lab.ts'
import { cut, edited, evilAssertion, field, honest } from '../lab.ts'
import type { Signed } from '../response.ts'
import { assertionXml, responseXml, signedResponse } from '../response.ts'
import { DS, signed, XENC, XENC11 } from '../signer.ts'

/** The honest assertion, signed, then encrypted as told. */
function encrypted(
  name: string,
  options: Partial<Encrypting> | ((lab: Lab) => Partial<Encrypting>),
  code: Hostile['code'],
): Hostile {
  return {
    name,
    make: (lab) => {
      const [before, assertion, behind] = cut(honest(lab), 'saml:Assertion')
      const how = typeof options === 'function' ? options(lab) : options
      return field(before + encryptedAssertion(assertion, { key: lab.spKey, ...how }) + behind)
    },
    code,
  }
}

/** Something else in place of the assertion, encrypted well; the response is signed when told so. */
function inside(name: string, make: (lab: Lab) => string | Buffer, code: Hostile['code'], what?: Signed): Hostile {
  return {
    name,
    make: (lab) => {
      const xml = responseXml(lab.scene, { assertion: encryptedAssertion(make(lab), { key: lab.spKey }) })
      return field(what === 'response' ? signedResponse(lab.scene, xml, 'response') : xml)
    },
    code,
  }
}

const own = (lab: Lab): string => cut(honest(lab), 'saml:Assertion')[1]

export const ENCRYPTION: readonly Hostile[] = [
  encrypted('encrypted for another service', ({ otherKey }) => ({ key: otherKey }), 'undecryptable'),
  encrypted(
    'a cipher text with one bit changed',
    {
      edit: (text) =>
        text.replace(
          /(<xenc:CipherData><xenc:CipherValue>.{40})(.)/,
          (_, before, letter) => before + (letter === 'A' ? 'B' : 'A'),
        ),
    },
    'undecryptable',
  ),
  encrypted(
    'a cipher text cut short',
    {
      edit: (text) =>
        text.replace(/(<xenc:EncryptionMethod Algorithm="[^"]*"\/>.*?<xenc:CipherData><xenc:CipherValue>)[^<]*/, '$1AAAA'),
    },
    'undecryptable',
  ),
  encrypted(
    'an encrypted key with one bit changed',
    {
      edit: (text) =>
        text.replace(
          /(<\/xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>.{40})(.)/,
          (_, before, letter) => before + (letter === 'A' ? 'B' : 'A'),
        ),
    },
    'undecryptable',
  ),
  encrypted(
    'an encrypted key of three bytes',
    { edit: (text) => text.replace(/(<\/xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>)[^<]*/, '$1AAAA') },
    'undecryptable',
  ),
  encrypted('triple DES', { algorithm: `${XENC}tripledes-cbc` }, 'encryption'),
  encrypted('AES-CBC without a signature around it', { algorithm: `${XENC}aes256-cbc` }, 'encryption'),
  encrypted('a cipher nobody knows', { edit: (text) => edited(text, `${XENC11}aes256-gcm`, 'urn:x') }, 'encryption'),
  encrypted('a key under RSA 1.5', { keyAlgorithm: `${XENC}rsa-1_5` }, 'encryption'),
  encrypted(
    'a key under a cipher nobody knows',
    { edit: (text) => edited(text, `${XENC}rsa-oaep-mgf1p`, 'urn:x') },
    'encryption',
  ),
  encrypted(
    'a key under OAEP with MD5',
    {
      edit: (text) =>
        edited(
          text,
          '</xenc:EncryptionMethod>',
          `<ds:DigestMethod xmlns:ds="${DS}" Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/></xenc:EncryptionMethod>`,
        ),
    },
    'encryption',
  ),
  encrypted('no key', { edit: (text) => edited(text, /<ds:KeyInfo.*<\/ds:KeyInfo>/, '') }, 'encryption'),
  encrypted(
    'two keys',
    {
      edit: (text) =>
        edited(
          text,
          '</ds:KeyInfo>',
          `${/<xenc:EncryptedKey.*<\/xenc:EncryptedKey>/.exec(text)?.[0].replace(/ Id="[^"]*"/, '')}</ds:KeyInfo>`,
        ),
    },
    'encryption',
  ),
  encrypted(
    'a key elsewhere',
    {
      edit: (text) =>
        edited(text, /<xenc:EncryptedKey.*<\/xenc:EncryptedKey>/, '<ds:RetrievalMethod URI="https://evil.example/key"/>'),
    },
    'encryption',
  ),
  encrypted(
    'a cipher text elsewhere',
    {
      edit: (text) =>
        edited(
          text,
          /<\/ds:KeyInfo><xenc:CipherData>.*<\/xenc:CipherData>/,
          '</ds:KeyInfo><xenc:CipherData><xenc:CipherReference URI="https://evil.example/x"/></xenc:CipherData>',
        ),
    },
    'xml',
  ),
  encrypted(
    'a cipher text that is not base64',
    {
      edit: (text) =>
        edited(text, '</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>', '</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>!'),
    },
    'encryption',
  ),
  encrypted(
    'an empty cipher text',
    { edit: (text) => text.replace(/(<\/ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)[^<]*/, '$1') },
    ['encryption', 'undecryptable'],
  ),
  encrypted('no data', { edit: (text) => edited(text, /<xenc:EncryptedData.*<\/xenc:EncryptedData>/, '') }, 'xml'),
  encrypted(
    'data twice',
    { edit: (text) => edited(text, '</saml:EncryptedAssertion>', '<xenc:EncryptedData/></saml:EncryptedAssertion>') },
    'xml',
  ),
  encrypted('assertions encrypted twice over', { edit: (text) => text + text.replaceAll(/ Id="[^"]*"/g, '') }, 'xml'),

  inside('a false assertion that nobody signed', (lab) => evilAssertion(lab), 'unsigned'),
  inside(
    'a false assertion, signed by a stranger',
    (lab) => cut(signedResponse({ ...lab.scene, idp: lab.stranger }, responseXml(lab.scene)), 'saml:Assertion')[1],
    'key',
  ),
  inside(
    'a false assertion around the true one',
    (lab) => edited(evilAssertion(lab), '</saml:Assertion>', `${own(lab)}</saml:Assertion>`),
    'structure',
  ),
  inside('the true assertion, then a false one', (lab) => own(lab) + evilAssertion(lab), 'xml'),
  inside('a false assertion, then the true one', (lab) => evilAssertion(lab) + own(lab), 'xml'),
  inside('a whole response', (lab) => honest(lab), 'structure'),
  inside('a name alone', () => '<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">ada</saml:NameID>', 'structure'),
  inside('an encrypted assertion again', (lab) => encryptedAssertion(own(lab), { key: lab.spKey }), 'structure'),
  inside('text', () => 'ada', 'xml'),
  inside('nothing within', () => '', ['xml', 'undecryptable']),
  inside('letters that are not UTF-8', (lab) => Buffer.concat([Buffer.from(own(lab)), Buffer.from([0xff])]), 'undecryptable'),
  inside('a comment in the name', (lab) => edited(own(lab), '>ada<', '>ada<!---->.evil<'), 'xml'),
  inside('a DOCTYPE within', (lab) => `<!DOCTYPE x [<!ENTITY e "x">]>${own(lab)}`, 'xml'),
  inside('40,000 elements within, one in the other', () => '<a>'.repeat(40_000), 'xml'),
  inside('one ID twice', (lab) => edited(own(lab), '<saml:Subject>', '<saml:Subject Id="twice"><x Id="twice"/>'), [
    'structure',
    'xml',
  ]),
  {
    name: 'the ID of the response at the assertion within',
    make: (lab) => {
      const inner = signed(assertionXml(lab.scene, { id: '_same' }), '_same', { key: lab.scene.idp.privateKey })
      return field(responseXml(lab.scene, { id: '_same', assertion: encryptedAssertion(inner, { key: lab.spKey }) }))
    },
    code: 'structure',
  },
  {
    name: 'a response that was signed, and another encrypted assertion in it',
    make: (lab) => {
      const xml = signedResponse(
        lab.scene,
        responseXml(lab.scene, { assertion: encryptedAssertion(assertionXml(lab.scene), { key: lab.spKey }) }),
        'response',
      )
      const [before, , behind] = cut(xml, 'saml:EncryptedAssertion')
      return field(before + encryptedAssertion(evilAssertion(lab), { key: lab.spKey }) + behind)
    },
    code: 'signature',
  },
  {
    name: 'AES-CBC within a response that a stranger signed',
    make: (lab) => {
      const inner = encryptedAssertion(assertionXml(lab.scene), { key: lab.spKey, algorithm: `${XENC}aes256-cbc` })
      return field(signedResponse({ ...lab.scene, idp: lab.stranger }, responseXml(lab.scene, { assertion: inner }), 'response'))
    },
    code: 'key',
  },
  {
    name: 'encrypted with a key that a stranger made up, under 512 bits',
    make: (lab) => encrypted('', () => ({ key: generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey }), '').make(lab),
    code: 'undecryptable',
  },
]

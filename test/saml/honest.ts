/**
 * What identity providers send, each in its own hand. Every one of these must be believed.
 */
import type { Hand } from './hand.ts'
import { PERSON } from './hand.ts'
import { DS, EXC_C14N, MORE, XENC, XENC11 } from './signer.ts'

const DEFAULT_DS = { prefix: '' } as const
const OKTA_TRANSFORMS = [[`${DS}enveloped-signature`], [EXC_C14N, 'xs']] as const
const NAME_ID = 'urn:oasis:names:tc:SAML:1.1:nameid-format:'
const email = `<$NameID Format="${NAME_ID}emailAddress">${PERSON.mail}</$NameID>`
const persistent =
  '<$NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="https://idp.uni.example/idp" SPNameQualifier="https://roll.example">X7H2</$NameID>'
const KEY_INFO = `<KeyInfo><X509Data><X509Certificate>MIIB</X509Certificate></X509Data></KeyInfo>`
const KEY_NAME = '<ds:KeyInfo><ds:KeyName>FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE</ds:KeyName></ds:KeyInfo>'
const TARGETED =
  '<$Attribute Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><$AttributeValue>' +
  '<$NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">X7H2</$NameID></$AttributeValue></$Attribute>'
const ticks = (instant: string) => instant.replace(/\.\d+Z$/, '.1234567Z')
const seconds = (instant: string) => instant.replace(/\.\d+Z$/, 'Z')

const shibboleth: Hand = { protocol: 'saml2p:', assertion: 'saml2:', names: 'oid', signs: 'response' }
const okta: Hand = {
  protocol: 'saml2p:',
  assertion: 'saml2:',
  names: 'camel',
  format: 'unspecified',
  type: { name: 'xs:string', at: 'attribute' },
  nameId: email,
  signs: 'both',
  signing: { transforms: OKTA_TRANSFORMS },
}
const entra: Hand = {
  protocol: 'samlp:',
  assertion: '',
  names: 'claims',
  format: 'none',
  nameId: persistent,
  signs: 'assertion',
  signing: DEFAULT_DS,
}
const simple: Hand = {
  protocol: 'samlp:',
  assertion: 'saml:',
  declares: 'response',
  names: 'short',
  format: 'basic',
  type: { name: 'xs:string', at: 'assertion' },
  instant: seconds,
  signs: 'both',
}
const keycloak: Hand = {
  protocol: 'samlp:',
  assertion: 'saml:',
  declares: 'response',
  names: 'camel',
  format: 'basic',
  type: { name: 'xs:string', at: 'value' },
  signs: 'response',
  signing: { prefix: 'dsig:', keyInfo: KEY_NAME.replaceAll('ds:', 'dsig:') },
}
const CBC = { algorithm: `${XENC}aes128-cbc` } as const

export const HONEST: Readonly<Record<string, Hand>> = {
  'Shibboleth: response signed': { ...shibboleth, nameId: persistent },
  'Shibboleth: response signed, assertion encrypted (AES-128-GCM)': {
    ...shibboleth,
    encrypts: { algorithm: `${XENC11}aes128-gcm` },
  },
  'Shibboleth: response signed, assertion encrypted (AES-CBC), as before version 4': { ...shibboleth, encrypts: CBC },
  'Shibboleth: assertion signed and encrypted': { ...shibboleth, signs: 'assertion', encrypts: {} },
  'Shibboleth: both signed, assertion encrypted, key beside it': {
    ...shibboleth,
    signs: 'both',
    encrypts: { keyAt: 'referred' },
  },
  'Shibboleth on newer Java: carriage returns within the signature': {
    ...shibboleth,
    finish: (xml) => xml.replace(/(SignatureValue>)([^<]+)/, (_, tag, value) => tag + value.replaceAll(/.{76}/g, '$&&#13;\n')),
  },
  'Shibboleth: a targeted ID, which holds a NameID': { ...shibboleth, more: TARGETED },
  'Shibboleth: values typed, types in InclusiveNamespaces': {
    ...shibboleth,
    type: { name: 'xs:string', at: 'assertion' },
    signing: { transforms: OKTA_TRANSFORMS },
  },
  'Shibboleth: key for RSA-OAEP of XML Encryption 1.1 with SHA-256': {
    ...shibboleth,
    encrypts: { keyAlgorithm: `${XENC11}rsa-oaep`, digest: 'sha256' },
  },
  'Entra: assertion signed': entra,
  'Entra: response and assertion signed': { ...entra, signs: 'both' },
  'Entra: response signed': { ...entra, signs: 'response' },
  'Entra: 150 groups': { ...entra, groups: 150 },
  'Entra: assertion encrypted': { ...entra, encrypts: { algorithm: `${XENC11}aes256-gcm` } },
  'AD FS: assertion signed, ticks of 100 ns': { ...entra, instant: ticks, signing: { ...DEFAULT_DS, keyInfo: KEY_INFO } },
  'AD FS: message and assertion signed, AES-256-CBC, key beside the data': {
    ...entra,
    instant: ticks,
    signs: 'both',
    encrypts: { algorithm: `${XENC}aes256-cbc`, keyAt: 'beside' },
  },
  'AD FS: RSA-SHA512': { ...entra, signing: { ...DEFAULT_DS, algorithm: `${MORE}rsa-sha512`, digestAlgorithm: `${XENC}sha512` } },
  'Okta: both signed': okta,
  'Okta: assertion signed and encrypted': { ...okta, signs: 'assertion', encrypts: {} },
  'Okta: response signed, encrypted with AES-256-CBC': {
    ...okta,
    signs: 'response',
    encrypts: { algorithm: `${XENC}aes256-cbc` },
  },
  'Google: response signed, values of any type': {
    ...shibboleth,
    names: 'short',
    format: 'none',
    nameId: email,
    type: { name: 'xs:anyType', at: 'value' },
    signing: { keyInfo: KEY_INFO.replaceAll(/<(\/?)/g, '<$1ds:') },
  },
  'SimpleSAMLphp: both signed': simple,
  'SimpleSAMLphp: assertion signed': { ...simple, signs: 'assertion' },
  'SimpleSAMLphp: response signed': { ...simple, signs: 'response' },
  'SimpleSAMLphp: OID names, encrypted with AES-128-CBC': {
    ...simple,
    names: 'oid',
    declares: 'each',
    format: 'uri',
    encrypts: CBC,
  },
  'Keycloak: response signed': keycloak,
  'Keycloak: both signed, no Destination on an unsigned one': { ...keycloak, signs: 'both' },
  'Keycloak: assertion signed and encrypted': { ...keycloak, declares: 'each', signs: 'assertion', encrypts: {} },
  'OneLogin: both signed': {
    protocol: 'samlp:',
    assertion: 'saml:',
    names: 'dotted',
    format: 'basic',
    type: { name: 'xs:string', at: 'value' },
    nameId: email,
    instant: seconds,
    signs: 'both',
  },
  'OneLogin: assertion signed': {
    protocol: 'samlp:',
    assertion: 'saml:',
    names: 'dotted',
    format: 'basic',
    signs: 'assertion',
    nameId: email,
  },
  'Ping: assertion signed, response without Destination': {
    protocol: 'samlp:',
    assertion: 'saml:',
    names: 'camel',
    format: 'basic',
    signs: 'assertion',
    isWithoutDestination: true,
  },
  'Ping: response signed': { protocol: 'samlp:', assertion: 'saml:', names: 'camel', format: 'unspecified', signs: 'response' },
  'Duo: both signed': {
    protocol: 'samlp:',
    assertion: 'saml:',
    names: 'short',
    format: 'unspecified',
    type: { name: 'xs:string', at: 'attribute' },
    signs: 'both',
    nameId: email,
  },
  'Auth0: assertion signed': {
    protocol: 'samlp:',
    assertion: 'saml:',
    names: 'claims',
    type: { name: 'xs:string', at: 'value' },
    signs: 'assertion',
    signing: DEFAULT_DS,
  },
  'CAS: response signed, default namespaces': {
    protocol: '',
    assertion: 'saml2:',
    names: 'short',
    format: 'basic',
    signs: 'response',
  },
  'pysaml2: ns0, ns1': {
    protocol: 'ns0:',
    assertion: 'ns1:',
    names: 'oid',
    type: { name: 'xs:string', at: 'value' },
    signs: 'both',
    signing: { prefix: 'ns2:' },
  },
  'LemonLDAP::NG: both signed, lines within the signature': {
    protocol: 'samlp:',
    assertion: 'saml:',
    names: 'short',
    format: 'basic',
    instant: seconds,
    signs: 'both',
    signing: {
      edit: (text) => text.replaceAll('<ds:Reference', '\n<ds:Reference').replaceAll('<ds:DigestValue>', '\n<ds:DigestValue>'),
    },
  },
  'a response without an Issuer': { ...simple, signs: 'assertion', isWithoutIssuer: true },
  'RSA-SHA384': { ...simple, signing: { algorithm: `${MORE}rsa-sha384`, digestAlgorithm: `${MORE}sha384` } },
  'RSA-PSS': { ...simple, signing: { algorithm: 'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1' } },
  'printed with lines and spaces': { ...simple, isPretty: true },
  'printed with lines and spaces, then encrypted': { ...shibboleth, isPretty: true, encrypts: {} },
  'lines that end as on Windows': { ...simple, isPretty: true, finish: (xml) => xml.replaceAll('\n', '\r\n') },
  'an XML declaration': { ...simple, finish: (xml) => `<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n${xml}` },
  'a byte order mark': { ...simple, finish: (xml) => `\ufeff<?xml version='1.0' encoding='utf-8'?>${xml}` },
  'base64 in lines of 76': { ...simple, post: (text) => text.replaceAll(/.{76}/g, '$&\r\n') },
  'names in letters of all kinds': {
    ...simple,
    more: '<$Attribute Name="cn"><$AttributeValue>Łukasz &amp; Ζωή 李 &#x1F600;</$AttributeValue></$Attribute>',
  },
  'a targeted ID that is empty': { ...shibboleth, more: TARGETED.replace('X7H2', '') },
  'empty values, and values that are not there': {
    ...simple,
    more:
      '<$Attribute Name="phone"><$AttributeValue/></$Attribute><$Attribute Name="fax"/>' +
      '<$Attribute Name="title"><$AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></$Attribute>',
  },
}

/**
 * What identity providers must know of an institution's service provider (SAML Metadata 2.4.4, MDUI 2.1, signed).
 */
import { hash } from 'node:crypto'
import type { Institution } from '../directory/institution.ts'
import type { Settings } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import { AUTHENTICATED_ENCRYPTIONS, RSA_OAEP } from './algorithms.ts'
import { NAME_ID, namesFor } from './attribute-names.ts'
import { escapedText, escapedValue } from './canonical.ts'
import { BINDING_POST, NS } from './names.ts'
import type { Draft } from './sign.ts'
import type { SpKeys } from './sp-keys.ts'

export type SpMetadataOptions = {
  readonly institution: Institution
  /** Also the address of this document. */
  readonly entityId: string
  readonly acsUrl: string
  readonly keys: SpKeys
}

/** To be signed by the keys' signer. The same of all that is the same. */
export function spMetadata(options: SpMetadataOptions): Draft {
  const inside = descriptor(options) + organization(options.institution)
  const id = `_${hash('sha256', inside, 'hex')}`
  const names = `xmlns:md="${NS.md}" xmlns:mdui="${NS.mdui}" xmlns:ds="${NS.ds}"`
  const head = `<md:EntityDescriptor ${names} ID="${id}" entityID="${escapedValue(options.entityId)}">`
  return { id, head, tail: `${inside}</md:EntityDescriptor>` }
}

function descriptor({ institution, acsUrl, keys }: SpMetadataOptions): string {
  const { name, settings } = institution
  // To promise it to all of them would make those refuse theirs who get it unsigned.
  const idps = idpsOf(settings)
  const signs = idps.length > 0 && idps.every(({ signRequests }) => signRequests === true)
  const flags = `AuthnRequestsSigned="${signs}" WantAssertionsSigned="true"`
  const formats = ['persistent', 'transient'].map((format) =>
    element('NameIDFormat', `urn:oasis:names:tc:SAML:2.0:nameid-format:${format}`),
  )
  return (
    `<md:SPSSODescriptor ${flags} protocolSupportEnumeration="${NS.samlp}">` +
    `<md:Extensions><mdui:UIInfo>${uiInfo(institution)}</mdui:UIInfo></md:Extensions>` +
    keys.certificates.map(keyDescriptors).join('') +
    formats.join('') +
    `<md:AssertionConsumerService Binding="${BINDING_POST}" Location="${escapedValue(acsUrl)}" index="0" isDefault="true"/>` +
    `<md:AttributeConsumingService index="0" isDefault="true">${element('ServiceName', name, ' xml:lang="en"')}` +
    `${requested(settings).join('')}</md:AttributeConsumingService>` +
    '</md:SPSSODescriptor>'
  )
}

/** What people see of this service at their identity provider, as federations ask for it (saml.about). */
function uiInfo({ name, settings: { saml: { about = {} } = {} } }: Institution): string {
  const { description, informationUrl, privacyUrl, logo } = about
  const told = { DisplayName: name, Description: description, InformationURL: informationUrl, PrivacyStatementURL: privacyUrl }
  const texts = Object.entries(told).map(([local, text]) =>
    text === undefined ? '' : `<mdui:${local} xml:lang="en">${escapedText(text)}</mdui:${local}>`,
  )
  const image = logo && `<mdui:Logo width="${logo.width}" height="${logo.height}">${escapedText(logo.url)}</mdui:Logo>`
  return texts.join('') + (image ?? '')
}

/** Of the institution, as far as its settings name somebody to ask (saml.contact). */
function organization({ name, settings: { saml: { contact = {} } = {} } }: Institution): string {
  const { name: who = name, email, url } = contact
  const lang = ' xml:lang="en"'
  const names = element('OrganizationName', name, lang) + element('OrganizationDisplayName', name, lang)
  const mail = email && element('GivenName', who) + element('EmailAddress', `mailto:${email}`)
  return (
    (url === undefined ? '' : `<md:Organization>${names}${element('OrganizationURL', url, lang)}</md:Organization>`) +
    (mail
      ? ['technical', 'support'].map((type) => `<md:ContactPerson contactType="${type}">${mail}</md:ContactPerson>`).join('')
      : '')
  )
}

function element(name: string, text: string, attributes = ''): string {
  return `<md:${name}${attributes}>${escapedText(text)}</md:${name}>`
}

/** One for each use: some identity providers read no descriptor without a use. */
function keyDescriptors(certificate: string): string {
  const info = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
  const methods = [...AUTHENTICATED_ENCRYPTIONS, RSA_OAEP].map((name) => `<md:EncryptionMethod Algorithm="${name}"/>`)
  return (
    `<md:KeyDescriptor use="signing">${info}</md:KeyDescriptor>` +
    `<md:KeyDescriptor use="encryption">${info}${methods.join('')}</md:KeyDescriptor>`
  )
}

/** What is asked for unless the institution maps other names: name, what people call it, whether nobody is made without. */
const USUAL: { readonly [field: string]: readonly [name: string, friendlyName: string, isRequired: boolean] } = {
  netid: ['urn:oid:0.9.2342.19200300.100.1.1', 'uid', false],
  email: ['urn:oid:0.9.2342.19200300.100.1.3', 'mail', true],
  first_name: ['urn:oid:2.5.4.42', 'givenName', true],
  last_name: ['urn:oid:2.5.4.4', 'sn', true],
  account_type: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.1', 'eduPersonAffiliation', false],
}

function requested({ saml = {} }: Settings): string[] {
  const { attributes = {}, accountType = {} } = saml
  const mappedTo = Object.keys(attributes).map((field) => [field, namesFor(field, saml).map(({ name }) => name)] as const)
  const own: { readonly [field: string]: readonly string[] } = {
    ...Object.fromEntries(mappedTo),
    ...(accountType.attribute !== undefined && { account_type: [accountType.attribute] }),
  }
  const usual = Object.entries(USUAL).flatMap(([field, [name, friendlyName, isRequired]]) =>
    Object.hasOwn(own, field) ? [] : [requestedAttribute(name, isRequired, ` FriendlyName="${friendlyName}"`)],
  )
  const mapped = Object.entries(own).flatMap(([field, names]) =>
    names.filter(isAttribute).map((name) => requestedAttribute(name, names.length === 1 && USUAL[field]?.[2] === true)),
  )
  return [...usual, ...mapped]
}

function isAttribute(name: string): boolean {
  return name !== NAME_ID
}

function requestedAttribute(name: string, isRequired: boolean, friendlyName = ''): string {
  const format = name.includes(':') ? 'uri' : 'basic'
  const named = `Name="${escapedValue(name)}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:${format}"`
  return `<md:RequestedAttribute ${named}${friendlyName} isRequired="${isRequired}"/>`
}

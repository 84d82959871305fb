/**
 * What the metadata of an identity provider says of it (SAML Metadata 2.4.3): one entity, from a file or an address.
 * Where a certificate of the federation is given, its signature must hold, and only what it signed is read.
 */
import type { IdpSettings } from '../directory/settings.ts'
import { signingKeyIn, USABLE_KEYS } from './certificates.ts'
import { instantIn } from './instant.ts'
import { BINDING_POST, BINDING_REDIRECT, NS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import { checkPlaces } from './response.ts'
import { signedText } from './signature.ts'
import type { XmlElement, XmlRules } from './xml.ts'
import { attributeOf, elementsOf, everyElement, isNamed, parseXml, textOf, XmlError } from './xml.ts'

export type FoundIdp = Pick<
  IdpSettings,
  'entityId' | 'ssoUrl' | 'ssoBinding' | 'certificates' | 'signRequests' | 'validUntil' | 'metadataScopes' | 'title'
>

export type MetadataOptions = {
  /** Of whoever must have signed it, PEM or bare base64; none: the signature is not looked at. */
  readonly signedBy?: readonly string[] | undefined
  /** Epoch milliseconds. */
  readonly now: number
}

/** Its message says what to mend, for the administrator. */
export class MetadataRefused extends Error {
  override name = 'MetadataRefused'
}

/** One entity has less than 100 kB, a federation more than 60 MB. */
export const MAX_METADATA_BYTES = 1_048_576

const DOMAIN = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/
const MOST_SCOPES = 100
const MOST_TITLE_CHARACTERS = 200

const RULES: XmlRules = { elements: 5000, depth: 64, attributes: 64, namespaces: 64, comments: true }

/** @throws {MetadataRefused} */
export function readIdpMetadata(xml: string, { signedBy = [], now }: MetadataOptions): FoundIdp {
  try {
    if (xml.length > MAX_METADATA_BYTES) throw tooManyEntities()
    const root = parseXml(xml.replace(/^\ufeff/, ''), { rules: RULES })
    return idpIn(signedBy.length === 0 ? root : provenRoot(root, signedBy), now)
  } catch (error) {
    if (error instanceof XmlError) throw new MetadataRefused(`the metadata ${error.message}`)
    if (error instanceof SamlRefused) throw new MetadataRefused(`the metadata is not to be trusted: ${error.message}`)
    throw error
  }
}

export function tooManyEntities(): MetadataRefused {
  return new MetadataRefused(
    'the metadata is that of a whole federation; it should be that of one identity provider. Federations answer for one ' +
      'entity by a metadata query (MDQ), for example https://mdq.incommon.org/entities/ and then the entity id, URL-encoded',
  )
}

function provenRoot(root: XmlElement, signedBy: readonly string[]): XmlElement {
  const [signature] = elementsOf(root)
  if (signature === undefined || !isNamed(signature, NS.ds, 'Signature'))
    throw new MetadataRefused('the metadata is not signed, and a certificate was given that it should be signed with')
  checkPlaces(root, [root, signature])
  const keys = signedBy.map(signingKeyIn).filter((key) => key !== undefined)
  return parseXml(
    signedText(
      root,
      signature,
      keys.map((key) => ({ key, owner: undefined })),
    ).text,
    { rules: RULES },
  )
}

function idpIn(root: XmlElement, now: number): FoundIdp {
  const entity = onlyEntity(root)
  const entityId = attributeOf(entity, 'entityID')
  const descriptor = elementsOf(entity).find(isIdp)
  if (entityId === undefined || descriptor === undefined)
    throw new MetadataRefused('the metadata has no identity provider of SAML 2.0 (IDPSSODescriptor)')
  const validUntil = earliest([root, entity, descriptor])
  if (validUntil !== undefined && validUntil <= now)
    throw new MetadataRefused(`the metadata was valid until ${new Date(validUntil).toISOString()}; a newer copy is needed`)
  return {
    entityId,
    ...ssoIn(descriptor),
    certificates: certificatesIn(descriptor),
    ...(isTrue(attributeOf(descriptor, 'WantAuthnRequestsSigned')) && { signRequests: true }),
    ...(validUntil !== undefined && { validUntil: new Date(validUntil).toISOString() }),
    ...scopesIn(entity),
    ...titleIn(descriptor),
  }
}

/** Some identity providers write themselves into a list of one. */
function onlyEntity(root: XmlElement): XmlElement {
  if (isNamed(root, NS.md, 'EntityDescriptor')) return root
  const entities = [...everyElement(root)].filter((element) => isNamed(element, NS.md, 'EntityDescriptor'))
  const [entity, ...more] = entities
  if (entity === undefined || !isNamed(root, NS.md, 'EntitiesDescriptor'))
    throw new MetadataRefused(`the file holds ${shown(root.name)}; it should hold the metadata of SAML 2.0 (EntityDescriptor)`)
  if (more.length > 0) throw tooManyEntities()
  return entity
}

function isIdp(element: XmlElement): boolean {
  const protocols = attributeOf(element, 'protocolSupportEnumeration')?.split(/\s+/) ?? []
  return isNamed(element, NS.md, 'IDPSSODescriptor') && protocols.includes(NS.samlp)
}

/** By address rather than by form, where both are offered: the browser needs no script for it. */
function ssoIn(descriptor: XmlElement): Pick<FoundIdp, 'ssoUrl' | 'ssoBinding'> {
  const services = elementsOf(descriptor).filter((element) => isNamed(element, NS.md, 'SingleSignOnService'))
  const at = (binding: string) => {
    const service = services.find((one) => attributeOf(one, 'Binding') === binding)
    const url = service && attributeOf(service, 'Location')
    return url !== undefined && /^https?:\/\//.test(url) && URL.canParse(url) ? url : undefined
  }
  const redirect = at(BINDING_REDIRECT)
  if (redirect !== undefined) return { ssoUrl: redirect }
  const post = at(BINDING_POST)
  if (post !== undefined) return { ssoUrl: post, ssoBinding: 'post' }
  throw new MetadataRefused('the metadata has no SingleSignOnService for HTTP-Redirect or HTTP-POST')
}

/** All that it may sign with: before a key is replaced, both stand here. Of a chain, the first one is its own. */
function certificatesIn(descriptor: XmlElement): string[] {
  const keys = elementsOf(descriptor).filter(
    (element) => isNamed(element, NS.md, 'KeyDescriptor') && attributeOf(element, 'use') !== 'encryption',
  )
  const texts = keys.flatMap((key) => [...everyElement(key)].filter((one) => isNamed(one, NS.ds, 'X509Certificate')).slice(0, 1))
  const certificates = [...new Set(texts.map((text) => textOf(text).replace(/\s+/g, '')))]
  const usable = certificates.filter((text) => signingKeyIn(text) !== undefined)
  if (usable.length > 0) return usable
  throw new MetadataRefused(
    `the metadata has ${certificates.length} certificates to sign with, and none has a key of ${USABLE_KEYS}`,
  )
}

/** Domains that it may speak for (Shibboleth Metadata Profile); patterns are nothing to compare with. */
function scopesIn(entity: XmlElement): Pick<FoundIdp, 'metadataScopes'> {
  const found = [...everyElement(entity)].filter(
    (element) => isNamed(element, NS.shibmd, 'Scope') && !isTrue(attributeOf(element, 'regexp')),
  )
  const scopes = [...new Set(found.map((element) => textOf(element).trim()))].filter((scope) => DOMAIN.test(scope))
  return scopes.length === 0 ? {} : { metadataScopes: scopes.slice(0, MOST_SCOPES) }
}

/** As people know it (MDUI 2.1), in English where it has several names. */
function titleIn(descriptor: XmlElement): Pick<FoundIdp, 'title'> {
  const names = [...everyElement(descriptor)].filter((element) => isNamed(element, NS.mdui, 'DisplayName'))
  const name = names.find((element) => attributeOf(element, 'lang', NS.xml)?.startsWith('en')) ?? names[0]
  const title = name && textOf(name).trim().replaceAll(/\s+/g, ' ')
  return title ? { title: title.slice(0, MOST_TITLE_CHARACTERS) } : {}
}

/** @returns epoch milliseconds */
function earliest(elements: readonly XmlElement[]): number | undefined {
  const texts = elements.map((element) => attributeOf(element, 'validUntil')).filter((text) => text !== undefined)
  const times = texts.map((text) => {
    const time = instantIn(text)
    if (time === undefined) throw new MetadataRefused(`validUntil is ${shown(text)}, which is no time in UTC`)
    return time
  })
  return times.length === 0 ? undefined : Math.min(...times)
}

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1'
}

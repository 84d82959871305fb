/**
 * Metadata of identity providers, as they and their federations write it.
 */

import type { TestIdp } from './signer.ts'
import { signed } from './signer.ts'

const NAMES = [
  'xmlns="urn:oasis:names:tc:SAML:2.0:metadata"',
  'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"',
  'xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"',
  'xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"',
].join(' ')

export type MetadataParts = {
  readonly entityId?: string
  readonly certificates?: readonly string[]
  readonly keys?: string
  readonly services?: string
  readonly protocols?: string
  /** More attributes of EntityDescriptor and IDPSSODescriptor. */
  readonly entity?: string
  readonly descriptor?: string
  readonly extensions?: string
  /** Before the role of the identity provider. */
  readonly roles?: string
}

export function metadataXml(idp: TestIdp, parts: MetadataParts = {}): string {
  const {
    entityId = idp.entityId,
    certificates = [idp.certificate],
    entity = '',
    descriptor = '',
    extensions = '',
    roles = '',
  } = parts
  const { keys = certificates.map((one) => keyXml(one)).join(''), services = serviceXml('Redirect') + serviceXml('POST') } = parts
  const { protocols = 'urn:oasis:names:tc:SAML:2.0:protocol' } = parts
  return (
    `<EntityDescriptor ${NAMES} ID="_m1" entityID="${entityId}"${entity}>${roles}` +
    `<IDPSSODescriptor protocolSupportEnumeration="${protocols}"${descriptor}>${extensions}${keys}${services}</IDPSSODescriptor></EntityDescriptor>`
  )
}

export function keyXml(certificate: string, use = ' use="signing"'): string {
  const lines = certificate.replaceAll(/.{64}/g, '$&\n          ')
  return `<KeyDescriptor${use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n${lines}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>`
}

export function serviceXml(binding: 'Redirect' | 'POST' | 'SOAP', location = `https://idp.uni.example/sso/${binding}`): string {
  const name = binding === 'SOAP' ? binding : `HTTP-${binding}`
  return `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${name}" Location="${location}"/>`
}

/** Signed by a federation, which stands in front. */
export function federated(xml: string, federation: TestIdp): string {
  return signed(xml, '_m1', { key: federation.privateKey })
}

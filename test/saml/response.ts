/**
 * Responses of a made-up identity provider, honest unless told otherwise: every part can be given as text.
 */
import { randomUUID } from 'node:crypto'
import type { VerifyContext } from '../../src/saml/verify.ts'
import type { Signing, TestIdp } from './signer.ts'
import { signed } from './signer.ts'

/** The instant at which all responses are made unless they say otherwise. */
export const NOW = Math.floor(Date.now() / 1000) * 1000

/** An instant so many seconds from `NOW`, as SAML writes it. */
export function at(seconds: number, now = NOW): string {
  return new Date(now + seconds * 1000).toISOString()
}

export type Scene = {
  readonly idp: TestIdp
  readonly entityId: string
  readonly acsUrl: string
  readonly inResponseTo: string | undefined
  readonly now: number
}

export const ATTRIBUTES = {
  'urn:oid:0.9.2342.19200300.100.1.1': ['ada'],
  'urn:oid:0.9.2342.19200300.100.1.3': ['ada@uni.example'],
  'urn:oid:2.5.4.42': ['Ada'],
  'urn:oid:2.5.4.4': ['Lovelace'],
  'urn:oid:1.3.6.1.4.1.5923.1.1.1.1': ['student', 'member'],
} as const

export type AssertionParts = {
  readonly id?: string
  readonly head?: string
  readonly issuer?: string
  readonly subject?: string
  readonly nameId?: string
  readonly confirmations?: string
  readonly conditions?: string
  readonly advice?: string
  readonly authn?: string
  readonly attributes?: string
}

export type ResponseParts = {
  readonly id?: string
  readonly head?: string
  readonly destination?: string
  readonly issuer?: string
  readonly extensions?: string
  readonly status?: string
  readonly assertion?: string
}

export const XMLNS = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
export const XMLNS_P = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'

export function newId(): string {
  return `_${randomUUID()}`
}

export function assertionXml({ idp, entityId, acsUrl, inResponseTo, now }: Scene, parts: AssertionParts = {}): string {
  const { id = newId(), head = `Version="2.0" IssueInstant="${at(0, now)}"`, nameId = `<saml:NameID>ada</saml:NameID>` } = parts
  const { issuer = `<saml:Issuer>${idp.entityId}</saml:Issuer>`, advice = '' } = parts
  const answered = inResponseTo === undefined ? '' : ` InResponseTo="${inResponseTo}"`
  const data = `<saml:SubjectConfirmationData Recipient="${acsUrl}" NotOnOrAfter="${at(300, now)}"${answered}/>`
  const { confirmations = bearer(data) } = parts
  const { subject = `<saml:Subject>${nameId}${confirmations}</saml:Subject>` } = parts
  const restriction = `<saml:AudienceRestriction><saml:Audience>${entityId}</saml:Audience></saml:AudienceRestriction>`
  const { conditions = conditionsXml(restriction, now), authn = authnXml(now), attributes = attributesXml(ATTRIBUTES) } = parts
  return `<saml:Assertion ${XMLNS} ID="${id}" ${head}>${issuer}${subject}${conditions}${advice}${authn}${attributes}</saml:Assertion>`
}

export function bearer(data: string): string {
  return `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">${data}</saml:SubjectConfirmation>`
}

export function conditionsXml(inner: string, now = NOW): string {
  return `<saml:Conditions NotBefore="${at(-60, now)}" NotOnOrAfter="${at(300, now)}">${inner}</saml:Conditions>`
}

export function authnXml(now = NOW, more = ''): string {
  const context = '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>'
  const head = `AuthnInstant="${at(-5, now)}" SessionIndex="_s1"${more}`
  return `<saml:AuthnStatement ${head}><saml:AuthnContext>${context}</saml:AuthnContext></saml:AuthnStatement>`
}

export function attributesXml(attributes: Readonly<Record<string, readonly string[]>>): string {
  const each = Object.entries(attributes).map(([name, values]) => attributeXml(name, values))
  return `<saml:AttributeStatement>${each.join('')}</saml:AttributeStatement>`
}

export function attributeXml(name: string, values: readonly string[]): string {
  const inner = values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')
  return `<saml:Attribute Name="${name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">${inner}</saml:Attribute>`
}

export const SUCCESS = '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'

export function responseXml(scene: Scene, parts: ResponseParts = {}): string {
  const { idp, acsUrl, inResponseTo, now } = scene
  const answered = inResponseTo === undefined ? '' : ` InResponseTo="${inResponseTo}"`
  const { id = newId(), head = `Version="2.0" IssueInstant="${at(0, now)}"${answered}`, extensions = '' } = parts
  const { destination = ` Destination="${acsUrl}"`, status = SUCCESS, assertion = assertionXml(scene) } = parts
  const { issuer = `<saml:Issuer ${XMLNS}>${idp.entityId}</saml:Issuer>` } = parts
  return `<samlp:Response ${XMLNS_P} ID="${id}" ${head}${destination}>${issuer}${extensions}${status}${assertion}</samlp:Response>`
}

/** The ID of the first element that is called so. */
export function idOf(xml: string, local: string): string {
  const id = new RegExp(`<(?:\\w+:)?${local}[ >][^>]*?\\bID="([^"]+)"`).exec(xml)?.[1]
  if (id === undefined) throw new Error(`no ${local} has an ID`)
  return id
}

export type Signed = 'assertion' | 'response' | 'both'

/** Signs what is there, from the inside out. */
export function signedResponse(scene: Scene, xml: string, what: Signed = 'assertion', signing: Partial<Signing> = {}): string {
  const pen: Signing = { key: scene.idp.privateKey, ...signing }
  const inner = what === 'response' ? xml : signed(xml, idOf(xml, 'Assertion'), pen)
  return what === 'assertion' ? inner : signed(inner, idOf(inner, 'Response'), pen)
}

export function field(xml: string | Buffer): string {
  return Buffer.from(xml).toString('base64')
}

/** What the service knows that receives it. */
export function contextOf({ idp, entityId, acsUrl, now }: Scene, decryptionKeys: readonly string[] = []): VerifyContext {
  const settings = { entityId: idp.entityId, ssoUrl: 'https://idp.uni.example/sso', certificates: [idp.certificate] }
  return { idps: [settings], sp: { entityId, acsUrl, decryptionKeys }, now }
}

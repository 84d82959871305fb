/**
 * The question to an identity provider (Core 3.4.1), and how a browser carries it there (Bindings 3.4, 3.5). It asks for
 * no particular NameID and no particular way to sign in: those are the identity provider's to choose.
 */
import { randomBytes, sign } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import type { IdpSettings } from '../directory/settings.ts'
import { RSA_SHA256 } from './algorithms.ts'
import { escapedValue } from './canonical.ts'
import { BINDING_POST, NS } from './names.ts'
import type { Draft, Signer } from './sign.ts'
import { signedXml } from './sign.ts'

export type AuthnRequest =
  | { readonly id: string; readonly binding: 'redirect'; readonly url: string }
  | { readonly id: string; readonly binding: 'post'; readonly url: string; readonly fields: { readonly [name: string]: string } }

export type AuthnRequestOptions = {
  readonly idp: IdpSettings
  /** Of this service. */
  readonly entityId: string
  readonly acsUrl: string
  /** Epoch milliseconds. */
  readonly now: number
  /** Absent: the request is not signed. */
  readonly signer?: Signer
}

export function authnRequest(options: AuthnRequestOptions): AuthnRequest {
  const { idp, signer } = options
  const draft = draftOf(options)
  const { id } = draft
  if (idp.ssoBinding !== 'post') return { id, binding: 'redirect', url: redirectUrl(idp.ssoUrl, draft, signer) }
  const message = signer ? signedXml(draft, signer) : draft.head + draft.tail
  return { id, binding: 'post', url: idp.ssoUrl, fields: { SAMLRequest: Buffer.from(message).toString('base64') } }
}

function draftOf({ idp, entityId, acsUrl, now }: AuthnRequestOptions): Draft {
  const id = `_${randomBytes(20).toString('hex')}`
  const attributes = {
    ID: id,
    Version: '2.0',
    IssueInstant: new Date(now).toISOString(),
    Destination: idp.ssoUrl,
    AssertionConsumerServiceURL: acsUrl,
    ProtocolBinding: BINDING_POST,
  }
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapedValue(value)}"`)
  return {
    id,
    head:
      `<samlp:AuthnRequest xmlns:samlp="${NS.samlp}"${written.join('')}>` +
      `<saml:Issuer xmlns:saml="${NS.saml}">${escapedValue(entityId)}</saml:Issuer>`,
    tail: '<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>',
  }
}

/** The signature is over the query as it is written (Bindings 3.4.4.1). */
function redirectUrl(ssoUrl: string, { head, tail }: Draft, signer: Signer | undefined): string {
  const parameter = (name: string, value: string) => `${name}=${encodeURIComponent(value)}`
  const message = parameter('SAMLRequest', deflateRawSync(head + tail).toString('base64'))
  const query = signer ? signedQuery(`${message}&${parameter('SigAlg', RSA_SHA256)}`, signer) : message
  return `${ssoUrl}${ssoUrl.includes('?') ? '&' : '?'}${query}`

  function signedQuery(text: string, { privateKey }: Signer): string {
    return `${text}&${parameter('Signature', sign('sha256', Buffer.from(text), privateKey).toString('base64'))}`
  }
}

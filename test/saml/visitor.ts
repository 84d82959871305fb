/**
 * Signs in over HTTP as a browser would, with the answers of the made-up identity provider: for tests and measurements of
 * whole servers.
 */
import { inflateRawSync } from 'node:zlib'
import { assertionXml, attributesXml, field, responseXml, signedResponse } from './response.ts'
import type { People } from './web.ts'
import { ADA, IDP } from './web.ts'

export type Begun = { readonly id: string; readonly cookie: string }

export type Service = {
  /** Where the server is reached. */
  readonly origin: string
  /** The address by which it calls itself. */
  readonly publicUrl: string
  readonly institution: string
}

/** @returns the ID of the request, and the cookie that belongs to it */
export async function begin({ origin, institution }: Service): Promise<Begun> {
  const response = await fetch(`${origin}/institutions/${institution}/saml/login`, { redirect: 'manual' })
  await response.body?.cancel()
  const message = new URL(response.headers.get('location') ?? '').searchParams.get('SAMLRequest') ?? ''
  const [, id = ''] = /\bID="([^"]+)"/.exec(inflateRawSync(Buffer.from(message, 'base64')).toString()) ?? []
  return { id, cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
}

/** @param inResponseTo absent: nobody asked @returns the body of the form */
export function answerFor({ publicUrl, institution }: Service, inResponseTo?: string, attributes: People = ADA): string {
  const base = `${publicUrl}/institutions/${institution}/saml`
  const scene = { idp: IDP, entityId: `${base}/metadata`, acsUrl: `${base}/acs`, inResponseTo, now: Date.now() }
  const assertion = assertionXml(scene, { attributes: attributesXml(attributes), nameId: '<saml:NameID>x</saml:NameID>' })
  return String(new URLSearchParams({ SAMLResponse: field(signedResponse(scene, responseXml(scene, { assertion }))) }))
}

export function post({ origin, institution }: Service, body: string, cookie = ''): Promise<Response> {
  return fetch(`${origin}/institutions/${institution}/saml/acs`, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie },
  })
}

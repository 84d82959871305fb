/**
 * Whether a response of an identity provider may be believed, and what it says. Pure: knows neither store nor clock.
 *
 * What needs the store comes after it, in this order: the request named by `inResponseTo` is taken (once, of this
 * institution, this identity provider and this browser; without one, only where the institution allows it), then
 * `assertionId` of this `idp` is inserted where it may be only once and kept until `usableUntil`, and only then is
 * anything done about the person. A response that is refused here uses nothing up.
 */
import type { KeyObject } from 'node:crypto'
import type { IdpSettings } from '../directory/settings.ts'
import type { Statements } from './assertion.ts'
import { checkIssued, readAssertion } from './assertion.ts'
import { signingKeyIn } from './certificates.ts'
import type { DecryptOptions } from './decrypt.ts'
import { decrypted } from './decrypt.ts'
import { messageText } from './message.ts'
import { NS } from './names.ts'
import type { RefusalCode } from './refusal.ts'
import { SamlRefused, shown } from './refusal.ts'
import type { ResponseParts } from './response.ts'
import { checkIssuer, checkPlaces, issuerIn, responseParts } from './response.ts'
import { signedText } from './signature.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, everyElement, isNamed, parseXml, sequenceOf, XmlError } from './xml.ts'

export type VerifyContext = {
  /** Those that the institution trusts. */
  readonly idps: readonly IdpSettings[]
  readonly sp: {
    readonly entityId: string
    readonly acsUrl: string
    /** Private RSA keys, PEM, the newest first; none: encrypted assertions cannot be read. */
    readonly decryptionKeys: readonly string[]
  }
  /** Epoch milliseconds. */
  readonly now: number
}

export type Verified = Statements & {
  readonly kind: 'ok'
  readonly idp: IdpSettings
  /** The id of the request that this answers; absent: nobody asked here. */
  readonly inResponseTo?: string
}

export type Refused = {
  readonly kind: 'refused'
  readonly code: RefusalCode
  /** For the administrator: what was found and what would be right; no values of attributes. */
  readonly detail: string
  /** The names of the attributes that came, as far as they could be read; nothing of them is proven. */
  readonly attributeNames: readonly string[]
  /** The identity provider that it says it is of, and the request that it says it answers, which proves nothing either. */
  readonly issuer?: string
  readonly inResponseTo?: string
}

/** The fields of the form that a browser posts (Bindings 3.5.4). */
export type SamlForm = { readonly SAMLResponse: string; readonly RelayState?: string }

export function verifyResponse(form: SamlForm, context: VerifyContext): Verified | Refused {
  const seen: Seen = {}
  try {
    return believed(form.SAMLResponse, context, seen)
  } catch (error) {
    const { issuer, inResponseTo } = seen
    const said = { ...(issuer !== undefined && { issuer }), ...(inResponseTo !== undefined && { inResponseTo }) }
    const about = { kind: 'refused', attributeNames: namesIn(seen), ...said } as const
    if (error instanceof SamlRefused) return { ...about, code: error.code, detail: error.message }
    if (error instanceof XmlError) return { ...about, code: 'xml', detail: `the response ${error.message}` }
    throw error
  }
}

function believed(field: string, context: VerifyContext, seen: Seen): Verified {
  const root = parseXml(messageText(field))
  seen.inResponseTo = attributeOf(root, 'InResponseTo')
  const posted = responseParts(root)
  const inside = isNamed(posted.assertion, NS.saml, 'Assertion') ? posted.assertion : undefined
  const ids = new Set<string>()
  seen.assertion = inside
  checkPlaces(posted.element, [posted.element, posted.signature, posted.assertion, inside && signatureIn(inside)], ids)

  seen.issuer = posted.issuer ?? (inside && issuerIn(sequenceOf(inside).need(NS.saml, 'Issuer')))
  const keys = keysOf(context, seen.issuer)
  const outer = posted.signature && signedText(posted.element, posted.signature, keys)
  const response = outer ? responseParts(parseXml(outer.text)) : posted

  const assertion = inside ?? decryptedIn(posted, { keys: context.sp.decryptionKeys, isSigned: outer !== undefined })
  const signature = signatureIn(assertion)
  seen.assertion = assertion
  if (!inside) checkPlaces(assertion, [assertion, signature], ids)
  const inner = signature && signedText(assertion, signature, outer ? keys.filter(({ owner }) => owner === outer.owner) : keys)

  const idp = inner?.owner ?? outer?.owner
  if (idp === undefined) throw new SamlRefused('unsigned', 'neither the Response nor the Assertion is signed')
  checkResponse(response, { idp, acsUrl: context.sp.acsUrl, now: context.now, isSigned: outer !== undefined })
  // From here on only from text whose signature holds: that of the assertion itself, else that of the response around it.
  const proven = inner ? parseXml(inner.text) : inside ? response.assertion : assertion
  const { entityId, acsUrl } = context.sp
  const { inResponseTo } = response
  const expected = { issuer: idp.entityId, entityId, acsUrl, inResponseTo, now: context.now }
  return {
    kind: 'ok',
    idp,
    ...(inResponseTo !== undefined && { inResponseTo }),
    ...readAssertion(proven, expected),
  }
}

/** What was read so far, proven or not. */
type Seen = { assertion?: XmlElement | undefined; issuer?: string | undefined; inResponseTo?: string | undefined }

const MOST_NAMES = 100

function namesIn({ assertion }: Seen): string[] {
  if (assertion === undefined) return []
  const names = [...everyElement(assertion)]
    .filter((one) => isNamed(one, NS.saml, 'Attribute'))
    .map((one) => attributeOf(one, 'Name'))
  return names.filter((name) => name !== undefined).slice(0, MOST_NAMES)
}

/** In the one place where the schema has it (Core 2.3.3). */
function signatureIn(assertion: XmlElement): XmlElement | undefined {
  const parts = sequenceOf(assertion)
  parts.take(NS.saml, 'Issuer')
  return parts.take(NS.ds, 'Signature')
}

function decryptedIn({ assertion: encrypted }: ResponseParts, options: DecryptOptions): XmlElement {
  const assertion = parseXml(decrypted(encrypted, options), { scope: encrypted.scope })
  if (isNamed(assertion, NS.saml, 'Assertion')) return assertion
  throw new SamlRefused('structure', `what was encrypted is ${shown(assertion.name)}; it should be an Assertion`)
}

type OwnedKey = { readonly key: KeyObject; readonly owner: IdpSettings }

/** @param issuer as the message says, which proves nothing; undefined: any of them */
function keysOf({ idps, now }: VerifyContext, issuer: string | undefined): OwnedKey[] {
  const candidates = idps.filter(({ entityId }) => issuer === undefined || entityId === issuer)
  if (candidates.length === 0) throw new SamlRefused('idp', `the institution has no identity provider called ${shown(issuer)}`)
  const current = candidates.filter(({ validUntil }) => validUntil === undefined || now < Date.parse(validUntil))
  if (current.length === 0)
    throw new SamlRefused(
      'metadata',
      `the metadata of ${shown(issuer)} was valid until ${candidates[0]?.validUntil} and is not relied on since`,
    )
  return current.flatMap((owner) => keysIn(owner).map((key) => ({ key, owner })))
}

const keysRead = new WeakMap<IdpSettings, readonly KeyObject[]>()

/** Read once for as long as the settings stay the same. */
function keysIn(idp: IdpSettings): readonly KeyObject[] {
  const known = keysRead.get(idp)
  if (known) return known
  const keys = idp.certificates.map(signingKeyIn).filter((key) => key !== undefined)
  keysRead.set(idp, keys)
  return keys
}

type ResponseExpected = {
  readonly idp: IdpSettings
  readonly acsUrl: string
  readonly isSigned: boolean
  readonly now: number
}

/** What is not proven here can only refuse; the InResponseTo must stand in the assertion as well. */
function checkResponse(
  { issuer, destination, issueInstant }: ResponseParts,
  { idp, acsUrl, isSigned, now }: ResponseExpected,
): void {
  if (issuer !== undefined) checkIssuer(issuer, idp.entityId, 'Response')
  if (destination === undefined ? isSigned : destination !== acsUrl)
    throw new SamlRefused('address', `the Destination of the Response is ${shown(destination)}; it should be ${shown(acsUrl)}`)
  checkIssued(issueInstant, 'Response', now)
}

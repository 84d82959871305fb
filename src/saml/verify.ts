/**
 * Whether a response of an identity provider may be believed, and what it says. Pure: knows neither store nor clock.
 *
 * What needs the store comes after it, in this order: the request named by `inResponseTo` is taken (once, of this
 * institution, this identity provider and this browser; without one, only where the institution allows it), then
 * `assertionId` of this `idp` is inserted where it may be only once and kept until `usableUntil`, and only then is
 * anything done about the person. A response that is refused here uses nothing up.
 */
import type { KeyObject } from 'node:crypto'
import type { IdpSettings } from '../directory/institution.ts'

/** The fields of the form that a browser posts (SAML Bindings 3.5.4). */
export type SamlForm = { readonly SAMLResponse: string; readonly RelayState?: string }

export type VerifyContext = {
  /** Those that the institution trusts. */
  readonly idps: readonly IdpSettings[]
  readonly sp: {
    readonly entityId: string
    readonly acsUrl: string
    /** Private RSA keys, the newest first; none: encrypted assertions cannot be read. */
    readonly decryptionKeys: readonly KeyObject[]
  }
  /** Epoch milliseconds. */
  readonly now: number
}

export type Verified = {
  readonly kind: 'ok'
  readonly idp: IdpSettings
  readonly responseId: string
  readonly assertionId: string
  /** The id of the request that this answers; absent: nobody asked here. */
  readonly inResponseTo?: string
  readonly nameId: NameId
  readonly sessionIndex?: string
  /** When the identity provider wants the session ended, at the latest; epoch milliseconds. */
  readonly sessionNotOnOrAfter?: number
  /** From then on a copy is refused for its age alone; epoch milliseconds. */
  readonly usableUntil: number
  /** By Name, in document order; values as sent. Those whose values are no text are not here. */
  readonly attributes: ReadonlyMap<string, readonly string[]>
}

export type NameId = {
  readonly value: string
  readonly format?: string
  readonly nameQualifier?: string
  readonly spNameQualifier?: string
}

export type Refused = {
  readonly kind: 'refused'
  readonly code: RefusalCode
  /** For the administrator: what was found and what would be right; no values of attributes. */
  readonly detail: string
  /** The names of the attributes that came, as far as that could be read; nothing of them is proven. */
  readonly attributeNames: readonly string[]
}

export type RefusalCode = 'malformed'

export function verifyResponse(_form: SamlForm, _context: VerifyContext): Promise<Verified | Refused> {
  return Promise.resolve({ kind: 'refused', code: 'malformed', detail: 'nothing is believed yet', attributeNames: [] })
}

/**
 * A sign-in, from the form that a browser brings to a session: believe, take, use once, admit, remember. Whatever is
 * refused leaves no session, and what is refused before it is believed uses nothing up.
 */

import { useAssertion } from '../auth/replay.ts'
import { newSession } from '../auth/sessions.ts'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import { getInstitution } from '../directory/institution.ts'
import type { IdpSettings } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import type { Store } from '../store/store.ts'
import type { Admitted } from './admit-person.ts'
import { admitPerson, namesOf } from './admit-person.ts'
import type { SamlDeps } from './deps.ts'
import type { FailureKind } from './failures.ts'
import type { RefusalCode } from './refusal.ts'
import type { Refusal } from './refusal-record.ts'
import { rulesFor, sourceOf } from './rules.ts'
import type { SignInRequest } from './sign-in-request.ts'
import { findRequest, takeRequest } from './sign-in-request.ts'
import type { Refused, SamlForm, Verified, VerifyContext } from './verify.ts'
import { verifyResponse } from './verify.ts'

export type SignedIn = {
  readonly kind: 'in'
  /** What the browser is to keep. */
  readonly secret: string
  readonly admitted: Admitted
  /** Entity id. */
  readonly idp: string
  /** What was asked; absent when the sign-in began at the identity provider. */
  readonly request?: SignInRequest
}

export type TurnedAway = {
  readonly kind: 'out'
  readonly refusal: Refusal
  /** What this browser asked, where that is known. */
  readonly request?: SignInRequest
}

export async function signIn(
  { store, gate, refresh }: Pick<SamlDeps, 'store' | 'gate' | 'refresh'>,
  given: {
    readonly form: SamlForm
    readonly institution: Institution
    readonly sp: VerifyContext['sp']
    /** What the browser's cookie holds. */
    readonly browser: string | undefined
    readonly now: number
  },
): Promise<SignedIn | TurnedAway> {
  const { form, institution, sp, browser, now } = given
  const verified = await believe({ store, refresh }, institution, (idps) => verifyResponse(form, { idps, sp, now }))
  const about = { institution: institution._id, id: verified.inResponseTo ?? '', browser }
  if (verified.kind === 'refused') return turnedAway(unbelieved(verified, institution), await findRequest(store, about))
  const disbelieved = (code: string, detail: string, request: SignInRequest | undefined) =>
    turnedAway(late(code, detail, verified, institution), request)

  const asked = await takeAsked(store, verified, institution, { browser, now })
  if (asked.kind === 'refused') return disbelieved('request', asked.detail, await findRequest(store, about))
  const { idp, assertionId, usableUntil } = verified
  const assertion = { institution: institution._id, issuer: idp.entityId, id: assertionId, until: usableUntil }
  if (!(await useAssertion(store, assertion))) return disbelieved('replay', 'the assertion was used before', asked.request)

  const admitted = await admitPerson(verified, institution, (change) => gate.submit(institution, change))
  if (admitted.kind === 'out') return turnedAway(admitted.refusal, asked.request)
  const secret = await remember(store, { admitted, verified, institution, now })
  return { kind: 'in', secret, admitted, idp: idp.entityId, ...(asked.request !== undefined && { request: asked.request }) }
}

function turnedAway(refusal: Refusal, request: SignInRequest | undefined): TurnedAway {
  return { kind: 'out', refusal, ...(request && { request }) }
}

/** Read once more where the key was unknown or what is known is over, and the identity provider's metadata has something new. */
async function believe(
  { store, refresh }: Pick<SamlDeps, 'store' | 'refresh'>,
  institution: Institution,
  read: (idps: readonly IdpSettings[]) => Verified | Refused,
): Promise<Verified | Refused> {
  const verified = read(idpsOf(institution.settings))
  if (verified.kind === 'ok' || !STALE.has(verified.code) || verified.issuer === undefined) return verified
  if (!(await refresh(institution, verified.issuer))) return verified
  const fresh = await getInstitution(store, institution._id)
  return fresh === undefined ? verified : read(idpsOf(fresh.settings))
}

/** Reasons that newer metadata may take away. */
const STALE: ReadonlySet<RefusalCode> = new Set(['key', 'metadata'])

type Asked = { readonly kind: 'ok'; readonly request?: SignInRequest } | { readonly kind: 'refused'; readonly detail: string }

/** The request that the response answers; none where the institution lets sign-ins begin at its identity provider. */
function takeAsked(
  store: Store,
  { idp, inResponseTo: id }: Verified,
  { _id: institution, settings: { saml = {} } }: Institution,
  by: { readonly browser: string | undefined; readonly now: number },
): Asked | Promise<Asked> {
  if (id !== undefined) return takeRequest(store, { institution, id, idp: idp.entityId, ...by })
  if (rulesFor(saml, idp).allowUnsolicited === true) return { kind: 'ok' }
  return {
    kind: 'refused',
    detail: 'nobody asked for it here, and a sign-in may not begin at the identity provider (setting saml.allowUnsolicited)',
  }
}

/** The session and its event, in one write. */
async function remember(
  store: Store,
  {
    admitted,
    verified,
    institution,
    now,
  }: { readonly admitted: Admitted; readonly verified: Verified; readonly institution: Institution; readonly now: number },
): Promise<string> {
  const { user, source, outcome } = admitted
  const until = verified.sessionNotOnOrAfter
  const { secret, session } = newSession({
    institution: institution._id,
    user: user._id,
    source,
    now,
    ...(until !== undefined && { until }),
  })
  const id = newId(now)
  const about = { kind: 'sign_in.accepted', at: now, source, credential: verified.idp.entityId, outcome }
  const event = { _id: id, institution: institution._id, version: id, subject: user._id, ...about }
  const [written] = await store.write([{ collection: 'sessions', op: 'insert', doc: session, events: [event] }])
  if (written?.kind !== 'ok') throw new Error(`a session could not be stored: ${written?.kind}`)
  return secret
}

/** What a person sees of it: a response that no identity provider would send, one that says no, one that is not for us. */
const FAILURE_OF: { readonly [code: string]: FailureKind } = {
  encoding: 'unreadable',
  xml: 'unreadable',
  structure: 'unreadable',
  status: 'declined',
}

function unbelieved({ code, detail, attributeNames, issuer }: Refused, { settings }: Institution): Refusal {
  // Strangers may call themselves anything; a name that is known tells the administrator where to look.
  const isKnown = idpsOf(settings).some(({ entityId }) => entityId === issuer)
  const about = isKnown && issuer !== undefined ? { idp: issuer } : {}
  return { ...about, failure: FAILURE_OF[code] ?? 'refused', code, detail, attributeNames }
}

function late(code: string, detail: string, verified: Verified, { settings }: Institution): Refusal {
  const { idp } = verified
  const about = { idp: idp.entityId, source: sourceOf(settings.saml ?? {}, idp), attributeNames: namesOf(verified) }
  return { failure: 'refused', code, detail, ...about }
}

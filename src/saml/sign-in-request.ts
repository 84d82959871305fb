/**
 * Sign-ins under way: what was asked of which identity provider, from which browser. Each is answered once, within a
 * quarter of an hour, by whoever was asked, to the browser that asked. Who comes later begins again, and still gets to
 * where it was to lead.
 */
import { hashOf } from '../auth/secrets.ts'
import { newId } from '../directory/ids.ts'
import type { Doc, Store } from '../store/store.ts'

const LASTS_MS = 15 * 60_000
export const REMEMBERED_MS = 60 * 60_000

export type SignInRequest = Doc & {
  /** `_id` is the ID of the AuthnRequest. */
  readonly idp: string
  /** SHA-256 of what the browser's cookie holds. */
  readonly browser: string
  /** Where the person wants to go: an address that the institution registered, or a path on this origin. */
  readonly returnTo?: string
  /** The platform's own word for this sign-in, which it gets back. */
  readonly state?: string
  /** Epoch milliseconds from which on no answer is taken. */
  readonly until: number
  readonly expires: number
}

export type Asked = {
  readonly institution: string
  readonly id: string
  /** Entity id. */
  readonly idp: string
  /** What the browser's cookie holds. */
  readonly browser: string
  readonly returnTo?: string
  readonly state?: string
  readonly now: number
}

export async function storeRequest(store: Store, { id, browser, now, ...asked }: Asked): Promise<void> {
  const head = { _id: id, version: newId(now), until: now + LASTS_MS, expires: now + REMEMBERED_MS }
  const doc: SignInRequest = { ...asked, ...head, browser: hashOf(browser) }
  const [result] = await store.write([{ collection: 'signInRequests', op: 'insert', doc }])
  if (result?.kind !== 'ok') throw new Error(`a sign-in request could not be stored: ${result?.kind}`)
}

export type Taken =
  | { readonly kind: 'ok'; readonly request: SignInRequest }
  | { readonly kind: 'refused'; readonly detail: string }

export type RequestOf = { readonly institution: string; readonly id: string; readonly browser: string | undefined }

/** Ours have 41 characters; what is not proven may be of any length. */
const LONGEST_ID = 256

/** What this browser asked, if it is not answered yet, also where it is too late to answer it. */
export async function findRequest(store: Store, { institution, id, browser }: RequestOf): Promise<SignInRequest | undefined> {
  if (browser === undefined || id.length > LONGEST_ID) return undefined
  const request = (await store.get('signInRequests', institution, id)) as SignInRequest | undefined
  return request?.browser === hashOf(browser) ? request : undefined
}

/** Of any number of callers with one id, one gets the request. A caller who may not have it leaves it where it is. */
export async function takeRequest(
  store: Store,
  by: RequestOf & {
    /** Who answers, by entity id. */
    readonly idp: string
    readonly now: number
  },
): Promise<Taken> {
  const { institution, id, idp, browser, now } = by
  const request = (await store.get('signInRequests', institution, id)) as SignInRequest | undefined
  if (request === undefined)
    return refused('no sign-in with this InResponseTo is under way here: it was used, is over, or never was')
  if (request.idp !== idp) return refused(`the sign-in was asked of ${request.idp}, and ${idp} answers it`)
  if (browser === undefined)
    return refused('the browser has no cookie of a sign-in: it was begun in another one, or cookies are off')
  if (request.browser !== hashOf(browser)) return refused('the sign-in was begun in another browser')
  if (now >= request.until) return refused('the sign-in was begun more than a quarter of an hour ago')
  const taken = (await store.take('signInRequests', institution, id)) as SignInRequest | undefined
  return taken === undefined ? refused('another copy of the response was faster') : { kind: 'ok', request: taken }
}

function refused(detail: string): Taken {
  return { kind: 'refused', detail }
}

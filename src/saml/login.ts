/**
 * GET /login: sends a person to an identity provider, which one being told by `idp` (its entity id), by `email`, or by the
 * person. `return` (or `RelayState`) is where to go afterwards, `state` what the platform wants back there.
 */

import { isSecret, newSecret } from '../auth/secrets.ts'
import type { Institution } from '../directory/institution.ts'
import type { IdpSettings } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import { BROWSER } from './browser.ts'
import type { SamlDeps } from './deps.ts'
import { PRIVATE_HEADERS } from './page.ts'
import { choicePage, postPage } from './pages.ts'
import type { Refusal } from './refusal-record.ts'
import { targetFor, wrongAddress } from './return-address.ts'
import { storeRequest } from './sign-in-request.ts'

const LONGEST_STATE = 512

/** @returns what the browser gets, or why nobody can sign in by this address */
export async function login(deps: SamlDeps, request: Request, institution: Institution): Promise<Response | Refusal> {
  const asked = new URL(request.url).searchParams
  const returnTo = asked.get('return') ?? asked.get('RelayState') ?? undefined
  const state = asked.get('state') ?? undefined
  const { returnUrls = [] } = institution.settings.saml ?? {}
  if (returnTo !== undefined && targetFor(returnTo, returnUrls) === undefined) return wrongAddress(returnTo)
  if (state !== undefined && state.length > LONGEST_STATE)
    return refusal('state', `state has more than ${LONGEST_STATE} characters`)
  const idps = idpsOf(institution.settings)
  if (idps.length === 0) return refusal('no_idp', 'the institution has no identity provider yet (setting saml.idps)')
  const choice = choose(idps, asked)
  if (choice.kind === 'unknown')
    return refusal('idp', 'the address names an identity provider that the institution does not have')
  if (choice.kind === 'open') return choicePage(institution, onwardsOf(returnTo, state), choice.unknownEmail)
  return sendOn(deps, request, { institution, idp: choice.idp, returnTo, state })
}

type Choice =
  | { readonly kind: 'idp'; readonly idp: IdpSettings }
  | { readonly kind: 'unknown' }
  /** The person has to say. */
  | { readonly kind: 'open'; readonly unknownEmail?: string }

function choose(idps: readonly IdpSettings[], asked: URLSearchParams): Choice {
  const entityId = asked.get('idp')
  if (entityId !== null) {
    const named = idps.find((idp) => idp.entityId === entityId)
    return named === undefined ? { kind: 'unknown' } : { kind: 'idp', idp: named }
  }
  const [only] = idps
  if (only !== undefined && idps.length === 1) return { kind: 'idp', idp: only }
  const email = asked.get('email')?.trim() ?? ''
  if (email === '') return { kind: 'open' }
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  const owner = idps.find(({ domains }) => domains?.some((one) => one.toLowerCase() === domain))
  return owner === undefined ? { kind: 'open', unknownEmail: email } : { kind: 'idp', idp: owner }
}

async function sendOn(
  { store, cookies, sp }: SamlDeps,
  request: Request,
  given: {
    readonly institution: Institution
    readonly idp: IdpSettings
    readonly returnTo: string | undefined
    readonly state: string | undefined
  },
): Promise<Response> {
  const { institution, idp, returnTo, state } = given
  const sent = cookies.get(BROWSER, request)
  // Kept as it is, so that sign-ins in several tabs do not disturb each other.
  const browser = sent !== undefined && isSecret(sent) ? sent : newSecret()
  const message = await sp.request(institution, idp)
  await storeRequest(store, {
    institution: institution._id,
    id: message.id,
    idp: idp.entityId,
    browser,
    ...(returnTo !== undefined && { returnTo }),
    ...(state !== undefined && { state }),
    now: Date.now(),
  })
  const cookie = cookies.set(BROWSER, browser)
  if (message.binding === 'post') return postPage(institution, idp, message, { 'set-cookie': cookie })
  return new Response(null, { status: 302, headers: { ...PRIVATE_HEADERS, location: message.url, 'set-cookie': cookie } })
}

/** Where a sign-in begins that leads there, as seen from beside it. */
export function loginAddress(returnTo: string | undefined, state: string | undefined): string {
  const onwards = onwardsOf(returnTo, state)
  return onwards.size === 0 ? 'login' : `login?${onwards}`
}

function onwardsOf(returnTo: string | undefined, state: string | undefined): URLSearchParams {
  return new URLSearchParams({ ...(returnTo !== undefined && { return: returnTo }), ...(state !== undefined && { state }) })
}

function refusal(code: string, detail: string): Refusal {
  return { failure: 'address', code, detail }
}

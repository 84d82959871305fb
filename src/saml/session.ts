/**
 * What a session is good for here: to see who one is, and to end it.
 */
import { endSession, findSession } from '../auth/sessions.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import type { Institution } from '../directory/institution.ts'
import type { User } from '../directory/user.ts'
import { readBody } from '../limits/body.ts'
import { sessionCookie } from './browser.ts'
import type { SamlDeps } from './deps.ts'
import { PRIVATE_HEADERS } from './page.ts'
import { notSignedInPage, signedInPage, signedOutPage } from './pages.ts'
import type { Refusal } from './refusal-record.ts'
import { targetFor, wrongAddress } from './return-address.ts'

export async function showSession({ store, cookies }: SamlDeps, request: Request, institution: Institution): Promise<Response> {
  const secret = cookies.get(sessionCookie(institution._id), request)
  const session = secret === undefined ? undefined : await findSession(store, institution._id, secret)
  const user = session && ((await store.get('users', institution._id, session.user)) as User | undefined)
  if (user === undefined || user.resource.active === false) return notSignedInPage(institution)
  const { first_name, last_name, email } = flatUserOf(user.resource)
  return signedInPage(institution, [first_name, last_name].filter(Boolean).join(' ') || String(email ?? user._id))
}

const MAX_BYTES = 16 * 1024

/**
 * Ends the session here, not the one at the identity provider: single logout is not offered, and a message of it is refused.
 * `return` is where to go afterwards.
 */
export async function logout(
  { store, cookies }: SamlDeps,
  request: Request,
  institution: Institution,
): Promise<Response | Refusal> {
  if (await holdsMessage(request))
    return {
      failure: 'address',
      code: 'single_logout',
      detail: 'single logout is not offered: set no logout address at the identity provider',
    }
  const returnTo = new URL(request.url).searchParams.get('return') ?? undefined
  const target = returnTo === undefined ? undefined : targetFor(returnTo, institution.settings.saml?.returnUrls ?? [])
  if (returnTo !== undefined && target === undefined) return wrongAddress(returnTo)
  const kind = sessionCookie(institution._id)
  const secret = cookies.get(kind, request)
  if (secret !== undefined) await endSession(store, institution._id, secret)
  const headers = { 'set-cookie': cookies.clear(kind) }
  if (target === undefined) return signedOutPage(institution, headers)
  const location = target.kind === 'local' ? target.path : target.url
  return new Response(null, { status: 303, headers: { ...PRIVATE_HEADERS, ...headers, location } })
}

async function holdsMessage(request: Request): Promise<boolean> {
  const fields = new URL(request.url).searchParams
  const body = request.method === 'POST' ? await readBody(request, MAX_BYTES) : undefined
  if (body !== undefined && body.kind !== 'ok') return true
  const posted = new URLSearchParams(body?.text ?? '')
  return [fields, posted].some((all) => all.has('SAMLRequest') || all.has('SAMLResponse'))
}

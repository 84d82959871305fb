/**
 * POST /acs, the assertion consumer service: a browser brings what the identity provider answered, and leaves with a
 * session for wherever it wanted to go.
 */
import type { Institution } from '../directory/institution.ts'
import type { SamlSettings } from '../directory/settings.ts'
import { BROWSER, sessionCookie } from './browser.ts'
import { issueCode } from './code.ts'
import type { SamlDeps } from './deps.ts'
import { readForm } from './form.ts'
import { loginAddress } from './login.ts'
import { PRIVATE_HEADERS } from './page.ts'
import type { Refusal } from './refusal-record.ts'
import type { Target } from './return-address.ts'
import { targetFor, withCode } from './return-address.ts'
import type { SignedIn } from './sign-in.ts'
import { signIn } from './sign-in.ts'
import type { SignInRequest } from './sign-in-request.ts'
import type { SamlForm } from './verify.ts'

/** Why nobody is signed in, with the status where it is not that of its kind. */
export type NotSignedIn = Refusal & {
  /** Where to begin again, for a sign-in that leads where this one would have led. */
  readonly again?: string
}

export async function consume(deps: SamlDeps, request: Request, institution: Institution): Promise<Response | NotSignedIn> {
  const read = await readForm(request)
  if (read.kind === 'refused') return { failure: 'unreadable', code: 'form', detail: read.detail, status: read.status }
  const now = Date.now()
  const browser = deps.cookies.get(BROWSER, request)
  const sp = await deps.sp.context(institution)
  const done = await signIn(deps, { form: read.form, institution, sp, browser, now })
  if (done.kind === 'out') return { ...done.refusal, again: againFor(institution, read.form, done.request) }
  const location = await whereTo(deps, institution, read.form, done, now)
  const cookie = deps.cookies.set(sessionCookie(institution._id), done.secret)
  return new Response(null, { status: 303, headers: { ...PRIVATE_HEADERS, location, 'set-cookie': cookie } })
}

function againFor({ settings }: Institution, { RelayState }: SamlForm, request: SignInRequest | undefined): string {
  const { returnUrls = [] } = settings.saml ?? {}
  const returnTo = request?.returnTo ?? RelayState
  const isOpen = returnTo !== undefined && targetFor(returnTo, returnUrls) !== undefined
  return loginAddress(isOpen ? returnTo : undefined, request?.state)
}

async function whereTo(
  deps: SamlDeps,
  institution: Institution,
  { RelayState }: SamlForm,
  { request, admitted, idp }: SignedIn,
  now: number,
): Promise<string> {
  const target = targetIn(institution.settings.saml ?? {}, request?.returnTo ?? RelayState)
  if (target === undefined)
    return `${new URL(deps.publicUrl).pathname.replace(/\/$/, '')}/institutions/${institution._id}/saml/signed-in`
  if (target.kind === 'local') return target.path
  const state = request?.state
  const about = { institution: institution._id, user: admitted.user._id, returnUrl: target.url, idp, state, now }
  return withCode(target.url, await issueCode(deps.store, about), state)
}

/** Whatever else was asked for, people end where the institution lets them end first. */
function targetIn({ returnUrls = [] }: SamlSettings, asked: string | undefined): Target | undefined {
  const target = asked === undefined ? undefined : targetFor(asked, returnUrls)
  const [first] = returnUrls
  return target ?? (first === undefined ? undefined : { kind: 'registered', url: first })
}

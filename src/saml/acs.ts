/**
 * POST /acs, the assertion consumer service: a browser brings what the identity provider answered, and leaves with a
 * session for wherever it wanted to go.
 */
import type { Institution, SamlSettings } from '../directory/institution.ts'
import { BROWSER, sessionCookie } from './browser.ts'
import { issueCode } from './code.ts'
import type { SamlDeps } from './deps.ts'
import { readForm } from './form.ts'
import { PRIVATE_HEADERS } from './page.ts'
import type { Refusal } from './refusal-record.ts'
import type { Target } from './return-address.ts'
import { targetFor, withCode } from './return-address.ts'
import type { SignedIn } from './sign-in.ts'
import { signIn } from './sign-in.ts'
import type { SamlForm } from './verify.ts'

/** @returns what the browser gets, or why nobody is signed in, with the status where it is not that of its kind */
export async function consume(deps: SamlDeps, request: Request, institution: Institution): Promise<Response | Refusal> {
  const read = await readForm(request)
  if (read.kind === 'refused') return { failure: 'unreadable', code: 'form', detail: read.detail, status: read.status }
  const now = Date.now()
  const browser = deps.cookies.get(BROWSER, request)
  const sp = await deps.sp.context(institution)
  const done = await signIn(deps, { form: read.form, institution, sp, browser, now })
  if (done.kind === 'out') return done.refusal
  const location = await whereTo(deps, institution, read.form, done, now)
  const cookie = deps.cookies.set(sessionCookie(institution._id), done.secret)
  return new Response(null, { status: 303, headers: { ...PRIVATE_HEADERS, location, 'set-cookie': cookie } })
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
  const about = { institution: institution._id, user: admitted.user._id, returnUrl: target.url, idp, now }
  return withCode(target.url, await issueCode(deps.store, about), request?.state)
}

/** Whatever else was asked for, people end where the institution lets them end first. */
function targetIn({ returnUrls = [] }: SamlSettings, asked: string | undefined): Target | undefined {
  const target = asked === undefined ? undefined : targetFor(asked, returnUrls)
  const [first] = returnUrls
  return target ?? (first === undefined ? undefined : { kind: 'registered', url: first })
}

/**
 * POST /token: the platform behind this server exchanges the code of a sign-in for a signed statement of who it was
 * (RFC 7519), with the fields that it asks for. It shows a token of scope `api`, as it does for REST.
 */
import { issuerOf } from '../auth/access-tokens.ts'
import { FIELDS, fieldNamed } from '../directory/fields.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import type { Institution } from '../directory/institution.ts'
import { isList, isObject } from '../directory/json.ts'
import { didYouMean } from '../directory/near-miss.ts'
import type { Json, User } from '../directory/user.ts'
import type { BodyRefusal } from '../limits/body.ts'
import { readBody, refusalOf } from '../limits/body.ts'
import { problemDocument } from '../problem-document.ts'
import { StoreError } from '../store/store.ts'
import type { SignInCode } from './code.ts'
import { takeCode } from './code.ts'
import type { SamlDeps } from './deps.ts'
import { PRIVATE_HEADERS } from './page.ts'

/** What the token says it is: no token for another use passes for it (RFC 8725 3.11). */
const TOKEN_TYPE = 'sign-in+jwt'
const TOKEN_SECONDS = 300
const MAX_BYTES = 16 * 1024

type Wanted = { readonly code: string; readonly returnUrl: string; readonly fields: readonly string[] }

export async function exchangeCode(deps: SamlDeps, request: Request, id: string): Promise<Response> {
  const caller = await deps.admit(request, id)
  if (caller.kind === 'refused') return problem(caller.status, caller.detail, caller.headers)
  const wanted = await wantedIn(request)
  if ('status' in wanted) return problem(wanted.status, wanted.detail, wanted.headers)
  const code = await takeCode(deps.store, id, wanted.code)
  if (code === undefined || code.returnUrl !== wanted.returnUrl) return problem(400, WRONG_CODE)
  const user = (await deps.store.get('users', id, code.user)) as User | undefined
  if (user === undefined || user.resource.active === false) return problem(400, 'the person is no longer active')
  const token = await signed(deps, caller.institution, { code, user, fields: wanted.fields })
  return Response.json({ token, expires_in: TOKEN_SECONDS }, { headers: PRIVATE_HEADERS })
}

/** The answer to a failure of our own. */
export function exchangeFailed(error: unknown): Response {
  if (error instanceof StoreError) return problem(503, 'the server cannot do this now: try again', { 'retry-after': '5' })
  return problem(500, 'the server failed; the failure has been recorded')
}

/** Which of them it is helps nobody but a thief. */
const WRONG_CODE = 'the code was used, is older than a minute, was sent to another return_url, or never was'

function signed(
  { signingKeys, publicUrl }: SamlDeps,
  { _id }: Institution,
  { code, user, fields }: { readonly code: SignInCode; readonly user: User; readonly fields: readonly string[] },
): Promise<string> {
  const flat = flatUserOf(user.resource)
  const known = fields.filter((field) => Object.hasOwn(flat, field)).map((field) => [field, flat[field]])
  const claims = {
    iss: issuerOf(publicUrl, _id),
    aud: code.returnUrl,
    sub: user._id,
    auth_time: Math.floor(code.signedInAt / 1000),
    idp: code.idp,
    // The address can be put together by anybody; that the code belongs to this sign-in is said here.
    ...(code.state !== undefined && { state: code.state }),
    user: Object.fromEntries(known),
  }
  return signingKeys.sign(claims, { type: TOKEN_TYPE, seconds: TOKEN_SECONDS })
}

type Bad = {
  readonly status: BodyRefusal['status'] | 422
  readonly detail: string
  readonly headers?: BodyRefusal['headers']
}

async function wantedIn(request: Request): Promise<Wanted | Bad> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^\s*application\/json\s*(;|$)/i.test(type)) return { status: 415, detail: 'the body must be application/json in UTF-8' }
  const body = await readBody(request, MAX_BYTES)
  if (body.kind !== 'ok') return refusalOf(body)
  const sent = parsed(body.text)
  if (!isObject(sent)) return { status: 400, detail: 'the body is no JSON object' }
  const { code, return_url: returnUrl, fields = [], ...rest } = sent
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return { status: 422, detail: `there is no member "${unknown}"${didYouMean(unknown, MEMBERS)}` }
  if (typeof code !== 'string') return { status: 422, detail: 'code is missing: what the person came back with' }
  if (typeof returnUrl !== 'string')
    return { status: 422, detail: 'return_url is missing: the address to which the person came back' }
  if (!isList(fields)) return { status: 422, detail: 'fields should be a list, for example ["email", "first_name"]' }
  const names = fields.map(String)
  const wrong = names.find((name) => fieldNamed(name)?.name !== name)
  if (wrong !== undefined)
    return {
      status: 422,
      detail: `there is no field "${wrong}"${didYouMean(
        wrong,
        FIELDS.map(({ name }) => name),
      )}`,
    }
  return { code, returnUrl, fields: names }
}

const MEMBERS = ['code', 'return_url', 'fields'] as const

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const TITLES = {
  400: 'The code cannot be exchanged',
  401: 'A valid bearer token is needed',
  403: 'This is not allowed',
  408: 'The body did not arrive in time',
  413: 'The body is too large',
  415: 'The body is of a type that is not read here',
  422: 'Something in the body cannot be taken',
  429: 'Too many requests',
  500: 'Internal Server Error',
  503: 'The server cannot do this now',
} as const

function problem(status: keyof typeof TITLES, detail: string, headers: { readonly [name: string]: string } = {}): Response {
  return problemDocument({ title: TITLES[status], status, detail }, { ...PRIVATE_HEADERS, ...headers })
}

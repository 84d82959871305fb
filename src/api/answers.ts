/**
 * Answers as data, and the one table of what can be wrong with a request: problem documents (RFC 9457) that tell the
 * caller what to mend and nothing about the inside.
 */
import type { Problem } from '../directory/change.ts'
import type { StoreError } from '../store/store.ts'

export type Answer = {
  readonly status: number
  readonly body: { readonly [member: string]: unknown }
  /** Where the body is a problem document. */
  readonly problem?: ProblemCode
  readonly headers?: { readonly [name: string]: string }
}

export const PROBLEMS = {
  malformed: { status: 400, title: 'The body cannot be read' },
  query: { status: 400, title: 'The query cannot be understood' },
  too_slow: { status: 400, title: 'This question would take too long' },
  idempotency_key: { status: 400, title: 'The Idempotency-Key cannot be used' },
  unauthorized: { status: 401, title: 'A valid bearer token is needed' },
  denied: { status: 403, title: 'This is not allowed' },
  not_found: { status: 404, title: 'There is no such thing' },
  method: { status: 405, title: 'This method is not served here' },
  body_late: { status: 408, title: 'The body did not arrive in time' },
  conflict: { status: 409, title: 'The keys belong to somebody else' },
  in_progress: { status: 409, title: 'A request with this Idempotency-Key is still under way' },
  erased: { status: 410, title: 'What was answered to this Idempotency-Key has been erased' },
  stale: { status: 412, title: 'The record has changed in the meantime' },
  too_large: { status: 413, title: 'The body is too large' },
  media_type: { status: 415, title: 'The body is of a type that is not read here' },
  invalid: { status: 422, title: 'Some fields cannot be taken' },
  key_reused: { status: 422, title: 'This Idempotency-Key belongs to another request' },
  limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'The server failed; the failure has been recorded' },
  unavailable: { status: 503, title: 'The server cannot do this now: try again' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>

export type ProblemCode = keyof typeof PROBLEMS

export function answer(status: number, body: Answer['body'], headers: Answer['headers'] = {}): Answer {
  return { status, body, headers }
}

/** @param more members beside those of RFC 9457: `outcome`, `problems`, `limit` … */
export function problem(
  code: ProblemCode,
  detail?: string,
  more: { readonly [member: string]: unknown } = {},
  headers: Answer['headers'] = {},
): Answer {
  const { status, title } = PROBLEMS[code]
  return { status, body: { title, status, ...(detail === undefined ? {} : { detail }), ...more }, problem: code, headers }
}

const MOST_SAID = 3

/** All that is wrong in one sentence: the first things, and how many more there are. */
export function saidOf(problems: readonly Problem[]): string {
  const said = problems.slice(0, MOST_SAID).map(({ message }) => message)
  const rest = problems.length - said.length
  return said.join('; ') + (rest > 0 ? `; and ${rest} more` : '')
}

/** What a failure of the store looks like from outside. */
export function problemOfStore({ fault }: StoreError): Answer {
  if (fault === 'tooSlow') return problem('too_slow', 'ask for less: a match key, or fewer fields at once')
  return problem('unavailable', undefined, {}, { 'retry-after': '5' })
}

/**
 * Built once with all its headers, since a later change of headers costs the server its short way to the socket.
 * @param base URL of the institution's REST endpoint: its pages say what each type of problem means
 */
export function responseOf({ status, body, problem: code, headers }: Answer, base: string): Response {
  const type = code === undefined ? 'application/json' : 'application/problem+json'
  const text = JSON.stringify(code === undefined ? body : { type: `${base}/docs#${code}`, ...body })
  return new Response(text, { status, headers: { 'content-type': type, ...headers } })
}

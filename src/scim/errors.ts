/**
 * SCIM errors (RFC 7644, section 3.12): one table of codes, and the one place where an outcome becomes an answer.
 * A detail tells the caller what to mend; it never shows another person's data or the inside of the server.
 */
import type { Outcome, Problem, Refusal } from '../directory/change.ts'
import type { StoreError } from '../store/store.ts'

const ERROR_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error'

const ERRORS = {
  invalidCursor: { status: 400, scimType: 'invalidCursor', say: 'the cursor cannot be read' },
  expiredCursor: { status: 400, scimType: 'expiredCursor', say: 'the cursor is too old: begin again with an empty one' },
  invalidCount: { status: 400, scimType: 'invalidCount', say: 'count must be a whole number' },
  invalidFilter: { status: 400, scimType: 'invalidFilter', say: 'the filter cannot be read' },
  sensitive: { status: 403, scimType: 'sensitive', say: 'this must not be asked for in a URL' },
  tooMany: { status: 400, scimType: 'tooMany', say: 'this question would take too long: narrow the filter' },
  uniqueness: { status: 409, scimType: 'uniqueness', say: 'another user already has this value' },
  mutability: { status: 400, scimType: 'mutability', say: 'this attribute cannot be changed' },
  invalidSyntax: { status: 400, scimType: 'invalidSyntax', say: 'the body is not what this request needs' },
  invalidPath: { status: 400, scimType: 'invalidPath', say: 'the path cannot be read' },
  noTarget: { status: 400, scimType: 'noTarget', say: 'the path leads to nothing that could be changed' },
  invalidValue: { status: 400, scimType: 'invalidValue', say: 'a value is missing or of the wrong kind' },
  unauthorized: { status: 401, say: 'a valid bearer token is needed' },
  forbidden: { status: 403, say: 'this is not allowed' },
  notFound: { status: 404, say: 'there is no such resource' },
  methodNotAllowed: { status: 405, say: 'this method is not served here' },
  tooSlow: { status: 408, say: 'the body did not arrive in time' },
  unresolved: { status: 409, say: 'a reference could not be resolved' },
  stale: { status: 412, say: 'the resource is there in another version than If-Match or If-None-Match wants' },
  tooLarge: { status: 413, say: 'the body is too large' },
  mediaType: { status: 415, say: 'the body must be application/scim+json or application/json in UTF-8' },
  limited: { status: 429, say: 'too many requests: wait before the next one' },
  internal: { status: 500, say: 'the server failed; the failure has been recorded' },
  notImplemented: { status: 501, say: 'this is not supported' },
  unavailable: { status: 503, say: 'the server cannot do this now: try again' },
} as const satisfies Record<string, { readonly status: number; readonly scimType?: string; readonly say: string }>

export type ScimCode = keyof typeof ERRORS

/** What is wrong with a request, with the headers that belong to the answer (`Retry-After`, `Allow`, a challenge). */
export class ScimProblem {
  readonly code: ScimCode
  readonly detail: string
  readonly headers: { readonly [name: string]: string }
  constructor(code: ScimCode, detail?: string, headers: { readonly [name: string]: string } = {}) {
    this.code = code
    this.detail = detail ?? ERRORS[code].say
    this.headers = headers
  }

  get status(): number {
    return ERRORS[this.code].status
  }
}

/** The body of an error: `status` is a string (RFC 7644, section 3.12). */
export function errorBody(problem: ScimProblem): string {
  return JSON.stringify(errorOf(problem))
}

export function errorOf(problem: ScimProblem): object {
  const entry: { readonly status: number; readonly scimType?: string } = ERRORS[problem.code]
  const { scimType } = entry
  return {
    schemas: [ERROR_SCHEMA],
    status: String(entry.status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: problem.detail,
  }
}

/** What a change that was not made looks like over SCIM. */
export function problemOf(outcome: Exclude<Outcome, { readonly kind: 'created' | 'updated' | 'unchanged' }>): ScimProblem {
  switch (outcome.kind) {
    case 'conflict':
      return new ScimProblem('uniqueness', CONFLICTS[outcome.code](outcome.key))
    case 'invalid':
      return problemIn(outcome.problems)
    case 'denied':
      return new ScimProblem('forbidden', sayAll(outcome.problems))
    case 'missing':
      return new ScimProblem('notFound', 'there is no such user')
    case 'stale':
      return new ScimProblem('stale')
    case 'busy':
      return new ScimProblem('unavailable', 'others are changing this user: try again', { 'retry-after': '1' })
    default:
      return outcome satisfies never
  }
}

/** What a failure of the store looks like over SCIM. */
export function problemOfStore(error: StoreError): ScimProblem {
  if (error.fault === 'tooSlow') return new ScimProblem('tooMany')
  return new ScimProblem('unavailable', undefined, { 'retry-after': '5' })
}

/** The faults of a body or a value as one problem: its code is that of the first. */
export function problemIn(faults: readonly Problem[]): ScimProblem {
  return new ScimProblem(codeOf(faults), sayAll(faults))
}

/** A problem in the words of the core: for edits, which refuse without knowing HTTP. */
export function refusalOf(problem: ScimProblem): Refusal {
  return { kind: 'invalid', problems: [{ code: problem.code, message: problem.detail }] }
}

const CONFLICTS = {
  exists: (key: string) => `this client already has an active user with this ${key}`,
  key_conflict: (key: string) => `another user already has this ${key}`,
  key_disagrees: (key: string) => `this ${key} is known, but as that of another person: it may have been given anew`,
  key_held: (key: string) => `this ${key} belongs to a user who has been inactive for long: it must be freed first`,
} as const

function codeOf(problems: readonly Problem[]): ScimCode {
  const code = problems[0]?.code ?? ''
  return isScimCode(code) && ERRORS[code].status === 400 ? code : 'invalidValue'
}

function isScimCode(code: string): code is ScimCode {
  return Object.hasOwn(ERRORS, code)
}

const MAX_SAID = 10

function sayAll(problems: readonly Problem[]): string | undefined {
  if (problems.length === 0) return undefined
  const said = problems
    .slice(0, MAX_SAID)
    .map(({ field, message }) => (field === undefined || message.includes(field) ? message : `${field}: ${message}`))
  const rest = problems.length - said.length
  return said.join('; ') + (rest > 0 ? `; and ${rest} more` : '')
}

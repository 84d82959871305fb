/**
 * Answers: each Response is built once, with all its headers, since a later change of headers costs the server its
 * short way to the socket.
 */
import type { ScimProblem } from './errors.ts'
import { errorBody } from './errors.ts'

export type MediaType = 'application/scim+json' | 'application/json'

type HeaderValues = { readonly [name: string]: string }

/** `application/json` for those who ask for it and not for SCIM's own (RFC 7644, section 3.8). */
export function mediaTypeFor(accept: string | null): MediaType {
  if (accept === null || accept === 'application/scim+json') return 'application/scim+json'
  const asked = accept.toLowerCase()
  return asked.includes('application/json') && !asked.includes('application/scim+json')
    ? 'application/json'
    : 'application/scim+json'
}

/** JSON, as text or in UTF-8. */
export type Body = string | Buffer<ArrayBuffer>

export function answer(status: number, body: Body, type: MediaType, headers: HeaderValues = {}): Response {
  return new Response(body, { status, headers: { 'content-type': type, ...headers } })
}

export function emptyAnswer(status: 204 | 304, headers: HeaderValues = {}): Response {
  return new Response(null, { status, headers })
}

export function problemAnswer(problem: ScimProblem, type: MediaType): Response {
  return new Response(errorBody(problem), { status: problem.status, headers: { 'content-type': type, ...problem.headers } })
}

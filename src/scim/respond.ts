/**
 * Answers: each Response is built once, with all its headers, since a later change of headers costs the server its
 * short way to the socket.
 */
import type { ScimProblem } from './errors.ts'
import { errorBody } from './errors.ts'

export type MediaType = 'application/scim+json' | 'application/json'

type HeaderValues = { readonly [name: string]: string }

/**
 * `application/json` for those who would rather have it than SCIM's own, which is for everybody else (RFC 7644, section
 * 3.8): also for those who ask for something else, since an answer helps more than a refusal (RFC 9110, section 12.5.1).
 */
export function mediaTypeFor(accept: string | null): MediaType {
  if (accept === null || accept === 'application/scim+json') return 'application/scim+json'
  const asked = accept.toLowerCase().split(',')
  return weightOf('application/json', asked) > weightOf('application/scim+json', asked)
    ? 'application/json'
    : 'application/scim+json'
}

/** From 0 to 1; a range such as `application/*` says nothing of what is named by itself. */
function weightOf(type: MediaType, asked: readonly string[]): number {
  for (const range of [type, 'application/*', '*/*']) {
    const found = asked.find((one) => one.split(';')[0]?.trim() === range)
    if (found !== undefined) return Number(/;\s*q\s*=\s*([\d.]+)/.exec(found)?.[1] ?? 1)
  }
  return 0
}

/** JSON, as text or in UTF-8. */
export type Body = string | Buffer<ArrayBuffer>

export function answer(status: number, body: Body, type: MediaType, headers: HeaderValues = {}): Response {
  return new Response(body, { status, headers: { 'content-type': type, ...headers } })
}

/** So much is gathered before an answer becomes a stream. */
const MAX_WHOLE = 64 * 1024

/**
 * An answer that may be of any length: a short one goes out whole, a long one piece by piece as the client reads it.
 * A failure behind the first pieces ends the connection, since the status is gone by then.
 * @param failed is told of such a failure
 */
export async function flowingAnswer(
  status: number,
  pieces: AsyncGenerator<string, void>,
  type: MediaType,
  headers: HeaderValues,
  failed: (error: unknown) => void,
): Promise<Response> {
  let text = ''
  while (text.length <= MAX_WHOLE) {
    const next = await pieces.next()
    if (next.done) return answer(status, text, type, headers)
    text += next.value
  }
  const utf8 = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(utf8.encode(text)),
    async pull(controller) {
      try {
        const next = await pieces.next()
        if (next.done) controller.close()
        else controller.enqueue(utf8.encode(next.value))
      } catch (error) {
        failed(error)
        throw error
      }
    },
    async cancel() {
      await pieces.return()
    },
  })
  return new Response(stream, { status, headers: { 'content-type': type, ...headers } })
}

/** Says that the wish for no body was followed (RFC 7240, section 3). */
export const MINIMAL = { 'preference-applied': 'return=minimal' } as const

export function emptyAnswer(status: 201 | 204 | 304, headers: HeaderValues = {}): Response {
  return new Response(null, { status, headers })
}

export function problemAnswer(problem: ScimProblem, type: MediaType): Response {
  return new Response(errorBody(problem), { status: problem.status, headers: { 'content-type': type, ...problem.headers } })
}

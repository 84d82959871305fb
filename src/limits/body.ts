/**
 * Reads the body of a request up to a limit, and not a byte more into memory; and no longer than it may take, since the
 * server itself lets a body come as slowly as it likes (a stream of people takes its time).
 */
import { inTime } from './in-time.ts'

/** For one resource; lists of them (bulk, batch) announce a limit of their own. */
export const MAX_BODY_BYTES = 1024 * 1024

const MAX_BODY_MS = 60_000

export type Body =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'tooLarge'; readonly maxBytes: number }
  /** Not UTF-8, the one encoding of JSON between systems (RFC 8259 section 8.1). */
  | { readonly kind: 'notText' }
  | { readonly kind: 'tooSlow' }
  /** As it stands it would mean something else, or nothing. */
  | { readonly kind: 'packed' }

export type UnreadBody = Exclude<Body, { readonly kind: 'ok' }>

/** What is told of a body that was not read, in HTTP and in words. */
export type BodyRefusal = {
  readonly status: 400 | 408 | 413 | 415
  readonly detail: string
  readonly headers: { readonly [name: string]: string }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

export async function readBody(request: Request, maxBytes = MAX_BODY_BYTES, maxMs = MAX_BODY_MS): Promise<Body> {
  if (isPacked(request)) return { kind: 'packed' }
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) > maxBytes) return { kind: 'tooLarge', maxBytes }
  // An HTTP/1.1 server holds a sender to the length it announced; only what comes in chunks has to be counted.
  const bytes = await inTime<ArrayBuffer | Uint8Array | undefined>(
    announced === null ? readCounted(request, maxBytes) : request.arrayBuffer(),
    maxMs,
  )
  if (bytes === 'late') return { kind: 'tooSlow' }
  if (bytes === undefined || bytes.byteLength > maxBytes) return { kind: 'tooLarge', maxBytes }
  try {
    return { kind: 'ok', text: utf8.decode(bytes) }
  } catch {
    return { kind: 'notText' }
  }
}

/** Whether the body has a coding (RFC 9110, section 8.4). Here none is undone: a little that is packed can be very much. */
export function isPacked({ headers }: Request): boolean {
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return coding !== '' && coding !== 'identity'
}

/** @param what the body is, as the sender knows it */
export function refusalOf(unread: UnreadBody, what = 'the body'): BodyRefusal {
  const refused = (status: BodyRefusal['status'], says: string, headers = {}) => ({ status, detail: `${what} ${says}`, headers })
  switch (unread.kind) {
    case 'tooLarge':
      return refused(413, `may have ${unread.maxBytes} bytes at most`)
    case 'tooSlow':
      return refused(408, 'did not arrive in time')
    case 'notText':
      return refused(400, 'is not UTF-8')
    case 'packed':
      return refused(415, 'must come as it is, without a Content-Encoding', { 'accept-encoding': 'identity' })
    default:
      return unread satisfies never
  }
}

/** @returns undefined as soon as there is more than the limit: the rest is not read */
async function readCounted(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  if (request.body === null) return new Uint8Array()
  // Whoever serves takes the rest, or ends the connection once the answer is out: to cancel here ends it before.
  for await (const chunk of request.body.values({ preventCancel: true })) {
    length += chunk.byteLength
    if (length > maxBytes) return
    chunks.push(chunk)
  }
  return joined(chunks, length)
}

/** The chunks as one; a single one is not copied. @param length of all together, in bytes */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

/**
 * One request to the server under test and its answer, within a time limit.
 * A server that hangs, breaks off or never stops sending is an answer too: `silence`, with the reason.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Step } from './dialogue.ts'
import type { Json } from './json.ts'
import { parseJson } from './json.ts'

export type Target = {
  /** The SCIM base, without a slash at its end. */
  readonly base: string
  /** The bearer token, or where to get one that is still good. */
  readonly token: string | (() => Promise<string>)
  readonly apiToken?: string
  /** Names of what is made on the server begin with it. */
  readonly mark: string
  /** For one request, with its answer. */
  readonly timeoutMs: number
  readonly fetch: typeof fetch
  /** Ends what is under way. */
  readonly signal?: AbortSignal
}

/** What of a step is sent. */
export type Request = Pick<Step, 'method' | 'path' | 'here' | 'encode' | 'auth' | 'headers' | 'body'>

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined when the body is no JSON. */
  readonly json: Json | undefined
}

export type Silence = {
  readonly silence: string
  /** Whether the connection was closed without an answer. */
  readonly isCutOff: boolean
}

const MAX_BODY_BYTES = 64 * 1024 * 1024
const PATIENCE = { tries: 5, maxSeconds: 30 }

/**
 * Sends a request; where the server asks for patience (429 or 503 with Retry-After), again after as long as it says.
 * What only reads is also sent again, once, where the server closed one that had been kept
 * open, as it may at any time (RFC 9112, section 9.3.1).
 */
export async function exchange(target: Target, request: Request): Promise<Answer | Silence> {
  for (let tries = 1; ; tries++) {
    const answer = await send(target, request)
    if (tries === 1 && 'silence' in answer && answer.isCutOff && request.method === 'GET') continue
    const seconds = 'silence' in answer ? undefined : patienceOf(answer)
    if (seconds === undefined || tries >= PATIENCE.tries || target.signal?.aborted) return answer
    await wait(seconds * 1000, undefined, target.signal ? { signal: target.signal } : {}).catch(() => undefined)
  }
}

function patienceOf({ status, headers }: Answer): number | undefined {
  const seconds = Number.parseFloat(headers.get('retry-after') ?? '')
  return (status === 429 || status === 503) && seconds >= 0 ? Math.min(seconds, PATIENCE.maxSeconds) : undefined
}

async function send(target: Target, request: Request): Promise<Answer | Silence> {
  const limits = [AbortSignal.timeout(target.timeoutMs), ...(target.signal ? [target.signal] : [])]
  try {
    const response = await target.fetch(addressOf(target.base, request), {
      method: request.method,
      headers: await headersOf(target, request),
      redirect: 'manual',
      signal: AbortSignal.any(limits),
      ...(request.body === undefined ? {} : { body: bodyOf(request.body) }),
    })
    const text = await readText(response)
    return { status: response.status, headers: response.headers, text, json: parseJson(text) }
  } catch (error) {
    return { silence: reasonOf(error, target.timeoutMs), isCutOff: isCutOff(error) }
  }
}

/** Where a request goes: relative to the base, its query encoded unless it is to go as written. */
export function addressOf(base: string, { path, here, encode }: Request): string {
  if (here) {
    const there = new URL(path, base)
    return new URL(base).origin + there.pathname + there.search
  }
  const absolute = /^https?:/.test(path)
  if (encode === 'none') return absolute ? path : base + path
  const [, before = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(path) ?? []
  const place = absolute ? before : new URL(before.replace(/^\//, ''), `${base}/`).href
  return query === undefined ? place : `${place}?${encodeQuery(query, encode)}`
}

function encodeQuery(query: string, encode: 'plus' | undefined): string {
  const pairs = query.split('&').map((pair) => {
    const [, name = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(pair) ?? []
    return value === undefined ? encodeURIComponent(name) : `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  })
  return encode === 'plus' ? pairs.join('&').replaceAll('%20', '+') : pairs.join('&')
}

async function headersOf(target: Target, { auth, headers, body }: Request): Promise<Headers> {
  const all = new Headers({ accept: 'application/scim+json', ...headers })
  if (body !== undefined && !all.has('content-type')) all.set('content-type', 'application/scim+json; charset=utf-8')
  const credentials = await credentialsOf(target, auth)
  if (credentials !== undefined) all.set('authorization', credentials)
  return all
}

async function credentialsOf({ token, apiToken }: Target, auth: Request['auth']): Promise<string | undefined> {
  const own = async () => (typeof token === 'string' ? token : token())
  switch (auth) {
    case 'none':
      return undefined
    case 'bad':
      return 'Bearer a-token-that-nobody-ever-issued'
    case 'api':
      return `Bearer ${apiToken ?? (await own())}`
    case 'lower':
      return `bearer ${await own()}`
    case undefined:
      return `Bearer ${await own()}`
    default:
      return auth satisfies never
  }
}

function bodyOf(body: Json): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error(`more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const CUT_OFF: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

function isCutOff(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && CUT_OFF.has(cause.code)
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `nothing within ${timeoutMs} ms`
  if (error.name === 'AbortError') return 'interrupted'
  const cause = error.cause instanceof Error ? error.cause : error
  return 'code' in cause && cause.message === '' ? String(cause.code) : cause.message
}

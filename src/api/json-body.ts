/**
 * The body of a request: JSON in UTF-8, up to a limit, or the answer that says what is wrong with it.
 */
import { readJsonText } from '../directory/json-text.ts'
import type { UnreadBody } from '../limits/body.ts'
import { isPacked, readBody, refusalOf } from '../limits/body.ts'
import type { Answer, ProblemCode } from './answers.ts'
import { problem } from './answers.ts'

export type JsonBody =
  | { readonly kind: 'ok'; readonly text: string; readonly value: unknown }
  | { readonly kind: 'bad'; readonly answer: Answer }

const MEDIA_TYPE = /^\s*([^;\s]*)\s*(?:;(.*))?$/
const CHARSET = /(?:^|;)\s*charset\s*=\s*"?([^";\s]*)/i

export async function readJson(request: Request, maxBytes: number): Promise<JsonBody> {
  if (!isOfType(request, JSON_TYPES)) return bad(problem('media_type', 'the body must be application/json in UTF-8'))
  const read = await readBody(request, maxBytes)
  return read.kind === 'ok' ? parsed(read.text) : bad(unreadBody(read))
}

const UNREAD: { readonly [kind in UnreadBody['kind']]: ProblemCode } = {
  tooLarge: 'too_large',
  tooSlow: 'body_late',
  notText: 'malformed',
  packed: 'media_type',
}

function unreadBody(unread: UnreadBody): Answer {
  const { detail, headers } = refusalOf(unread)
  const limit = unread.kind === 'tooLarge' ? { limit: unread.maxBytes, unit: 'bytes' } : {}
  return problem(UNREAD[unread.kind], detail, limit, headers)
}

/** What to say to a packed body that is not read as a whole. */
export function packedBody(request: Request): Answer | undefined {
  return isPacked(request) ? unreadBody({ kind: 'packed' }) : undefined
}

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'text/json'])
const NDJSON_TYPES: ReadonlySet<string> = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl'])

export function isNdjson(request: Request): boolean {
  return isOfType(request, NDJSON_TYPES)
}

/** A request without a type is taken for JSON. */
function isOfType(request: Request, types: ReadonlySet<string>): boolean {
  const header = request.headers.get('content-type')
  if (header === null) return types === JSON_TYPES
  const [, type = '', parameters = ''] = MEDIA_TYPE.exec(header) ?? []
  const charset = CHARSET.exec(parameters)?.[1]?.toLowerCase()
  const isUtf8 = charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii'
  return types.has(type.toLowerCase()) && isUtf8
}

function parsed(text: string): JsonBody {
  if (text.trim() === '') return bad(problem('malformed', 'the body is empty'))
  const read = readJsonText(text)
  return read.kind === 'ok' ? { ...read, text } : bad(problem('malformed', `the body ${read.message}`))
}

function bad(answer: Answer): JsonBody {
  return { kind: 'bad', answer }
}

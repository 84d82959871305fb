/**
 * The body of a request: JSON in UTF-8, up to a limit, or the problem that says what is wrong with it.
 */
import { nestingFault } from '../directory/json-text.ts'
import type { UnreadBody } from '../limits/body.ts'
import { MAX_BODY_BYTES, readBody, refusalOf } from '../limits/body.ts'
import type { ScimCode } from './errors.ts'
import { ScimProblem } from './errors.ts'

const MEDIA_TYPE = /^\s*(?:application\/(?:scim\+)?json)\s*(?:;(.*))?$/i
const CHARSET = /(?:^|;)\s*charset\s*=\s*"?([^";\s]*)/i

/** @param maxBytes for one resource unless something else is said */
export async function readJson(request: Request, maxBytes = MAX_BODY_BYTES): Promise<{ readonly body: unknown } | ScimProblem> {
  if (!isJson(request.headers.get('content-type'))) return new ScimProblem('mediaType')
  const read = await readBody(request, maxBytes)
  if (read.kind !== 'ok') {
    const { detail, headers } = refusalOf(read)
    return new ScimProblem(UNREAD[read.kind], detail, headers)
  }
  if (read.text.trim() === '') return new ScimProblem('invalidSyntax', 'the body is empty')
  const fault = nestingFault(read.text)
  if (fault !== undefined) return new ScimProblem('invalidSyntax', `the body ${fault}`)
  try {
    return { body: JSON.parse(read.text) }
  } catch {
    return new ScimProblem('invalidSyntax', 'the body is not JSON')
  }
}

const UNREAD: { readonly [kind in UnreadBody['kind']]: ScimCode } = {
  tooLarge: 'tooLarge',
  tooSlow: 'tooSlow',
  notText: 'invalidSyntax',
  packed: 'mediaType',
}

/** A request without a type is taken for JSON. */
function isJson(contentType: string | null): boolean {
  if (contentType === null) return true
  const match = MEDIA_TYPE.exec(contentType)
  if (match === null) return false
  const charset = CHARSET.exec(match[1] ?? '')?.[1]?.toLowerCase()
  return charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii'
}

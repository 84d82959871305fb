/**
 * The body of a request: JSON in UTF-8, up to a limit, or the problem that says what is wrong with it.
 */
import { MAX_BODY_BYTES, readBody } from '../limits/body.ts'
import { ScimProblem } from './errors.ts'

const MEDIA_TYPE = /^\s*(?:application\/(?:scim\+)?json)\s*(?:;(.*))?$/i
const CHARSET = /(?:^|;)\s*charset\s*=\s*"?([^";\s]*)/i

/** @param maxBytes for one resource unless something else is said */
export async function readJson(request: Request, maxBytes = MAX_BODY_BYTES): Promise<{ readonly body: unknown } | ScimProblem> {
  if (!isJson(request.headers.get('content-type'))) return new ScimProblem('mediaType')
  const read = await readBody(request, maxBytes)
  if (read.kind === 'tooLarge') return new ScimProblem('tooLarge', `the body must not be larger than ${read.maxBytes} bytes`)
  if (read.kind === 'tooSlow') return new ScimProblem('tooSlow')
  if (read.kind === 'notText') return new ScimProblem('invalidSyntax', 'the body is not UTF-8')
  if (read.text.trim() === '') return new ScimProblem('invalidSyntax', 'the body is empty')
  try {
    return { body: JSON.parse(read.text) }
  } catch {
    return new ScimProblem('invalidSyntax', 'the body is not JSON')
  }
}

/** A request without a type is taken for JSON. */
function isJson(contentType: string | null): boolean {
  if (contentType === null) return true
  const match = MEDIA_TYPE.exec(contentType)
  if (match === null) return false
  const charset = CHARSET.exec(match[1] ?? '')?.[1]?.toLowerCase()
  return charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii'
}

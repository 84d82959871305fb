/**
 * POST /Bulk: the answer is 200 also where operations failed; each says by itself what became of it (RFC 7644, section 3.7).
 */
import type { Roll } from '../directory/roll.ts'
import { bulkRequestFrom, MAX_PAYLOAD_BYTES } from './bulk-request.ts'
import type { Result } from './bulk-run.ts'
import { runBulk } from './bulk-run.ts'
import { errorOf, ScimProblem } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { askedBy } from './exchange.ts'
import { answer } from './respond.ts'

const RESPONSE_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'

export async function bulk(roll: Roll, exchange: Exchange): Promise<Response | ScimProblem> {
  const asked = await askedBy(exchange, MAX_PAYLOAD_BYTES)
  if (asked instanceof ScimProblem) return asked
  const request = bulkRequestFrom(asked.body)
  if (request instanceof ScimProblem) return request
  const results = await runBulk(roll, exchange.caller, request)
  const Operations = results.map((result) => told(result, exchange.base))
  return answer(200, JSON.stringify({ schemas: [RESPONSE_SCHEMA], Operations }), exchange.type)
}

function told({ operation, status, path, version, problem }: Result, base: string): object {
  const { method, bulkId } = operation
  return {
    method,
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(path === undefined ? {} : { location: base + path }),
    ...(version === undefined ? {} : { version }),
    status: String(status),
    ...(problem === undefined ? {} : { response: errorOf(problem) }),
  }
}

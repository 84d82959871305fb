/**
 * Answers of a server on Node that carry the number of their request.
 */
import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http'
import { ServerResponse } from 'node:http'
import { numberFrom } from './requests.ts'

/**
 * For `http.createServer({ServerResponse})`: a header that is set apart from `writeHead` costs a quarter of what a small
 * GET costs.
 */
export class NumberedResponse<Asked extends IncomingMessage = IncomingMessage> extends ServerResponse<Asked> {
  readonly requestId = numberFrom(this.req.headers['x-request-id'])

  override writeHead(status: number, reason?: string, headers?: Headers): this
  override writeHead(status: number, headers?: Headers): this
  override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
    if (typeof reason === 'string') return super.writeHead(status, reason, this.#numbered(headers))
    return super.writeHead(status, this.#numbered(reason))
  }

  #numbered(headers: Headers | undefined): Headers {
    return Array.isArray(headers) ? [...headers, 'x-request-id', this.requestId] : { ...headers, 'x-request-id': this.requestId }
  }
}

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

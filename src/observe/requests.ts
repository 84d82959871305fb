/**
 * Watches requests from outside the app: a number for each, a measurement, a line in the log.
 * It stands around `fetch` instead of in a middleware, so that the app's answers reach the socket untouched.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http'
import { ServerResponse } from 'node:http'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/**
 * An answer that carries the number of its request. For `http.createServer({ServerResponse})`: a header that is set
 * apart from `writeHead` costs a quarter of what a small GET costs.
 */
export class NumberedResponse<Asked extends IncomingMessage = IncomingMessage> extends ServerResponse<Asked> {
  readonly requestId = given(this.req.headers['x-request-id']) ?? nextId()

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

/** What the server hands the app beside the request. */
export type Exchange = { readonly incoming: IncomingMessage; readonly outgoing: NumberedResponse }

export type Fetch = (request: Request, exchange: Exchange) => Response | Promise<Response>

/** The pattern of the route that serves a path (`/institutions/:institution/…`), never the path itself. */
export type RouteOf = (method: string, path: string) => string

const numbers = new WeakMap<Request, string>()

/** The number of a request under way, for whoever writes down what became of it. */
export function numberOf(request: Request): string | undefined {
  return numbers.get(request)
}

export function watchRequests(fetch: Fetch, options: { log: Log; metrics: Metrics; routeOf: RouteOf }): Fetch {
  const { log, metrics, routeOf } = options

  return (request, exchange) => {
    const started = performance.now()
    numbers.set(request, exchange.outgoing.requestId)
    const answer = fetch(request, exchange)
    return answer instanceof Promise ? answer.then(watched) : watched(answer)

    function watched(response: Response): Response {
      const { method = 'GET', url = '/' } = exchange.incoming
      const status = hasGone(exchange.incoming) ? CLIENT_GONE : response.status
      const ms = performance.now() - started
      const route = routeOf(method, pathOf(url))
      metrics.request(method, route, status, ms / 1000)
      const level = levelOf(method, status)
      if (log.isLevelEnabled(level)) {
        const { requestId } = exchange.outgoing
        log[level]({ requestId, method, route, status, ms: Math.round(ms * 100) / 100 }, 'request')
      }
      return response
    }
  }
}

/** As proxies write it down: there was nobody to answer. */
const CLIENT_GONE = 499

function hasGone({ complete, destroyed }: IncomingMessage): boolean {
  return destroyed && !complete
}

function levelOf(method: string, status: number): 'debug' | 'info' | 'error' {
  if (status >= 500) return 'error'
  return status < 400 && (method === 'GET' || method === 'HEAD') ? 'debug' : 'info'
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

/** A proxy's own number for the request, if it is one that a log can hold. */
function given(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{1,64}$/.test(header) ? header : undefined
}

const start = `${randomBytes(6).toString('hex')}-`
let count = 0

/** A number that no two requests share, on one process or several. */
function nextId(): string {
  return start + (count++).toString(36)
}

/**
 * Watches requests from outside the app: a number for each, a measurement, a line in the log.
 * It stands around `fetch` instead of in a middleware, so that the app's answers reach the socket untouched.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What the server hands the app beside the request: of Node's own objects, or of others like them, what is looked at. */
export type Exchange = {
  readonly incoming: {
    readonly method?: string | undefined
    /** Path and query. */
    readonly url?: string | undefined
    readonly headers: IncomingHttpHeaders
    readonly socket: { readonly remoteAddress?: string | undefined }
    /** Whether all of it has come in. */
    readonly complete: boolean
    readonly destroyed: boolean
  }
  readonly outgoing: { readonly requestId: string }
}

export type Fetch = (request: Request, exchange: Exchange) => Response | Promise<Response>

/** The pattern of the route that serves a path (`/institutions/:institution/…`), never the path itself. */
export type RouteOf = (method: string, path: string) => string

/** A request carries its number: in a WeakMap it would cost 3 % of a GET. */
const NUMBER = Symbol('number')
type Numbered = Request & { [NUMBER]?: string }

/** The number of a request under way, for whoever writes down what became of it. */
export function numberOf(request: Numbered): string | undefined {
  return request[NUMBER]
}

export function watchRequests(fetch: Fetch, options: { log: Log; metrics?: Metrics; routeOf: RouteOf }): Fetch {
  const { log, metrics, routeOf } = options

  return (request: Numbered, exchange) => {
    const started = performance.now()
    request[NUMBER] = exchange.outgoing.requestId
    const answer = fetch(request, exchange)
    return answer instanceof Promise ? answer.then(watched) : watched(answer)

    function watched(response: Response): Response {
      const { method = 'GET', url = '/' } = exchange.incoming
      const status = hasGone(exchange.incoming) ? CLIENT_GONE : response.status
      const ms = performance.now() - started
      const route = routeOf(method, withoutQuery(url))
      metrics?.request(method, route, status, ms / 1000)
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

function hasGone({ complete, destroyed }: Exchange['incoming']): boolean {
  return destroyed && !complete
}

function levelOf(method: string, status: number): 'debug' | 'info' | 'error' {
  // 501 is said of what is not offered.
  if (status >= 500 && status !== 501) return 'error'
  return status < 400 && (method === 'GET' || method === 'HEAD') ? 'debug' : 'info'
}

function withoutQuery(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

/** The number of a request: that of a proxy before us, if it is one that a log can hold, else a new one. */
export function numberFrom(header: string | string[] | undefined): string {
  return given(header) ?? nextId()
}

function given(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{1,64}$/.test(header) ? header : undefined
}

let start: string | undefined
let count = 0

/** A number that no two requests share, on one process or several. */
function nextId(): string {
  // Not before there is a request: not every platform has chance while it loads a program.
  start ??= `${randomBytes(6).toString('hex')}-`
  return start + (count++).toString(36)
}

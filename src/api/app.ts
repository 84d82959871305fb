/**
 * The routes of one institution's REST endpoint, mounted at /institutions/:institution/api/v1.
 * Whatever goes wrong, the answer is a problem document, and never a 500 for what a client sent.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Admission } from '../auth/admit.ts'
import { didYouMean } from '../directory/near-miss.ts'
import type { Seats } from '../limits/seats.ts'
import { StoreError } from '../store/store.ts'
import type { Answer, ProblemCode } from './answers.ts'
import { problem, problemOfStore, responseOf } from './answers.ts'
import type { ApiDeps, Exchange } from './deps.ts'
import { docsPages } from './docs-page.ts'
import { isNdjson } from './json-body.ts'
import { openApiDocument } from './openapi.ts'
import { getUser, listEvents, listUsers } from './read.ts'
import { openStreams, streamBatch } from './stream.ts'
import { postBatch, postUser } from './write.ts'

type Handler = (c: Context) => Response | Promise<Response>
type Told = Answer | Response | Promise<Answer | Response>

export function apiApp(deps: ApiDeps): Hono {
  const app = new Hono()
  const serve = (work: (deps: ApiDeps, exchange: Exchange, id: string) => Told) =>
    guarded(deps, (exchange, c) => work(deps, exchange, c.req.param('id') ?? ''))

  const streams = openStreams()
  const docs = docsPages(openApiDocument(deps.publicUrl))
  const many = byMethod(deps, { POST: serve((deps, exchange) => batch(deps, exchange, streams)) })
  const one = byMethod(deps, { GET: serve(getUser) })

  // One route an address: a fixed path beside `:id` would take Hono's quicker router out of play.
  app.all('/users', byMethod(deps, { GET: serve(listUsers), POST: serve(postUser) }))
  app.all('/users/:id', (c) => (c.req.param('id') === 'batch' ? many(c) : one(c)))
  app.all('/users/:id/events', byMethod(deps, { GET: serve(listEvents) }))
  // Readable without a token: they are the same for everybody, and tell of no institution whether it is there.
  app.all('/openapi.json', byMethod(deps, { GET: (c) => document(baseOf(deps, c)) }))
  app.all('/docs', byMethod(deps, { GET: (c) => docs(baseOf(deps, c)) }))
  app.all('*', (c) => refuse(deps, 'not_found', nothingAt(c.req.path, baseOf(deps, c)))(c))
  return app
}

const PLACES = ['/users', '/users/batch', '/openapi.json', '/docs']

/** Another case is what is mostly wrong with an address. */
function nothingAt(path: string, base: string): string {
  const asked = path.slice(path.indexOf('/api/v1') + '/api/v1'.length)
  return `there is nothing at this address${didYouMean(asked, PLACES) || `; ${base}/docs tells what is where`}`
}

function document(base: string): Response {
  return responseOf({ status: 200, body: openApiDocument(base) }, base)
}

/** Other methods get 405 and the list of these. */
function byMethod(deps: ApiDeps, handlers: { readonly [method: string]: Handler }): Handler {
  const served = new Map(Object.entries(handlers))
  const get = served.get('GET')
  if (get !== undefined) served.set('HEAD', get)
  const allow = [...served.keys()].join(', ')
  const refused = refuse(deps, 'method', `served here: ${allow}`, { allow })
  return (c) => (served.get(c.req.method) ?? refused)(c)
}

function batch(deps: ApiDeps, exchange: Exchange, streams: Seats): Answer | Response | Promise<Answer> {
  return isNdjson(exchange.request) ? streamBatch(deps, exchange, streams) : postBatch(deps, exchange)
}

/** Admits the caller, does the work, and turns whatever comes of it into an answer. */
function guarded(deps: ApiDeps, work: (exchange: Exchange, c: Context) => Told): Handler {
  return async (c) => {
    const request = c.req.raw
    const base = baseOf(deps, c)
    try {
      const asked = deps.admit(request, c.req.param('institution') ?? '')
      const caller = asked instanceof Promise ? await asked : asked
      if (caller.kind === 'refused') return responseOf(refusalFor(caller), base)
      const done = await work({ request, caller, base, query: new URL(request.url).searchParams }, c)
      return done instanceof Response ? done : responseOf(done, base)
    } catch (error) {
      if (!(error instanceof StoreError) || error.fault !== 'tooSlow') deps.failed(error, request)
      return responseOf(error instanceof StoreError ? problemOfStore(error) : problem('internal'), base)
    }
  }
}

const REFUSALS = { 401: 'unauthorized', 403: 'denied', 429: 'limited' } as const

function refusalFor({ status, detail, headers }: Extract<Admission, { readonly kind: 'refused' }>): Answer {
  return problem(REFUSALS[status], detail, {}, headers)
}

function refuse(deps: ApiDeps, code: ProblemCode, detail: string, headers?: Answer['headers']): Handler {
  return (c) => responseOf(problem(code, detail, {}, headers), baseOf(deps, c))
}

function baseOf({ publicUrl }: ApiDeps, c: Context): string {
  return `${publicUrl}/institutions/${encodeURIComponent(c.req.param('institution') ?? '')}/api/v1`
}

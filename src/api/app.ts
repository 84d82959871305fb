/**
 * The routes of one institution's REST endpoint, mounted at /institutions/:institution/api/v1.
 * Whatever goes wrong, the answer is a problem document, and never a 500 for what a client sent.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Admission } from '../auth/admit.ts'
import { StoreError } from '../store/store.ts'
import type { Answer, ProblemCode } from './answers.ts'
import { problem, problemOfStore, responseOf } from './answers.ts'
import type { ApiDeps, Exchange } from './deps.ts'
import { docsPage } from './docs-page.ts'
import { isNdjson } from './json-body.ts'
import { openApiDocument } from './openapi.ts'
import { getUser, listEvents, listUsers } from './read.ts'
import { streamBatch } from './stream.ts'
import { postBatch, postUser } from './write.ts'

type Handler = (c: Context) => Response | Promise<Response>
type Work = (exchange: Exchange, c: Context) => Answer | Response | Promise<Answer | Response>

export function apiApp(deps: ApiDeps): Hono {
  const app = new Hono()
  const guarded = (work: Work) => guardedBy(deps, work)
  const idOf = (c: Context) => c.req.param('id') ?? ''

  app.post(
    '/users',
    guarded((exchange) => postUser(deps, exchange)),
  )
  app.get(
    '/users',
    guarded((exchange) => listUsers(deps, exchange)),
  )
  app.post(
    '/users/batch',
    guarded((exchange) => batch(deps, exchange)),
  )
  app.get(
    '/users/:id',
    guarded((exchange, c) => getUser(deps, exchange, idOf(c))),
  )
  app.get(
    '/users/:id/events',
    guarded((exchange, c) => listEvents(deps, exchange, idOf(c))),
  )

  // Readable without a token: they are the same for everybody, and tell of no institution whether it is there.
  app.get('/openapi.json', (c) => responseOf({ status: 200, body: openApiDocument(baseOf(deps, c)) }, baseOf(deps, c)))
  app.get('/docs', (c) => docsPage(openApiDocument(baseOf(deps, c))))

  for (const [path, allow] of ALLOWED) app.all(path, refuse(deps, 'method', `served here: ${allow}`, { allow }))
  app.all('*', refuse(deps, 'not_found', 'there is nothing at this address'))
  return app
}

const ALLOWED = [
  ['/users', 'GET, HEAD, POST'],
  ['/users/batch', 'POST'],
  ['/users/:id', 'GET, HEAD'],
  ['/users/:id/events', 'GET, HEAD'],
  ['/openapi.json', 'GET, HEAD'],
  ['/docs', 'GET, HEAD'],
] as const

function batch(deps: ApiDeps, exchange: Exchange): Answer | Response | Promise<Answer> {
  return isNdjson(exchange.request) ? streamBatch(deps, exchange) : postBatch(deps, exchange)
}

/** Admits the caller, does the work, and turns whatever comes of it into an answer. */
function guardedBy(deps: ApiDeps, work: Work): Handler {
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

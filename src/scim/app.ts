/**
 * The routes of one institution's SCIM endpoint, mounted at /institutions/:institution/scim/v2.
 * Whatever happens, the answer is SCIM: its body, its media type, and never a 500 for what a client sent.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Admission } from '../auth/admit.ts'
import { openGroupWrites } from '../directory/groups/writes.ts'
import { didYouMean } from '../directory/near-miss.ts'
import type { Roll } from '../directory/roll.ts'
import type { Settings } from '../directory/settings.ts'
import { MAX_BODY_BYTES } from '../limits/body.ts'
import { NO_TURN } from '../limits/turns.ts'
import { StoreError } from '../store/store.ts'
import { bulk } from './bulk.ts'
import { MAX_PAYLOAD_BYTES } from './bulk-request.ts'
import type { ScimDeps } from './deps.ts'
import { allResourceTypes, allSchemas, resourceTypeNamed, schemaWithUrn, serviceProviderConfig } from './discovery.ts'
import type { ScimCode } from './errors.ts'
import { problemOfStore, ScimProblem } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { changeGroup, createGroup, readGroup, removeGroup, replaceGroup } from './groups.ts'
import { ofMe } from './me.ts'
import { GROUP_TYPE, USER_TYPE } from './resource-type.ts'
import type { MediaType } from './respond.ts'
import { answer, mediaTypeFor, problemAnswer } from './respond.ts'
import { listOf, searchOf } from './search.ts'
import { changeUser, createUser, readUser, removeUser, replaceUser } from './users.ts'

type Handler = (c: Context) => Response | Promise<Response>
type Work = (exchange: Exchange, c: Context) => Promise<Response | ScimProblem>
type Service = (deps: Roll & ScimDeps, exchange: Exchange, id: string) => ReturnType<Work>
type Discovery = (base: string, settings: Settings, name: string) => object | undefined

export function scimApp(deps: ScimDeps): Hono {
  const app = new Hono()
  const roll = { ...deps, groups: openGroupWrites(deps.store) }
  const serve = (work: Service) => guarded(deps, (exchange, c) => work(roll, exchange, c.req.param('id') ?? ''))
  const me = (work: Service) => serve(ofMe(work))
  const tell = (find: Discovery) =>
    guarded(deps, async (exchange, c) => discover(c, exchange.base, find, exchange.caller.institution.settings))

  const search = byMethod({ POST: serve(inTurn(searchOf(USER_TYPE))) })
  const user = byMethod({
    GET: serve(readUser),
    PUT: serve(inTurn(replaceUser)),
    PATCH: serve(inTurn(changeUser)),
    DELETE: serve(removeUser),
  })

  const searchInGroups = byMethod({ POST: serve(inTurn(searchOf(GROUP_TYPE))) })
  const group = byMethod({
    GET: serve(readGroup),
    PUT: serve(inTurn(replaceGroup)),
    PATCH: serve(inTurn(changeGroup)),
    DELETE: serve(removeGroup),
  })

  // One route an address: a fixed path beside `:id` would take Hono's quicker router out of play.
  app.all('/Users', byMethod({ GET: serve(listOf(USER_TYPE)), POST: serve(inTurn(createUser)) }))
  app.all('/Users/:id', (c) => (c.req.param('id') === '.search' ? search(c) : user(c)))
  app.all('/Groups', byMethod({ GET: serve(listOf(GROUP_TYPE)), POST: serve(inTurn(createGroup)) }))
  app.all('/Groups/:id', (c) => (c.req.param('id') === '.search' ? searchInGroups(c) : group(c)))
  app.all('/', byMethod({ GET: serve(listOf(USER_TYPE, GROUP_TYPE)) }))
  app.all('/.search', byMethod({ POST: serve(inTurn(searchOf(USER_TYPE, GROUP_TYPE))) }))
  app.all('/Bulk', byMethod({ POST: serve(inTurn(bulk, MAX_PAYLOAD_BYTES)) }))
  // Readable without a token (RFC 7643, section 5): it is the same for everybody.
  app.all('/ServiceProviderConfig', byMethod({ GET: (c) => discover(c, baseOf(deps, c), serviceProviderConfig) }))
  app.all('/ResourceTypes', byMethod({ GET: tell(allResourceTypes) }))
  app.all('/ResourceTypes/:name', byMethod({ GET: tell(resourceTypeNamed) }))
  app.all('/Schemas', byMethod({ GET: tell(allSchemas) }))
  app.all('/Schemas/:name', byMethod({ GET: tell(schemaWithUrn) }))
  app.all(
    '/Me',
    byMethod({ GET: me(readUser), PUT: me(inTurn(replaceUser)), PATCH: me(inTurn(changeUser)), DELETE: me(removeUser) }),
  )
  app.all('*', (c) => refuse('notFound', nothingAt(c.req.path))(c))
  return app
}

const PLACES = ['/Users', '/Groups', '/Bulk', '/Me', '/Schemas', '/ResourceTypes', '/ServiceProviderConfig']

/** A small letter is what is mostly wrong with an address. */
function nothingAt(path: string): string {
  const asked = path.slice(path.indexOf('/scim/v2') + '/scim/v2'.length)
  return `there is nothing at this address${didYouMean(asked, PLACES) || `; known here: ${PLACES.join(', ')}`}`
}

/** Other methods get 405 and the list of these. */
function byMethod(handlers: { readonly [method: string]: Handler }): Handler {
  const served = new Map(Object.entries(handlers))
  const get = served.get('GET')
  if (get !== undefined) served.set('HEAD', get)
  const allow = [...served.keys()].join(', ')
  const refused = refuse('methodNotAllowed', `this method is not served here; served are ${allow}`, { allow })
  return (c) => (served.get(c.req.method) ?? refused)(c)
}

/** What reads a body. */
function inTurn(work: Service, maxBytes = MAX_BODY_BYTES): Service {
  return async (roll, exchange, id) => {
    const { request, caller } = exchange
    const done = await roll.turns.take(caller.institution._id, { request, maxBytes }, () => work(roll, exchange, id))
    return done === 'late' ? new ScimProblem('limited', NO_TURN.detail, NO_TURN.headers) : done
  }
}

/** Admits the caller, does the work, and turns whatever comes of it into an answer. */
function guarded(deps: ScimDeps, work: Work): Handler {
  return async (c) => {
    const request = c.req.raw
    const type = mediaTypeFor(request.headers.get('accept'))
    try {
      const asked = deps.admit(request, c.req.param('institution') ?? '')
      const caller = asked instanceof Promise ? await asked : asked
      if (caller.kind === 'refused') return problemAnswer(refusalFor(caller), type)
      const done = await work({ request, caller, base: baseOf(deps, c), type, parameter: parametersOf(request.url) }, c)
      return done instanceof ScimProblem ? problemAnswer(done, type) : done
    } catch (error) {
      return failure(deps, error, request, type)
    }
  }
}

/** Of the query string, which is read once, and only when somebody asks. */
function parametersOf(url: string): (name: string) => string | undefined {
  const mark = url.indexOf('?')
  if (mark < 0) return () => undefined
  let parameters: URLSearchParams | undefined
  return (name) => {
    parameters ??= new URLSearchParams(url.slice(mark + 1))
    return parameters.get(name) ?? undefined
  }
}

function discover(c: Context, base: string, find: Discovery, settings: Settings = {}): Response {
  const type = mediaTypeFor(c.req.header('accept') ?? null)
  if (c.req.query('filter') !== undefined) return problemAnswer(new ScimProblem('forbidden', 'there is no filtering here'), type)
  const found = find(base, settings, c.req.param('name') ?? '')
  return found === undefined ? problemAnswer(new ScimProblem('notFound'), type) : answer(200, JSON.stringify(found), type)
}

function baseOf(deps: ScimDeps, c: Context): string {
  return `${deps.publicUrl}/institutions/${encodeURIComponent(c.req.param('institution') ?? '')}/scim/v2`
}

function refuse(code: ScimCode, detail?: string, headers?: { readonly [name: string]: string }): Handler {
  return (c) => problemAnswer(new ScimProblem(code, detail, headers), mediaTypeFor(c.req.header('accept') ?? null))
}

const REFUSALS = { 401: 'unauthorized', 403: 'forbidden', 429: 'limited' } as const

function refusalFor({ status, detail, headers }: Extract<Admission, { readonly kind: 'refused' }>): ScimProblem {
  return new ScimProblem(REFUSALS[status], detail, headers)
}

function failure(deps: ScimDeps, error: unknown, request: Request, type: MediaType): Response {
  if (!(error instanceof StoreError) || error.fault !== 'tooSlow') deps.failed(error, request)
  return problemAnswer(error instanceof StoreError ? problemOfStore(error) : new ScimProblem('internal'), type)
}

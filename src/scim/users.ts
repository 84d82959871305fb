/**
 * /Users: each request as one change through the gate, or one read of the store (RFC 7644, sections 3.3 to 3.6).
 */
import type { Change, Outcome } from '../directory/change.ts'
import { keysOf } from '../directory/keys.ts'
import { USER } from '../directory/schema.ts'
import { isObject } from '../directory/slots.ts'
import type { Resource, User } from '../directory/user.ts'
import type { Caller, ScimDeps } from './deps.ts'
import { createEdit, deleteEdit, patchEdit, putEdit } from './edits.ts'
import { problemOf, ScimProblem } from './errors.ts'
import { isKnown, versionsIn } from './etag.ts'
import { listUsers, shownText } from './list.ts'
import { listRequestFrom, searchRequestFrom } from './list-request.ts'
import { mappingOf } from './mapping.ts'
import type { Sent } from './normalise.ts'
import { normalise } from './normalise.ts'
import { parsePatch } from './patch-steps.ts'
import type { Projection } from './projection.ts'
import { namesIn, projectionOf } from './projection.ts'
import type { UserBytes } from './render.ts'
import { etagOf, locationOf, renderUser } from './render.ts'
import { readJson } from './request-body.ts'
import type { MediaType } from './respond.ts'
import { answer, emptyAnswer } from './respond.ts'

/** One request of a caller who may make it. */
export type Exchange = {
  readonly request: Request
  readonly caller: Caller
  /** URL of the institution's SCIM endpoint. */
  readonly base: string
  readonly type: MediaType
  /** A parameter of the query string. */
  readonly parameter: (name: string) => string | undefined
}

type Answer = Promise<Response | ScimProblem>
type Deps = Pick<ScimDeps, 'store' | 'gate'>

const NO_SUCH_USER = new ScimProblem('notFound', 'there is no such user')

/** Ids are the server's own; anything else is nobody's, and need not trouble the store. */
const ID = /^[A-Za-z0-9_-]{1,64}$/

export async function createUser(deps: Deps, exchange: Exchange): Answer {
  const read = await readJson(exchange.request)
  if (read instanceof ScimProblem) return read
  const sent = normalise(USER, read.body)
  if (sent instanceof ScimProblem) return sent
  const { institution, source } = exchange.caller
  const resource = mappingOf(institution).onto(viewOf(sent))
  const outcome = await deps.gate.submit(institution, {
    ...changeBy(exchange),
    ...personIn(sent, resource),
    target: { keys: keysOf(resource) },
    intent: 'create',
    edit: createEdit({ ...sent, resource }, source),
  })
  return answerOf(outcome, exchange, 201)
}

export async function readUser({ store }: Deps, exchange: Exchange, id: string): Answer {
  const user = await visibleUser(store, exchange.caller, id)
  if (user === undefined) return NO_SUCH_USER
  if (isKnown(exchange.request.headers.get('if-none-match'), user.version)) return emptyAnswer(304, { etag: etagOf(user) })
  const { base, caller, type } = exchange
  return answer(200, shownText(user, caller.source, base, projectionIn(exchange)), type, { etag: etagOf(user) })
}

export async function replaceUser(deps: Deps, exchange: Exchange, id: string): Answer {
  const read = await readJson(exchange.request)
  if (read instanceof ScimProblem) return read
  const sent = normalise(USER, read.body)
  if (sent instanceof ScimProblem) return sent
  const { institution, source } = exchange.caller
  const edit = putEdit(sent, source, mappingOf(institution))
  return submit(deps, exchange, id, { intent: 'update', edit, ...personIn(sent, sent.resource) })
}

export async function patchUser(deps: Deps, exchange: Exchange, id: string): Answer {
  const read = await readJson(exchange.request)
  if (read instanceof ScimProblem) return read
  const steps = parsePatch(USER, read.body, id)
  if (steps instanceof ScimProblem) return steps
  return submit(deps, exchange, id, { intent: 'update', edit: patchEdit(steps, mappingOf(exchange.caller.institution)) })
}

export async function deleteUser(deps: Deps, exchange: Exchange, id: string): Answer {
  if (!ID.test(id)) return NO_SUCH_USER
  const change = { ...changeBy(exchange), target: { id }, intent: 'delete', edit: deleteEdit } as const
  const outcome = await deps.gate.submit(exchange.caller.institution, change)
  return isDone(outcome) ? emptyAnswer(204) : problemOf(outcome)
}

export async function listOfUsers({ store }: Deps, exchange: Exchange): Answer {
  const asked = listRequestFrom(exchange.parameter)
  if (asked instanceof ScimProblem) return asked
  const page = await listUsers(store, exchange, asked)
  return page instanceof ScimProblem ? page : answer(200, page, exchange.type)
}

export async function searchUsers({ store }: Deps, exchange: Exchange): Answer {
  const read = await readJson(exchange.request)
  if (read instanceof ScimProblem) return read
  const asked = searchRequestFrom(read.body)
  if (asked instanceof ScimProblem) return asked
  const page = await listUsers(store, exchange, asked)
  return page instanceof ScimProblem ? page : answer(200, page, exchange.type)
}

async function submit(
  { gate }: Deps,
  exchange: Exchange,
  id: string,
  change: Pick<Change, 'intent' | 'edit' | 'externalId' | 'names'>,
): Answer {
  if (!ID.test(id)) return NO_SUCH_USER
  const outcome = await gate.submit(exchange.caller.institution, { ...changeBy(exchange), ...change, target: { id } })
  return answerOf(outcome, exchange, 200)
}

/** Who asks for the change, and of which versions. */
function changeBy({ caller, request }: Exchange): Pick<Change, 'source' | 'credential' | 'ifVersion'> {
  const ifVersion = versionsIn(request.headers.get('if-match'))
  return { source: caller.source, credential: caller.credential, ...(ifVersion === undefined ? {} : { ifVersion }) }
}

function viewOf({ resource, externalId }: Sent): { resource: Resource; externalId?: string } {
  return typeof externalId === 'string' ? { resource, externalId } : { resource }
}

/** What tells people apart whom one key does not. */
function personIn({ externalId }: Sent, { name }: Resource): Pick<Change, 'externalId' | 'names'> {
  const { givenName, familyName } = isObject(name) ? name : {}
  return {
    ...(typeof externalId === 'string' ? { externalId } : {}),
    names: {
      ...(typeof givenName === 'string' ? { givenName } : {}),
      ...(typeof familyName === 'string' ? { familyName } : {}),
    },
  }
}

async function visibleUser(store: Deps['store'], { institution, source }: Caller, id: string): Promise<UserBytes | undefined> {
  if (!ID.test(id)) return
  const user = (await store.get('users', institution._id, id, true)) as unknown as UserBytes | undefined
  const isDeleted = user?.bindings.some((binding) => binding.source === source && binding.state === 'deleted')
  return isDeleted ? undefined : user
}

type Done = Extract<Outcome, { readonly user: User }>

function isDone(outcome: Outcome): outcome is Done {
  return outcome.kind === 'created' || outcome.kind === 'updated' || outcome.kind === 'unchanged'
}

function answerOf(outcome: Outcome, exchange: Exchange, status: 200 | 201): Response | ScimProblem {
  return isDone(outcome) ? showUser(outcome.user, exchange, status) : problemOf(outcome)
}

function showUser(user: User, exchange: Exchange, status: 200 | 201): Response {
  const { base, caller, type } = exchange
  const resource = renderUser(user, caller.source, base)
  const project = projectionIn(exchange)
  const location = status === 201 ? { location: locationOf(user, base) } : {}
  return answer(status, JSON.stringify(project === undefined ? resource : project(resource)), type, {
    etag: etagOf(user),
    ...location,
  })
}

function projectionIn({ parameter }: Exchange): Projection | undefined {
  return projectionOf(USER, namesIn(parameter('attributes')), namesIn(parameter('excludedAttributes')))
}

/**
 * /Users: each request as one change through the gate, or one read of the store (RFC 7644, sections 3.3 to 3.6).
 */
import type { Change, Outcome } from '../directory/change.ts'
import type { House } from '../directory/group-change.ts'
import { moveGroups } from '../directory/group-writes.ts'
import { keysOf } from '../directory/keys.ts'
import { isSeen } from '../directory/members-check.ts'
import { USER } from '../directory/schema.ts'
import { isObject } from '../directory/slots.ts'
import type { Resource, User } from '../directory/user.ts'
import { NO_GROUPS } from './belonging.ts'
import type { Caller } from './deps.ts'
import { createEdit, deleteEdit, patchEdit, putEdit } from './edits.ts'
import { problemOf, ScimProblem } from './errors.ts'
import { isKnown, versionsIn } from './etag.ts'
import type { Exchange } from './exchange.ts'
import { ID, projectionIn } from './exchange.ts'
import { listUsers, shownText, viewFor } from './list.ts'
import { listRequestFrom, searchRequestFrom } from './list-request.ts'
import { mappingOf } from './mapping.ts'
import type { Sent } from './normalise.ts'
import { normalise } from './normalise.ts'
import { parsePatch } from './patch-steps.ts'
import type { UserBytes, View } from './render.ts'
import { etagOf, locationOf, renderUser } from './render.ts'
import { readJson } from './request-body.ts'
import { answer, emptyAnswer } from './respond.ts'

type Answer = Promise<Response | ScimProblem>
type Deps = House

const NO_SUCH_USER = new ScimProblem('notFound', 'there is no such user')

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
  if (isDone(outcome)) await tellGroups(deps, exchange, outcome)
  return answerOf(deps, outcome, exchange, 201)
}

export async function readUser({ store }: Deps, exchange: Exchange, id: string): Answer {
  const user = await visibleUser(store, exchange.caller, id)
  if (user === undefined) return NO_SUCH_USER
  if (isKnown(exchange.request.headers.get('if-none-match'), user.version)) return emptyAnswer(304, { etag: etagOf(user) })
  const project = projectionIn(exchange, USER)
  const view = user.memberOf.length === 0 ? alone(exchange) : await viewFor(store, exchange, [user], project)
  return answer(200, shownText(user, view, project), exchange.type, { etag: etagOf(user) })
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
  if (!isDone(outcome)) return problemOf(outcome)
  await tellGroups(deps, exchange, outcome)
  return emptyAnswer(204)
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

/** Whom a client deletes it sees no more among the members of groups, and does again whom it takes back. */
async function tellGroups({ groups }: Deps, { caller }: Exchange, { user, before }: Done): Promise<void> {
  const { institution, source } = caller
  if (user.memberOf.length === 0 || before === undefined || isSeen(before, source) === isSeen(user, source)) return
  await moveGroups(groups, institution._id, user.memberOf, caller)
}

async function submit(
  deps: Deps,
  exchange: Exchange,
  id: string,
  change: Pick<Change, 'intent' | 'edit' | 'externalId' | 'names'>,
): Answer {
  if (!ID.test(id)) return NO_SUCH_USER
  const outcome = await deps.gate.submit(exchange.caller.institution, { ...changeBy(exchange), ...change, target: { id } })
  return answerOf(deps, outcome, exchange, 200)
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
  return user === undefined || isSeen(user, source) ? user : undefined
}

type Done = Extract<Outcome, { readonly user: User }>

function isDone(outcome: Outcome): outcome is Done {
  return outcome.kind === 'created' || outcome.kind === 'updated' || outcome.kind === 'unchanged'
}

async function answerOf({ store }: Deps, outcome: Outcome, exchange: Exchange, status: 200 | 201): Answer {
  if (!isDone(outcome)) return problemOf(outcome)
  const { user } = outcome
  const project = projectionIn(exchange, USER)
  const resource = renderUser(user, await viewFor(store, exchange, [user], project))
  const location = status === 201 ? { location: locationOf(user, exchange.base) } : {}
  return answer(status, JSON.stringify(project === undefined ? resource : project.of(resource)), exchange.type, {
    etag: etagOf(user),
    ...location,
  })
}

/** The view of what is in no group. */
function alone({ caller, base }: Exchange): View {
  return { source: caller.source, base, belonging: NO_GROUPS }
}

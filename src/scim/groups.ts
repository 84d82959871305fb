/**
 * /Groups (RFC 7644, sections 3.3 to 3.6). The answer to a PATCH is empty unless attributes are asked for: who adds one
 * member to a large group does not want to read the others.
 */
import { deleteGroup } from '../directory/drop-group.ts'
import type { Group } from '../directory/group.ts'
import { findGroup, isVisible } from '../directory/group.ts'
import type { House } from '../directory/group-change.ts'
import { changeGroup } from '../directory/group-change.ts'
import type { GroupChange, GroupOutcome } from '../directory/group-plan.ts'
import { GROUP } from '../directory/schema.ts'
import type { ScimDeps } from './deps.ts'
import { problemIn, ScimProblem } from './errors.ts'
import { isKnown, versionsIn } from './etag.ts'
import type { Exchange } from './exchange.ts'
import { ID, projectionIn } from './exchange.ts'
import type { GroupView } from './group-answer.ts'
import { groupText } from './group-answer.ts'
import type { GroupRequest } from './group-request.ts'
import { createRequest, patchRequest, replaceRequest } from './group-request.ts'
import type { ListRequest } from './list-request.ts'
import { LIST_SCHEMA, listRequestFrom, searchRequestFrom } from './list-request.ts'
import { normalise } from './normalise.ts'
import { readPage } from './page.ts'
import { parsePatch } from './patch-steps.ts'
import type { Projection } from './projection.ts'
import { projectionOf } from './projection.ts'
import { etagOf } from './render.ts'
import { readJson } from './request-body.ts'
import { GROUP_TYPE } from './resource-type.ts'
import { emptyAnswer, flowingAnswer } from './respond.ts'

type Answer = Promise<Response | ScimProblem>
type Deps = House & Pick<ScimDeps, 'failed'>

const NO_SUCH_GROUP = new ScimProblem('notFound', 'there is no such group')

/** Room for 50,000 members with their names. */
const MAX_BODY_BYTES = 8 * 1024 * 1024

export async function createGroup(deps: Deps, exchange: Exchange): Answer {
  const read = await readJson(exchange.request, MAX_BODY_BYTES)
  if (read instanceof ScimProblem) return read
  const sent = normalise(GROUP, read.body)
  if (sent instanceof ScimProblem) return sent
  const asked = createRequest(sent, exchange.caller.source)
  const outcome = await submit(deps, exchange, { displayName: String(sent.resource.displayName) }, asked)
  return 'group' in outcome ? show(deps, exchange, outcome.group, 201) : problemOf(outcome)
}

export async function readGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  const { request, caller } = exchange
  const group = ID.test(id) ? await findGroup(deps.store, caller.institution._id, { id }) : undefined
  if (!isVisible(group, caller.source)) return NO_SUCH_GROUP
  if (isKnown(request.headers.get('if-none-match'), group.version)) return emptyAnswer(304, { etag: etagOf(group) })
  return show(deps, exchange, group, 200)
}

export async function replaceGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  const read = await readJson(exchange.request, MAX_BODY_BYTES)
  if (read instanceof ScimProblem) return read
  const sent = normalise(GROUP, read.body)
  if (sent instanceof ScimProblem) return sent
  const asked = replaceRequest(sent, exchange.caller.source)
  const outcome = await submitTo(deps, exchange, id, asked)
  return 'group' in outcome ? show(deps, exchange, outcome.group, 200) : problemOf(outcome)
}

export async function patchGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  const read = await readJson(exchange.request, MAX_BODY_BYTES)
  if (read instanceof ScimProblem) return read
  const steps = parsePatch(GROUP, read.body, id)
  if (steps instanceof ScimProblem) return steps
  const asked = patchRequest(steps, exchange.caller.source)
  if (asked instanceof ScimProblem) return asked
  const outcome = await submitTo(deps, exchange, id, asked)
  if (!('group' in outcome)) return problemOf(outcome)
  const isAsked = exchange.parameter('attributes') !== undefined
  return isAsked ? show(deps, exchange, outcome.group, 200) : emptyAnswer(204, { etag: etagOf(outcome.group) })
}

export async function removeGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  if (!ID.test(id)) return NO_SUCH_GROUP
  const dropped = await deleteGroup(deps, exchange.caller.institution, { id, ...changeBy(exchange) })
  return dropped === 'done' ? emptyAnswer(204) : problemOf({ kind: dropped })
}

export async function listOfGroups(deps: Deps, exchange: Exchange): Answer {
  const asked = listRequestFrom(exchange.parameter)
  return asked instanceof ScimProblem ? asked : list(deps, exchange, asked)
}

export async function searchGroups(deps: Deps, exchange: Exchange): Answer {
  const read = await readJson(exchange.request)
  if (read instanceof ScimProblem) return read
  const asked = searchRequestFrom(read.body)
  return asked instanceof ScimProblem ? asked : list(deps, exchange, asked)
}

async function list(deps: Deps, exchange: Exchange, asked: ListRequest): Answer {
  const page = await readPage(deps.store, exchange.caller, GROUP_TYPE, asked)
  if (page instanceof ScimProblem) return page
  const groups = page.docs as readonly Group[]
  const view = viewOf(deps, exchange, projectionOf(GROUP, asked.attributes, asked.excludedAttributes))
  const head = `{"schemas":["${LIST_SCHEMA}"],"totalResults":${page.total},"startIndex":${asked.startIndex},"itemsPerPage":${groups.length}`
  return flow(deps, exchange, 200, listText(head, groups, view))
}

async function* listText(head: string, groups: readonly Group[], view: GroupView): AsyncGenerator<string, void> {
  yield `${head},"Resources":[`
  for (const [index, group] of groups.entries()) {
    if (index > 0) yield ','
    yield* groupText(group, view)
  }
  yield ']}'
}

function show(deps: Deps, exchange: Exchange, group: Group, status: 200 | 201): Promise<Response> {
  const text = groupText(group, viewOf(deps, exchange, projectionIn(exchange, GROUP)))
  const location = status === 201 ? { location: `${exchange.base}/Groups/${group._id}` } : {}
  return flow(deps, exchange, status, text, { etag: etagOf(group), ...location })
}

function flow(
  deps: Deps,
  { type, request }: Exchange,
  status: number,
  text: AsyncGenerator<string, void>,
  headers: { readonly [name: string]: string } = {},
): Promise<Response> {
  return flowingAnswer(status, text, type, headers, (error) => deps.failed(error, request))
}

function viewOf({ store }: Deps, { caller, base }: Exchange, project: Projection | undefined): GroupView {
  return { store, source: caller.source, base, project }
}

async function submitTo(deps: Deps, exchange: Exchange, id: string, asked: GroupRequest): Promise<GroupOutcome> {
  return ID.test(id) ? submit(deps, exchange, { id }, asked) : { kind: 'missing' }
}

function submit(
  deps: Deps,
  exchange: Exchange,
  target: GroupChange['target'],
  { edit, members }: GroupRequest,
): Promise<GroupOutcome> {
  return changeGroup(deps, exchange.caller.institution, { target, edit, ...changeBy(exchange) }, members)
}

function changeBy({ caller, request }: Exchange): Pick<GroupChange, 'source' | 'credential' | 'ifVersion'> {
  const ifVersion = versionsIn(request.headers.get('if-match'))
  return { source: caller.source, credential: caller.credential, ...(ifVersion === undefined ? {} : { ifVersion }) }
}

function problemOf(outcome: Exclude<GroupOutcome, { readonly group: Group }>): ScimProblem {
  switch (outcome.kind) {
    case 'missing':
      return NO_SUCH_GROUP
    case 'taken':
      return new ScimProblem('uniqueness', 'another group already has this displayName')
    case 'invalid':
      return problemIn(outcome.problems)
    case 'stale':
      return new ScimProblem('stale')
    case 'busy':
      return new ScimProblem('unavailable', 'others are changing this group: try again', { 'retry-after': '1' })
    default:
      return outcome satisfies never
  }
}

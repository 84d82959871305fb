/**
 * /Groups: what requests are answered (RFC 7644, sections 3.3 to 3.6). The answer to a PATCH is empty unless it is asked
 * for: who adds one member to a large group does not want to read the others.
 */
import { isVisible } from '../directory/binding.ts'
import type { Group } from '../directory/groups/group.ts'
import { findGroup } from '../directory/groups/group.ts'
import { ID } from '../directory/ids.ts'
import type { Roll } from '../directory/roll.ts'
import { GROUP } from '../directory/schema.ts'
import type { ScimDeps } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { conditionIn } from './etag.ts'
import type { Exchange } from './exchange.ts'
import { askedBy, deletionBy, projectionIn, wantsToSee } from './exchange.ts'
import type { GroupView } from './group-answer.ts'
import { groupText, showsOthers } from './group-answer.ts'
import { dropGroup, NO_SUCH_GROUP, patchGroup, postGroup, putGroup } from './group-operations.ts'
import { etagOf } from './render.ts'
import { emptyAnswer, flowingAnswer, MINIMAL } from './respond.ts'

type Answer = Promise<Response | ScimProblem>
type Deps = Roll & Pick<ScimDeps, 'failed'>

/** Room for 50,000 members with their names. */
const MAX_BODY_BYTES = 8 * 1024 * 1024

export async function createGroup(deps: Deps, exchange: Exchange): Answer {
  const asked = await askedBy(exchange, MAX_BODY_BYTES)
  return asked instanceof ScimProblem ? asked : shown(deps, exchange, await postGroup(deps, asked), 201)
}

export async function readGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  const { request, caller } = exchange
  const group = ID.test(id) ? await findGroup(deps.store, caller.institution._id, { id }) : undefined
  if (!isVisible(group, caller.source)) return NO_SUCH_GROUP
  const condition = conditionIn(request.headers, group.version)
  if (condition === 'stale') return new ScimProblem('stale')
  if (condition === 'known' && !(await showsOthers(group, viewOf(deps, exchange))))
    return emptyAnswer(304, { etag: etagOf(group) })
  return show(deps, exchange, group, 200)
}

export async function replaceGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  const asked = await askedBy(exchange, MAX_BODY_BYTES)
  return asked instanceof ScimProblem ? asked : shown(deps, exchange, await putGroup(deps, asked, id), 200)
}

export async function changeGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  const asked = await askedBy(exchange, MAX_BODY_BYTES)
  if (asked instanceof ScimProblem) return asked
  const group = await patchGroup(deps, asked, id)
  if (group instanceof ScimProblem) return group
  const isAskedFor = exchange.parameter('attributes') !== undefined || wantsToSee(exchange) === true
  return isAskedFor ? show(deps, exchange, group, 200) : emptyAnswer(204, { etag: etagOf(group) })
}

export async function removeGroup(deps: Deps, exchange: Exchange, id: string): Answer {
  return (await dropGroup(deps, deletionBy(exchange), id)) ?? emptyAnswer(204)
}

/** The group as written; nothing of it where that is what the client prefers. */
async function shown(deps: Deps, exchange: Exchange, group: Group | ScimProblem, status: 200 | 201): Answer {
  if (group instanceof ScimProblem) return group
  if (wantsToSee(exchange) !== false) return show(deps, exchange, group, status)
  return emptyAnswer(status === 201 ? 201 : 204, { ...headersOf(exchange, group, status), ...MINIMAL })
}

function show(deps: Deps, exchange: Exchange, group: Group, status: 200 | 201): Promise<Response> {
  const { type, request } = exchange
  const text = groupText(group, viewOf(deps, exchange))
  return flowingAnswer(status, text, type, headersOf(exchange, group, status), (error) => deps.failed(error, request))
}

function headersOf({ base }: Exchange, group: Group, status: 200 | 201): { readonly [name: string]: string } {
  return { etag: etagOf(group), ...(status === 201 && { location: `${base}/Groups/${group._id}` }) }
}

function viewOf({ store }: Deps, exchange: Exchange): GroupView {
  const { caller, base } = exchange
  return { store, source: caller.source, base, project: projectionIn(exchange, GROUP) }
}

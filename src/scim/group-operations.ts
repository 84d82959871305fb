/**
 * Writes of groups (RFC 7644, sections 3.3, 3.5 and 3.6).
 */

import { changeGroup } from '../directory/groups/change.ts'
import { deleteGroup } from '../directory/groups/drop.ts'
import type { Group } from '../directory/groups/group.ts'
import type { GroupChange, GroupOutcome } from '../directory/groups/plan.ts'
import { ID } from '../directory/ids.ts'
import type { Roll } from '../directory/roll.ts'
import { GROUP } from '../directory/schema.ts'
import { problemIn, ScimProblem } from './errors.ts'
import type { Asked } from './exchange.ts'
import { changeBy } from './exchange.ts'
import type { GroupRequest } from './group-request.ts'
import { createRequest, patchRequest, replaceRequest } from './group-request.ts'
import { normalise } from './normalise.ts'
import { parsePatch } from './patch-steps.ts'

type Written = Promise<Group | ScimProblem>

export const NO_SUCH_GROUP = new ScimProblem('notFound', 'there is no such group')

export async function postGroup(roll: Roll, asked: Asked): Written {
  const sent = normalise(GROUP, asked.body)
  if (sent instanceof ScimProblem) return sent
  const target = { displayName: String(sent.resource.displayName) }
  return submit(roll, asked, target, createRequest(sent, asked.caller.source))
}

export async function putGroup(roll: Roll, asked: Asked, id: string): Written {
  const sent = normalise(GROUP, asked.body)
  return sent instanceof ScimProblem ? sent : submit(roll, asked, { id }, replaceRequest(sent, asked.caller.source))
}

export async function patchGroup(roll: Roll, asked: Asked, id: string): Written {
  const steps = parsePatch(GROUP, asked.body, id)
  if (steps instanceof ScimProblem) return steps
  const request = patchRequest(steps, asked.caller.source)
  return request instanceof ScimProblem ? request : submit(roll, asked, { id }, request)
}

/** @returns undefined when it is done */
export async function dropGroup(roll: Roll, asked: Asked, id: string): Promise<ScimProblem | undefined> {
  if (!ID.test(id)) return NO_SUCH_GROUP
  const dropped = await deleteGroup(roll, asked.caller.institution, { id, ...changeBy(asked) })
  return dropped === 'done' ? undefined : problemOf({ kind: dropped })
}

async function submit(roll: Roll, asked: Asked, target: GroupChange['target'], request: GroupRequest): Written {
  if ('id' in target && !ID.test(target.id)) return NO_SUCH_GROUP
  const { edit, members } = request
  const outcome = await changeGroup(roll, asked.caller.institution, { target, edit, ...changeBy(asked) }, members)
  return 'group' in outcome ? outcome.group : problemOf(outcome)
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

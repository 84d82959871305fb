/**
 * Writes of users: each as one change through the gate (RFC 7644, sections 3.3, 3.5 and 3.6).
 */
import type { Change, Outcome } from '../directory/change.ts'
import type { House } from '../directory/group-change.ts'
import { moveGroups } from '../directory/group-writes.ts'
import { isObject } from '../directory/json.ts'
import { keysOf } from '../directory/keys.ts'
import { isSeen } from '../directory/members-check.ts'
import { userSchemaOf } from '../directory/own-extension.ts'
import type { ResourceSchema } from '../directory/schema.ts'
import type { Resource, User } from '../directory/user.ts'
import type { Caller } from './deps.ts'
import { createEdit, deleteEdit, patchEdit, putEdit } from './edits.ts'
import { problemOf, ScimProblem } from './errors.ts'
import type { Asked } from './exchange.ts'
import { changeBy, ID } from './exchange.ts'
import { sentById, stepsById } from './manager-sent.ts'
import { mappingOf } from './mapping.ts'
import type { Sent } from './normalise.ts'
import { normalise } from './normalise.ts'
import { parsePatch } from './patch-steps.ts'

type Written = Promise<User | ScimProblem>

export const NO_SUCH_USER = new ScimProblem('notFound', 'there is no such user')

export async function postUser(house: House, asked: Asked): Written {
  const sent = await sentIn(house, asked)
  if (sent instanceof ScimProblem) return sent
  const { institution, source } = asked.caller
  const resource = mappingOf(institution).onto(viewOf(sent))
  const outcome = await house.gate.submit(institution, {
    ...changeBy(asked),
    ...personIn(sent, resource),
    target: { keys: keysOf(resource) },
    intent: 'create',
    edit: createEdit({ ...sent, resource }, source),
  })
  return writtenIn(house, asked, outcome)
}

export async function putUser(house: House, asked: Asked, id: string): Written {
  const sent = await sentIn(house, asked)
  if (sent instanceof ScimProblem) return sent
  const { institution, source } = asked.caller
  const edit = putEdit(sent, source, mappingOf(institution))
  return submit(house, asked, id, { intent: 'update', edit, ...personIn(sent, sent.resource) })
}

export async function patchUser(house: House, asked: Asked, id: string): Written {
  const parsed = parsePatch(schemaFor(asked), asked.body, id)
  if (parsed instanceof ScimProblem) return parsed
  const steps = await stepsById(house.store, asked.caller, parsed)
  return submit(house, asked, id, { intent: 'update', edit: patchEdit(steps, mappingOf(asked.caller.institution)) })
}

export async function deleteUser(house: House, asked: Asked, id: string): Written {
  return submit(house, asked, id, { intent: 'delete', edit: deleteEdit })
}

async function sentIn({ store }: House, asked: Asked): Promise<Sent | ScimProblem> {
  const sent = normalise(schemaFor(asked), asked.body)
  return sent instanceof ScimProblem ? sent : sentById(store, asked.caller, sent)
}

function schemaFor({ caller }: Asked): ResourceSchema {
  return userSchemaOf(caller.institution.settings)
}

async function submit(
  house: House,
  asked: Asked,
  id: string,
  change: Pick<Change, 'intent' | 'edit' | 'externalId' | 'names'>,
): Written {
  if (!ID.test(id)) return NO_SUCH_USER
  const outcome = await house.gate.submit(asked.caller.institution, { ...changeBy(asked), ...change, target: { id } })
  return writtenIn(house, asked, outcome)
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

type Done = Extract<Outcome, { readonly user: User }>

async function writtenIn(house: House, { caller }: Asked, outcome: Outcome): Written {
  if (!('user' in outcome)) return problemOf(outcome)
  if (outcome.user.memberOf.length > 0) await tellGroups(house, caller, outcome)
  return outcome.user
}

/** Whom a client deletes it sees no more among the members of groups, and does again whom it takes back. */
async function tellGroups({ groups }: House, caller: Caller, { user, before }: Done): Promise<void> {
  const { institution, source } = caller
  if (before === undefined || isSeen(before, source) === isSeen(user, source)) return
  await moveGroups(groups, institution._id, user.memberOf, caller)
}

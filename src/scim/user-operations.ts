/**
 * Writes of users: each as one change through the gate (RFC 7644, sections 3.3, 3.5 and 3.6). First it is made ready,
 * which may have to read; then it is handed in. Of several that are ready, those that are handed in first are done first.
 */
import { isVisible } from '../directory/binding.ts'
import type { Change, Outcome } from '../directory/change.ts'
import { moveGroups } from '../directory/groups/writes.ts'
import { ID } from '../directory/ids.ts'
import { isObject } from '../directory/json.ts'
import { keysOf } from '../directory/keys.ts'
import { userSchemaOf } from '../directory/own-extension.ts'
import type { Roll } from '../directory/roll.ts'
import type { ResourceSchema } from '../directory/schema.ts'
import type { Resource, User } from '../directory/user.ts'
import type { Caller } from './deps.ts'
import { createEdit, deleteEdit, patchEdit, putEdit } from './edits.ts'
import { problemOf, ScimProblem } from './errors.ts'
import type { Asked } from './exchange.ts'
import { changeBy } from './exchange.ts'
import { sentById, stepsById } from './manager-sent.ts'
import { mappingOf } from './mapping.ts'
import type { Sent } from './normalise.ts'
import { normalise } from './normalise.ts'
import { parsePatch } from './patch-steps.ts'

type Written = Promise<User | ScimProblem>

export const NO_SUCH_USER = new ScimProblem('notFound', 'there is no such user')

/** To be called once: hands the change in before it returns. */
type Write = () => Written
export type Ready = Promise<Write | ScimProblem>

export async function postUser(roll: Roll, asked: Asked): Written {
  return handedIn(await readyPost(roll, asked))
}

export async function putUser(roll: Roll, asked: Asked, id: string): Written {
  return handedIn(await readyPut(roll, asked, id))
}

export async function patchUser(roll: Roll, asked: Asked, id: string): Written {
  return handedIn(await readyPatch(roll, asked, id))
}

export async function deleteUser(roll: Roll, asked: Asked, id: string): Written {
  return handedIn(await readyDelete(roll, asked, id))
}

export async function readyPost(roll: Roll, asked: Asked): Ready {
  const sent = await sentIn(roll, asked)
  if (sent instanceof ScimProblem) return sent
  const { institution, source } = asked.caller
  const resource = mappingOf(institution).onto(sent)
  return () =>
    submit(roll, asked, {
      ...personIn(sent, resource),
      target: { keys: keysOf(resource) },
      intent: 'create',
      edit: createEdit({ ...sent, resource }, source),
    })
}

export async function readyPut(roll: Roll, asked: Asked, id: string): Ready {
  const sent = await sentIn(roll, asked)
  if (sent instanceof ScimProblem) return sent
  const { institution, source } = asked.caller
  const edit = putEdit(sent, source, mappingOf(institution))
  return toOne(roll, asked, id, { intent: 'update', edit, ...personIn(sent, sent.resource) })
}

export async function readyPatch(roll: Roll, asked: Asked, id: string): Ready {
  const parsed = parsePatch(schemaFor(asked), asked.body, id)
  if (parsed instanceof ScimProblem) return parsed
  const steps = await stepsById(roll.store, asked.caller, parsed)
  return toOne(roll, asked, id, { intent: 'update', edit: patchEdit(steps, mappingOf(asked.caller.institution)) })
}

export async function readyDelete(roll: Roll, asked: Asked, id: string): Ready {
  return toOne(roll, asked, id, { intent: 'delete', edit: deleteEdit })
}

function handedIn(ready: Awaited<Ready>): User | ScimProblem | Written {
  return ready instanceof ScimProblem ? ready : ready()
}

async function sentIn({ store }: Roll, asked: Asked): Promise<Sent | ScimProblem> {
  const sent = normalise(schemaFor(asked), asked.body)
  return sent instanceof ScimProblem ? sent : sentById(store, asked.caller, sent)
}

function schemaFor({ caller }: Asked): ResourceSchema {
  return userSchemaOf(caller.institution.settings)
}

function toOne(
  roll: Roll,
  asked: Asked,
  id: string,
  change: Pick<Change, 'intent' | 'edit' | 'externalId' | 'names'>,
): Write | ScimProblem {
  return ID.test(id) ? () => submit(roll, asked, { ...change, target: { id } }) : NO_SUCH_USER
}

async function submit(roll: Roll, asked: Asked, change: Omit<Change, 'source' | 'credential' | 'ifVersion'>): Written {
  const outcome = await roll.gate.submit(asked.caller.institution, { ...changeBy(asked), ...change })
  return writtenIn(roll, asked, outcome)
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

async function writtenIn(roll: Roll, { caller }: Asked, outcome: Outcome): Written {
  if (!('user' in outcome)) return problemOf(outcome)
  if (outcome.user.memberOf.length > 0) await tellGroups(roll, caller, outcome)
  return outcome.user
}

/** Whom a client deletes it sees no more among the members of groups, and does again whom it takes back. */
async function tellGroups({ groups }: Roll, caller: Caller, { user, before }: Done): Promise<void> {
  const { institution, source } = caller
  if (before === undefined || isVisible(before, source) === isVisible(user, source)) return
  await moveGroups(groups, institution._id, user.memberOf, caller)
}

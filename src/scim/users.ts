/**
 * /Users: what requests are answered (RFC 7644, sections 3.3 to 3.6).
 */
import { isVisible } from '../directory/binding.ts'
import { ID } from '../directory/ids.ts'
import { userSchemaOf } from '../directory/own-extension.ts'
import type { Roll } from '../directory/roll.ts'
import type { User } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { conditionIn } from './etag.ts'
import type { Asked, Exchange } from './exchange.ts'
import { askedBy, deletionBy, projectionIn, wantsToSee } from './exchange.ts'
import type { UserBytes } from './render.ts'
import { etagOf, locationOf, renderUser } from './render.ts'
import { answer, emptyAnswer, MINIMAL } from './respond.ts'
import { showsOthers, userText, viewFor } from './user-answer.ts'
import { deleteUser, NO_SUCH_USER, patchUser, postUser, putUser } from './user-operations.ts'

type Answer = Promise<Response | ScimProblem>

export async function createUser(roll: Roll, exchange: Exchange): Answer {
  const asked = await askedBy(exchange)
  return asked instanceof ScimProblem ? asked : shown(roll, exchange, await postUser(roll, asked), 201)
}

export async function readUser({ store }: Roll, exchange: Exchange, id: string): Answer {
  const user = await visibleUser(store, exchange.caller, id)
  if (user === undefined) return NO_SUCH_USER
  const project = projectionIn(exchange, userSchemaOf(exchange.caller.institution.settings))
  const condition = conditionIn(exchange.request.headers, user.version)
  if (condition === 'stale') return new ScimProblem('stale')
  if (condition === 'known' && !showsOthers(user, project)) return emptyAnswer(304, { etag: etagOf(user) })
  return answer(200, await userText(store, exchange, user, project), exchange.type, { etag: etagOf(user) })
}

export function replaceUser(roll: Roll, exchange: Exchange, id: string): Answer {
  return change(roll, exchange, (asked) => putUser(roll, asked, id))
}

export function changeUser(roll: Roll, exchange: Exchange, id: string): Answer {
  return change(roll, exchange, (asked) => patchUser(roll, asked, id))
}

export async function removeUser(roll: Roll, exchange: Exchange, id: string): Answer {
  const gone = await deleteUser(roll, deletionBy(exchange), id)
  return gone instanceof ScimProblem ? gone : emptyAnswer(204)
}

async function change(roll: Roll, exchange: Exchange, write: (asked: Asked) => Promise<User | ScimProblem>): Answer {
  const asked = await askedBy(exchange)
  return asked instanceof ScimProblem ? asked : shown(roll, exchange, await write(asked), 200)
}

async function visibleUser(store: Store, { institution, source }: Caller, id: string): Promise<UserBytes | undefined> {
  if (!ID.test(id)) return
  const user = (await store.get('users', institution._id, id, { asBytes: true })) as UserBytes | undefined
  return isVisible(user, source) ? user : undefined
}

/** The user as written; nothing of it where that is what the client prefers and it asks for no attributes. */
async function shown({ store }: Roll, exchange: Exchange, user: User | ScimProblem, status: 200 | 201): Answer {
  if (user instanceof ScimProblem) return user
  const location = status === 201 ? { location: locationOf(user, exchange.base) } : {}
  const headers = { etag: etagOf(user), ...location }
  if (wantsToSee(exchange) === false && exchange.parameter('attributes') === undefined)
    return emptyAnswer(status === 201 ? 201 : 204, { ...headers, ...MINIMAL })
  const project = projectionIn(exchange, userSchemaOf(exchange.caller.institution.settings))
  const resource = renderUser(user, await viewFor(store, exchange, [user], project))
  return answer(status, JSON.stringify(project === undefined ? resource : project.of(resource)), exchange.type, headers)
}

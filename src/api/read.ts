/**
 * GET: one person, lists of them, and what happened to one.
 */
import { isoTime } from '../days.ts'
import type { Difference } from '../directory/difference.ts'
import { historyOf, inFull } from '../directory/event.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import { fieldOwners, toldDifferences } from '../directory/flat-told.ts'
import { ID } from '../directory/ids.ts'
import { isList } from '../directory/json.ts'
import type { Json, User } from '../directory/user.ts'
import type { Doc } from '../store/store.ts'
import type { Answer } from './answers.ts'
import { answer, problem } from './answers.ts'
import type { ApiDeps, Exchange } from './deps.ts'
import type { Cursor } from './query.ts'
import { cursorTo, listQueryIn, noneIn, pageIn } from './query.ts'

type Reader = Pick<ApiDeps, 'store'>

export async function getUser({ store }: Reader, { caller, query }: Exchange, id: string): Promise<Answer> {
  const refused = noneIn(query)
  if (refused !== undefined) return refused
  const user = ID.test(id) ? ((await store.get('users', caller.institution._id, id)) as User | undefined) : undefined
  return user === undefined ? nobody() : answer(200, { ...shown(user), provenance: provenanceOf(user) })
}

export async function listUsers({ store }: Reader, exchange: Exchange): Promise<Answer> {
  const { institution } = exchange.caller
  const asked = listQueryIn(exchange.query, institution)
  if ('status' in asked) return asked
  const { where, byChange, limit, after } = asked
  const users = (await store.find('users', institution._id, {
    where,
    limit: limit + 1,
    project: ['resource', 'lastModified'],
    ...(byChange ? { sort: { path: 'lastModified', descending: false } } : {}),
    ...(after === undefined ? {} : { after: byChange ? after : { id: after.id } }),
  })) as User[]
  const page = users.slice(0, limit)
  const last = users.length > limit ? page.at(-1) : undefined
  const cursor = last && { id: last._id, ...(byChange ? { value: last.lastModified } : {}) }
  return answer(200, { users: page.map(shown), next: nextOf(exchange, 'users', cursor) })
}

export async function listEvents({ store }: Reader, exchange: Exchange, id: string): Promise<Answer> {
  const { institution } = exchange.caller
  const asked = pageIn(exchange.query)
  if ('status' in asked) return asked
  const { limit, after } = asked
  const found = ID.test(id)
    ? await store.find('events', institution._id, {
        where: historyOf(id),
        limit: limit + 1,
        ...(after === undefined ? {} : { after: { id: after.id } }),
      })
    : []
  if (found.length === 0 && (await isNobody(store, institution._id, id))) return nobody()
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return answer(200, { events: page.map(toldEvent), next: nextOf(exchange, `users/${id}/events`, last && { id: last._id }) })
}

async function isNobody(store: ApiDeps['store'], institution: string, id: string): Promise<boolean> {
  return !ID.test(id) || (await store.get('users', institution, id)) === undefined
}

function nobody(): Answer {
  return problem('not_found', 'there is nobody with this id')
}

function shown({ _id: id, resource }: User): { readonly id: string; readonly user: ReturnType<typeof flatUserOf> } {
  return { id, user: flatUserOf(resource) }
}

function provenanceOf(user: User): object {
  return Object.fromEntries(
    Object.entries(fieldOwners(user)).map(([field, { source, at }]) => [field, { source, at: isoTime(at) }]),
  )
}

function toldEvent(event: Doc): object {
  const { _id: id, kind, at, source, credential, run, row, matchedOn, differences, withheld } = inFull(event)
  const told = isList(differences as Json) ? (differences as readonly Difference[]).flatMap(toldDifferences) : []
  const optional = { credential, run, row, matched_on: matchedOn, withheld }
  return {
    id,
    at: isoTime(Number(at)),
    kind,
    source,
    changes: told,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}

/** The address of the next page: the same question, from here on. */
function nextOf({ base, query }: Exchange, path: string, cursor: Cursor | undefined): string | null {
  if (cursor === undefined) return null
  const next = new URLSearchParams(query)
  next.set('cursor', cursorTo(cursor))
  return `${base}/${path}?${next}`
}

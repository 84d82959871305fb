/**
 * Builders with defaults, for tests: institutions, and changes as a channel would make them.
 */
import type { Change, Draft } from '../src/directory/change.ts'
import { newId } from '../src/directory/ids.ts'
import type { Institution } from '../src/directory/institution.ts'
import { isObject } from '../src/directory/json.ts'
import { keysOf } from '../src/directory/keys.ts'
import type { Settings } from '../src/directory/settings.ts'
import type { JsonObject, Resource, Source, User } from '../src/directory/user.ts'

export function anInstitution(settings: Settings = {}, id = `u${newId(Date.now()).slice(-12)}`): Institution {
  const now = Date.now()
  return { _id: id, institution: '*', version: newId(now), name: id, settings, created: now, lastModified: now }
}

type Person = {
  readonly netid?: string
  readonly netid2?: string
  readonly netid3?: string
  readonly email?: string
  readonly userName?: string
  readonly first?: string
  readonly last?: string
  readonly title?: string
  readonly active?: boolean
}

/** A record made of the few attributes that most tests are about. */
export function aResource({ netid, netid2, netid3, email, userName, first, last, title, active }: Person): Resource {
  const campus = defined({ netid, netid2, netid3 })
  const name = defined({ givenName: first, familyName: last })
  return defined({
    userName,
    title,
    active,
    name: Object.keys(name).length > 0 ? name : undefined,
    emails: email === undefined ? undefined : [{ value: email, type: 'work', primary: true }],
    campus: Object.keys(campus).length > 0 ? campus : undefined,
  })
}

/** What a file or a script sends: found by its keys, only what was sent is touched, created otherwise. */
export function aChange(person: Person, more: Partial<Change> = {}): Change {
  const sent = aResource(person)
  return {
    target: { keys: keysOf(sent) },
    intent: 'upsert',
    source: 'file',
    ...(person.first === undefined || person.last === undefined
      ? {}
      : { names: { givenName: person.first, familyName: person.last } }),
    edit: (current) => ({ resource: merged(current?.resource ?? {}, sent) }),
    ...more,
  }
}

/** What a SCIM client's POST does, in short: adopts what it does not hold, refuses what it holds. */
export function aPost(person: Person, source: Source = 'scim', externalId?: string): Change {
  const bind = { state: 'bound', ...(externalId === undefined ? {} : { externalId }) } as const
  return aChange(person, {
    source,
    intent: 'create',
    ...(externalId === undefined ? {} : { externalId }),
    edit: (current) => {
      if (current?.binding?.state === 'bound' && current.user.resource.active !== false) {
        return { kind: 'conflict', code: 'exists', key: 'userName', records: [current.user._id], message: 'it is there' }
      }
      const draft: Draft = { resource: merged(current?.resource ?? {}, { active: true, ...aResource(person) }), binding: bind }
      return draft
    },
  })
}

/** What a SCIM client's DELETE does. */
export function aDelete(user: User, source: Source = 'scim'): Change {
  return {
    target: { id: user._id },
    intent: 'delete',
    source,
    edit: (current) => ({ resource: { ...current?.resource, active: false }, binding: { state: 'deleted' } }),
  }
}

function merged(into: JsonObject, sent: JsonObject): JsonObject {
  const next: { [name: string]: JsonObject[string] } = { ...into }
  for (const [name, value] of Object.entries(sent)) {
    const there = next[name]
    next[name] = isObject(value) && isObject(there) ? merged(there, value) : value
  }
  return next
}

function defined(object: { readonly [name: string]: unknown }): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as JsonObject
}

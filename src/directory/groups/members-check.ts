/**
 * Whether all that a change calls members can be members, told before anything is written.
 */
import type { Store } from '../../store/store.ts'
import { isVisible } from '../binding.ts'
import type { Problem } from '../change.ts'
import type { Source, User } from '../user.ts'
import type { Group } from './group.ts'
import { groupsUpward } from './group.ts'

/** Ids of members: who joins, and who leaves. `isWhole`: everybody who does not join leaves. */
export type MembersChange = {
  readonly isWhole: boolean
  readonly join: ReadonlySet<string>
  readonly leave: ReadonlySet<string>
}

export type Found = {
  /** The groups that each is in directly, by id. */
  readonly users: ReadonlyMap<string, readonly string[]>
  readonly groups: ReadonlyMap<string, readonly string[]>
}

const CHUNK = 500
const MOST_TOLD = 10

/** @param ids of users and groups; those that the source does not see are not found */
export async function findMembers(store: Store, institution: string, ids: Iterable<string>, source: Source): Promise<Found> {
  const users = new Map<string, readonly string[]>()
  const groups = new Map<string, readonly string[]>()
  const all = [...ids]
  for (let from = 0; from < all.length; from += CHUNK) {
    const some = all.slice(from, from + CHUNK)
    const people = (await store.lookUp('users', institution, { ids: some })) as User[]
    for (const user of people) if (isVisible(user, source)) users.set(user._id, user.memberOf)
    const known = new Set(people.map(({ _id }) => _id))
    const others = some.filter((id) => !known.has(id))
    const found = others.length === 0 ? [] : ((await store.lookUp('groups', institution, { ids: others })) as Group[])
    for (const group of found) if (isVisible(group, source)) groups.set(group._id, group.memberOf)
  }
  return { users, groups }
}

/** @param group that they join; absent when it is yet to be made */
export async function problemsOfMembers(
  store: Store,
  group: Group | undefined,
  { join }: MembersChange,
  found: Found,
): Promise<Problem[]> {
  const unknown = [...join].filter((id) => !found.users.has(id) && !found.groups.has(id))
  if (unknown.length > 0) return [problem(`there is no user or group ${told(unknown)}`)]
  const nested = [...join].filter((id) => found.groups.has(id))
  if (nested.length === 0 || group === undefined) return []
  const above = await groupsUpward(store, group.institution, [group._id])
  const circular = nested.filter((id) => above.has(id))
  return circular.length === 0 ? [] : [problem(`the group lies in ${told(circular)} already: a circle of groups cannot be`)]
}

function problem(message: string): Problem {
  return { field: 'members', code: 'invalidValue', message: `members: ${message}` }
}

function told(ids: readonly string[]): string {
  const some = ids.slice(0, MOST_TOLD).map((id) => (id.length > 64 ? `${id.slice(0, 64)}…` : id))
  return some.join(', ') + (ids.length > some.length ? `, nor ${ids.length - some.length} more` : '')
}

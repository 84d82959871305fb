/**
 * A group: a small record. Who belongs to it is a fact of its members (`memberOf`), so a group of 100,000 is no heavier
 * than one of five. Its version moves with its members.
 */
import type { Predicate } from '../../store/predicate.ts'
import type { Doc, Store } from '../../store/store.ts'
import { allDocs } from '../each-doc.ts'
import { foldText } from '../keys.ts'
import { addShared } from '../search.ts'
import type { Binding } from '../user.ts'

export type Group = Doc & GroupFields

export type GroupFields = {
  readonly _id: string
  readonly institution: string
  /** `name`: the display name, folded. */
  readonly keys: { readonly name: string }
  readonly displayName: string
  readonly bindings: readonly Binding[]
  /** Ids of the groups that this one is in directly. */
  readonly memberOf: readonly string[]
  /** A change of several steps was begun and may not have come to its end: sent again, it is completed. */
  readonly unfinished?: true
  /** Epoch milliseconds. */
  readonly created: number
  readonly lastModified: number
}

/** What `Doc.search` holds for a group. */
export function groupSearch(group: Pick<GroupFields, 'bindings' | 'memberOf'>): { readonly [name: string]: unknown } {
  const search = {}
  addShared(search, group)
  return search
}

/** Users, or groups, that are in one of these groups directly. */
export function isIn(...groups: readonly string[]): Predicate {
  return { op: 'any', path: 'search.memberOf', where: { op: 'in', path: '', values: groups } }
}

/** By id, or by a display name that is the same but for case. */
export async function findGroup(
  store: Store,
  institution: string,
  target: { readonly id: string } | { readonly displayName: string },
): Promise<Group | undefined> {
  if ('id' in target) return (await store.get('groups', institution, target.id)) as Group | undefined
  const [group] = await store.lookUp('groups', institution, { keys: { name: [foldText(target.displayName)] } })
  return group as Group | undefined
}

/** Groups that are in one of these directly. */
export async function groupsIn(store: Store, institution: string, ...groups: readonly string[]): Promise<Group[]> {
  return groups.length === 0 ? [] : ((await allDocs(store, 'groups', institution, isIn(...groups))) as Group[])
}

/** These groups and all that they lie in, by id. A circle, which two clients may close for a moment, ends it as well. */
export async function groupsUpward(store: Store, institution: string, ids: Iterable<string>): Promise<Map<string, Group>> {
  const found = new Map<string, Group>()
  const asked = new Set<string>()
  for (let level = new Set(ids); level.size > 0; ) {
    const groups = (await store.lookUp('groups', institution, { ids: [...level] })) as Group[]
    for (const id of level) asked.add(id)
    for (const group of groups) found.set(group._id, group)
    level = new Set(groups.flatMap(({ memberOf }) => memberOf).filter((id) => !asked.has(id)))
  }
  return found
}

/** All groups that lie in these, at any depth; these themselves are not among them unless they lie in each other. */
export async function groupsDownward(store: Store, institution: string, ids: Iterable<string>): Promise<Map<string, Group>> {
  const found = new Map<string, Group>()
  for (let level = [...ids]; level.length > 0; ) {
    const inside = await groupsIn(store, institution, ...level)
    level = inside.map(({ _id }) => _id).filter((id) => !found.has(id))
    for (const group of inside) found.set(group._id, group)
  }
  return found
}

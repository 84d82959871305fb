/**
 * Who is in a group: each member's own fact, changed through the gate like anything else about a person, with its event.
 */
import { sideBySide } from '../../side-by-side.ts'
import type { Store } from '../../store/store.ts'
import type { Change, Current, Draft, Edit, Outcome } from '../change.ts'
import { pagesOf } from '../each-doc.ts'
import type { Gate } from '../gate.ts'
import type { Institution } from '../institution.ts'
import type { Source, User } from '../user.ts'
import type { Grants } from './grants.ts'
import { granted, isAnyMapped, readGrants, sameGrants } from './grants.ts'
import type { Group } from './group.ts'
import { groupsDownward, isIn } from './group.ts'

/** Who asks for a change, and with which credential. */
export type By = { readonly source: Source; readonly credential?: string }

/** Only this of something that also says more. */
export function byOf({ source, credential }: By): By {
  return credential === undefined ? { source } : { source, credential }
}

export type Done = 'done' | 'busy'

/** Through which members are read and changed. */
type Members = { readonly store: Store; readonly gate: Gate }

/** How many members are read and changed together. */
const PAGE = 200

type Named = Pick<Group, '_id' | 'displayName'>

/** Makes an edit of a member, with what groups mean now; undefined where none means anything. */
export type MemberEdit = (grants: Grants | undefined) => Edit

export function joinEdit({ _id, displayName }: Named): MemberEdit {
  return (grants) =>
    memberEdit(grants, ({ memberOf }) => {
      if (memberOf.includes(_id)) return
      return { memberOf: [...memberOf, _id], told: [{ slot: `memberOf[${_id}]`, new: displayName }] }
    })
}

export function leaveEdit({ _id, displayName }: Named): MemberEdit {
  return (grants) =>
    memberEdit(grants, ({ memberOf }) => {
      if (!memberOf.includes(_id)) return
      return { memberOf: memberOf.filter((id) => id !== _id), told: [{ slot: `memberOf[${_id}]`, old: displayName }] }
    })
}

/** Gives and takes away what groups mean, where that has changed and the membership has not. */
export const reviewEdit: MemberEdit = (grants) => memberEdit(grants, () => undefined)

function memberEdit(grants: Grants | undefined, change: (user: User) => Draft['membership']): Edit {
  return (current) => {
    if (current === undefined) return { kind: 'missing' }
    const membership = change(current.user)
    return { ...meaning(current, membership?.memberOf ?? current.user.memberOf, grants), ...(membership && { membership }) }
  }
}

function meaning(current: Current, memberOf: readonly string[], grants: Grants | undefined): Pick<Draft, 'resource' | 'granted'> {
  return grants === undefined ? { resource: current.resource } : granted(current, memberOf, grants)
}

/** Members of a group that are users, page by page, by id: who joins or leaves meanwhile may or may not be among them. */
export function memberPages(store: Store, institution: string, group: string): AsyncGenerator<User[], void> {
  return pagesOf(store, 'users', institution, { where: isIn(group), limit: PAGE }) as AsyncGenerator<User[], void>
}

/**
 * One edit of each of these people: a few in the lane of requests, more in that of batches. Where others have changed
 * meanwhile what groups mean, these people are reviewed: whoever changed it may have been at them before, or not met them.
 */
export async function changeEach(
  { store, gate }: Members,
  institution: Institution,
  users: readonly string[],
  edit: MemberEdit,
  by: By,
): Promise<Done> {
  if (users.length === 0) return 'done'
  let grants = await readGrants(store, institution)
  for (let next = edit; ; next = reviewEdit) {
    const changes = users.map((id): Change => ({ ...byOf(by), target: { id }, intent: 'update', edit: next(grants) }))
    const outcomes = await gate.batch(institution, changes, changes.length <= PAGE ? 'request' : 'batch')
    if (outcomes.some(isBusy)) return 'busy'
    const before = grants
    grants = await readGrants(store, institution)
    if (sameGrants(before, grants)) return 'done'
  }
}

/** One edit of everybody in a group. @param signal ends it between two pages, as if others were too busy */
export async function changeMembers(
  roll: Members,
  institution: Institution,
  group: string,
  edit: MemberEdit,
  by: By,
  signal?: AbortSignal,
): Promise<Done> {
  for await (const page of memberPages(roll.store, institution._id, group)) {
    if (signal?.aborted) return 'busy'
    const ids = page.map(({ _id }) => _id)
    if ((await changeEach(roll, institution, ids, edit, by)) === 'busy') return 'busy'
  }
  return 'done'
}

function isBusy({ kind }: Outcome): boolean {
  return kind === 'busy'
}

/** Reviews everybody in these groups, and in the groups that lie in them. */
export async function reviewMembers(roll: Members, institution: Institution, groups: readonly string[], by: By): Promise<Done> {
  if (groups.length === 0 || !isAnyMapped(institution)) return 'done'
  const inside = await groupsDownward(roll.store, institution._id, groups)
  const review = (group: string) => changeMembers(roll, institution, group, reviewEdit, by)
  for await (const done of sideBySide(new Set([...groups, ...inside.keys()]), review)) if (done === 'busy') return 'busy'
  return 'done'
}

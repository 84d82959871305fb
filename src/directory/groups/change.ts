/**
 * A change of a group with its members: all members are checked first, then the record is written, then each member that
 * joins or leaves, then the record's version moves once more. Whoever reads meanwhile knows by the version that there is
 * more to come; what a crash leaves is completed when the same change is sent again.
 */
import { sideBySide } from '../../side-by-side.ts'
import { bindingOf, isVisible } from '../binding.ts'
import type { Institution } from '../institution.ts'
import type { Roll } from '../roll.ts'
import { isAnyMapped, isMapped } from './grants.ts'
import type { Group } from './group.ts'
import { findGroup, groupsIn, groupsUpward } from './group.ts'
import type { Found, MembersChange } from './members-check.ts'
import { findMembers, problemsOfMembers } from './members-check.ts'
import type { Done, MemberEdit } from './membership.ts'
import { byOf, changeEach, joinEdit, leaveEdit, memberPages, reviewEdit, reviewMembers } from './membership.ts'
import type { GroupChange, GroupDraft, GroupOutcome, GroupRefusal } from './plan.ts'
import type { Known } from './writes.ts'
import { moveGroups } from './writes.ts'

export async function changeGroup(
  roll: Roll,
  institution: Institution,
  change: GroupChange,
  members: MembersChange,
): Promise<GroupOutcome> {
  const { store } = roll
  const named = [...members.join, ...members.leave]
  const [known, found] = await Promise.all([
    named.length === 0 ? undefined : findGroup(store, institution._id, change.target).then((group) => ({ group })),
    findMembers(store, institution._id, named, change.source),
  ])
  const before = known?.group
  const problems = await problemsOfMembers(store, before, members, found)
  if (problems.length > 0) return { kind: 'invalid', problems }
  const moves = movesOf(members, found, before?._id)
  const hasMoves = Object.values(moves).some((ids) => ids.length > 0)
  let isTakenBack = false
  const edit = (current: Group | undefined) => {
    isTakenBack = current !== undefined && !isVisible(current, change.source)
    return begun(change, current, hasMoves, institution)
  }
  const first = await roll.groups.write(institution._id, { ...change, edit }, known)
  if (!('group' in first)) return first
  const { group } = first
  if (isTakenBack) await moveGroups(roll.groups, institution._id, group.memberOf, change)
  const work = new Work({ roll, institution, change, members, found, moves, group }, hasMoves)
  return (await work.run()) === 'busy' ? { kind: 'busy' } : work.end(first.kind)
}

/** Ids of those for whom something changes. */
type Moves = {
  readonly usersIn: readonly string[]
  readonly usersOut: readonly string[]
  readonly groupsIn: readonly string[]
  readonly groupsOut: readonly string[]
}

function movesOf({ join, leave }: MembersChange, { users, groups }: Found, group: string | undefined): Moves {
  const select = (ids: ReadonlySet<string>, found: Found['users'], isMember: boolean) =>
    [...ids].filter((id) => {
      const memberOf = found.get(id)
      return memberOf !== undefined && (group !== undefined && memberOf.includes(group)) === isMember
    })
  return {
    usersIn: select(join, users, false),
    usersOut: select(leave, users, true),
    groupsIn: select(join, groups, false),
    groupsOut: select(leave, groups, true),
  }
}

/** The draft of the first write: it says when there is more to come that would not show if it never came. */
function begun(
  { edit, source }: GroupChange,
  current: Group | undefined,
  hasMoves: boolean,
  institution: Institution,
): GroupDraft | GroupRefusal {
  const draft = edit(current)
  if ('kind' in draft) return draft
  const { displayName = current?.displayName ?? '' } = draft
  const changesMeaning =
    current !== undefined &&
    displayName !== current.displayName &&
    [displayName, current.displayName].some((name) => isMapped(institution, name))
  // Sent again, a POST would find that the source has the group already.
  const isNewToSource = current === undefined || bindingOf(current.bindings, source)?.state !== 'bound'
  const isUnfinished = current?.unfinished === true || changesMeaning || (isNewToSource && hasMoves)
  return { ...draft, moves: hasMoves, isUnfinished }
}

type Task = {
  readonly roll: Roll
  readonly institution: Institution
  readonly change: GroupChange
  readonly members: MembersChange
  readonly found: Found
  readonly moves: Moves
  readonly group: Group
}

class Work {
  readonly #task: Task
  /** Whether a member moves; then the version of the group has moved before. */
  #hasMoves: boolean
  /** Groups that have joined or left, or may have done so in an attempt before this one. */
  readonly #nested: Set<string>
  /** The group as it was written last. */
  #known: Known

  constructor(task: Task, hasMoves: boolean) {
    this.#task = task
    this.#hasMoves = hasMoves
    this.#known = task
    this.#nested = new Set([...task.members.join].filter((id) => task.found.groups.has(id)))
  }

  async run(): Promise<Done> {
    for (const step of [this.#join, this.#leave, this.#empty, this.#review]) {
      if ((await step.call(this)) === 'busy') return 'busy'
    }
    return 'done'
  }

  /** The last write. A group that somebody dropped meanwhile takes nobody along. */
  async end(kind: 'created' | 'updated' | 'unchanged'): Promise<GroupOutcome> {
    const { group, moves } = this.#task
    if (!this.#hasMoves && group.unfinished !== true) return { kind, group }
    const edit = () => ({ moves: this.#hasMoves, isUnfinished: false })
    const last = await this.#write(group._id, edit, this.#known)
    if (last.kind === 'missing') {
      await this.#users(moves.usersIn, leaveEdit(group))
      await this.#nest(moves.groupsIn, false)
    }
    return 'group' in last && kind === 'created' ? { ...last, kind } : last
  }

  /** Who is in already is looked at again where that may mean something new. */
  async #join(): Promise<Done> {
    const { institution, group, found, members, moves } = this.#task
    if ((await this.#users(moves.usersIn, joinEdit(group))) === 'busy') return 'busy'
    const others = [...members.join].filter((id) => found.users.get(id)?.includes(group._id))
    if (isAnyMapped(institution) && (await this.#users(others, reviewEdit)) === 'busy') return 'busy'
    return this.#nest(moves.groupsIn, true)
  }

  async #leave(): Promise<Done> {
    const { group, moves } = this.#task
    if ((await this.#users(moves.usersOut, leaveEdit(group))) === 'busy') return 'busy'
    return this.#nest(moves.groupsOut, false)
  }

  /** Everybody else, where the members were sent whole; whom the source has deleted it does not speak of. */
  async #empty(): Promise<Done> {
    const { roll, group, members, change } = this.#task
    if (!members.isWhole) return 'done'
    for await (const page of memberPages(roll.store, group.institution, group._id)) {
      const others = page.filter((user) => !members.join.has(user._id) && isVisible(user, change.source))
      if (others.length === 0) continue
      await this.#announce()
      const ids = others.map(({ _id }) => _id)
      if ((await this.#users(ids, leaveEdit(group))) === 'busy') return 'busy'
    }
    const inside = await groupsIn(roll.store, group.institution, group._id)
    const others = inside.filter((one) => !members.join.has(one._id) && isVisible(one, change.source))
    if (others.length > 0) await this.#announce()
    return this.#nest(
      others.map(({ _id }) => _id),
      false,
    )
  }

  /** What groups mean to people who have not moved themselves: by a new name, through groups that have moved. */
  #review(): Promise<Done> {
    const { roll, institution, change, group } = this.#task
    const ids = [...(group.unfinished === true ? [group._id] : []), ...this.#nested]
    return reviewMembers(roll, institution, ids, change)
  }

  #users(ids: readonly string[], edit: MemberEdit): Promise<Done> {
    const { roll, institution, change } = this.#task
    return changeEach(roll, institution, ids, edit, change)
  }

  async #nest(ids: readonly string[], joins: boolean): Promise<Done> {
    const { group } = this.#task
    for (const id of ids) this.#nested.add(id)
    const edit = ({ memberOf }: Group): GroupDraft => {
      const others = memberOf.filter((one) => one !== group._id)
      return { memberOf: joins ? [...others, group._id] : others }
    }
    for await (const { kind } of sideBySide(ids, (id) => this.#write(id, edit))) if (kind === 'busy') return 'busy'
    return joins && (await this.#isCircle(ids)) ? this.#stepBack(ids) : 'done'
  }

  /** Whether somebody has put this group into one of these meanwhile, be it through others. */
  async #isCircle(ids: readonly string[]): Promise<boolean> {
    if (ids.length === 0) return false
    const { roll, group } = this.#task
    const above = await groupsUpward(roll.store, group.institution, [group._id])
    return ids.some((id) => above.has(id))
  }

  /** Of two who close a circle at least one sees it: sent again, this is done, or refused for the circle that it would be. */
  async #stepBack(ids: readonly string[]): Promise<Done> {
    await this.#nest(ids, false)
    await this.#review()
    return 'busy'
  }

  /** Before a member moves that nobody knew of at the beginning. */
  async #announce(): Promise<void> {
    if (this.#hasMoves) return
    this.#hasMoves = true
    const told = await this.#write(this.#task.group._id, () => ({ moves: true }), this.#known)
    if ('group' in told) this.#known = told
  }

  #write(id: string, edit: (group: Group) => GroupDraft, known?: Known): Promise<GroupOutcome> {
    const { roll, change, group } = this.#task
    const written: GroupChange = {
      target: { id },
      ...byOf(change),
      edit: (current) => (current === undefined ? { kind: 'missing' } : edit(current)),
    }
    return roll.groups.write(group.institution, written, known)
  }
}

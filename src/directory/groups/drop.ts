/**
 * A group that its last source deletes: the record goes at once, with its event, and nobody sees the group any more;
 * then its members leave, chunk by chunk. A note in the store lasts until the end, so that what was interrupted is gone
 * on with: by the same request sent again, or when a server starts.
 */
import { sideBySide } from '../../side-by-side.ts'
import { EVERYTHING } from '../../store/predicate.ts'
import type { Doc, Store } from '../../store/store.ts'
import { isVisible } from '../binding.ts'
import type { Change } from '../change.ts'
import { allDocs } from '../each-doc.ts'
import { newId } from '../ids.ts'
import type { Institution } from '../institution.ts'
import type { Roll } from '../roll.ts'
import type { Source } from '../user.ts'
import type { Group } from './group.ts'
import { findGroup, groupsIn } from './group.ts'
import type { By } from './membership.ts'
import { byOf, changeMembers, leaveEdit, reviewMembers } from './membership.ts'
import type { GroupChange } from './plan.ts'
import { eventOf } from './plan.ts'
import { moveGroups } from './writes.ts'

/** What is left of a group until its members, and the groups that it was in, know: it has the id of the group. */
type Drop = Doc & By & { readonly displayName: string; readonly memberOf: readonly string[] }

export type Dropped = 'done' | 'missing' | 'stale' | 'busy'

/** So often others may change the group between a look and the deletion. */
const TRIES = 20

/** Deletes the group for this source: hides it from it while another source has it, else drops it. */
export async function deleteGroup(
  roll: Roll,
  institution: Institution,
  asked: By & { readonly id: string; readonly ifVersion?: Change['ifVersion'] },
): Promise<Dropped> {
  const { id, ifVersion, ...by } = asked
  for (let tries = 0; tries < TRIES; tries++) {
    const [group, note] = await Promise.all([
      findGroup(roll.store, institution._id, { id }),
      findNote(roll.store, institution._id, id),
    ])
    if (group === undefined) return note === undefined ? 'missing' : finish(roll, institution, note)
    if (!isVisible(group, by.source)) return 'missing'
    if (ifVersion?.(group.version) === false) return 'stale'
    if (isElsewhere(group, by.source)) {
      const hidden = await hide(roll, group, asked)
      if (hidden !== undefined) return hidden
    } else {
      const dropped = await drop(roll.store, group, note, by)
      if (dropped !== undefined) return finish(roll, institution, dropped)
    }
  }
  return 'busy'
}

/** Goes on with all drops of the institution that were interrupted. @param signal ends it between two chunks */
export async function resumeDrops(roll: Roll, institution: Institution, signal?: AbortSignal): Promise<void> {
  for (const { _id } of await allDocs(roll.store, 'drops', institution._id, EVERYTHING)) {
    await finishNoted(roll, institution, _id, signal)
  }
}

/** Whether another source has the group. */
function isElsewhere({ bindings }: Group, source: Source): boolean {
  return bindings.some((binding) => binding.source !== source && binding.state === 'bound')
}

/** @returns undefined when all others have deleted the group meanwhile */
async function hide(
  { groups }: Roll,
  { institution, _id }: Group,
  { ifVersion, ...asked }: By & { readonly ifVersion?: Change['ifVersion'] },
): Promise<Dropped | undefined> {
  const by = byOf(asked)
  let isLast = false
  const edit: GroupChange['edit'] = (current) => {
    if (!isVisible(current, by.source)) return { kind: 'missing' }
    isLast = !isElsewhere(current, by.source)
    return isLast ? { kind: 'missing' } : { binding: { state: 'deleted' } }
  }
  const outcome = await groups.write(institution, { ...by, target: { id: _id }, edit, ifVersion })
  if ('group' in outcome) {
    await moveGroups(groups, institution, outcome.group.memberOf, by)
    return 'done'
  }
  if (isLast) return undefined
  return outcome.kind === 'busy' || outcome.kind === 'stale' ? outcome.kind : 'missing'
}

async function findNote(store: Store, institution: string, id: string): Promise<Drop | undefined> {
  return (await store.get('drops', institution, id)) as Drop | undefined
}

/**
 * @param before of a deletion that was interrupted before the group was gone
 * @returns undefined when others have changed the group meanwhile
 */
async function drop(store: Store, group: Group, before: Drop | undefined, by: By): Promise<Drop | undefined> {
  const { _id, institution, displayName, memberOf } = group
  const now = Date.now()
  const note: Drop = { ...byOf(by), _id, institution, version: newId(now), displayName, memberOf }
  const [noted] = await store.write([
    before === undefined
      ? { collection: 'drops', op: 'insert', doc: note }
      : { collection: 'drops', op: 'replace', doc: note, expected: before.version },
  ])
  if (noted?.kind !== 'ok') return undefined
  const gone = { _id, institution, version: newId(now), lastModified: now }
  const event = eventOf('group.deleted', gone, by, [{ slot: 'displayName', old: displayName }])
  const [dropped] = await store.write([
    { collection: 'groups', op: 'delete', institution, id: _id, expected: group.version, events: [event] },
  ])
  return dropped?.kind === 'ok' ? note : undefined
}

async function finishNoted(roll: Roll, institution: Institution, id: string, signal?: AbortSignal): Promise<Dropped> {
  const note = await findNote(roll.store, institution._id, id)
  // The note comes first: where the group is still there, its deletion was never answered, and may not be wanted any more.
  if (note === undefined || (await findGroup(roll.store, institution._id, { id })) !== undefined) return 'missing'
  return finish(roll, institution, note, signal)
}

async function finish(roll: Roll, institution: Institution, note: Drop, signal?: AbortSignal): Promise<Dropped> {
  const { store } = roll
  if ((await changeMembers(roll, institution, note._id, leaveEdit(note), note, signal)) === 'busy') return 'busy'
  const nested = (await groupsIn(store, institution._id, note._id)).map(({ _id }) => _id)
  const leave = (id: string) => leaveGroup(roll, institution._id, id, note)
  for await (const left of sideBySide(nested, leave)) if (left === 'busy') return 'busy'
  if ((await reviewMembers(roll, institution, nested, note)) === 'busy') return 'busy'
  await moveGroups(roll.groups, institution._id, note.memberOf, byOf(note))
  await store.write([{ collection: 'drops', op: 'delete', institution: institution._id, id: note._id, expected: note.version }])
  return 'done'
}

async function leaveGroup({ groups }: Roll, institution: string, id: string, note: Drop): Promise<Dropped> {
  const outcome = await groups.write(institution, {
    ...byOf(note),
    target: { id },
    edit: (current) =>
      current === undefined ? { kind: 'missing' } : { memberOf: current.memberOf.filter((one) => one !== note._id) },
  })
  return outcome.kind === 'busy' ? 'busy' : 'done'
}

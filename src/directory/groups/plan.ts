/**
 * One change of a group's record, planned: pure. Members are no part of the record (`membership.ts`).
 */
import type { Doc } from '../../store/store.ts'
import { bindingDifferences, withBinding } from '../binding.ts'
import type { Change, Draft, Problem } from '../change.ts'
import type { Difference } from '../difference.ts'
import { newId, newVersion } from '../ids.ts'
import { foldText } from '../keys.ts'
import type { Source } from '../user.ts'
import type { Group, GroupFields } from './group.ts'
import { groupSearch } from './group.ts'

/** What an edit makes of a group; what is absent is left alone. */
export type GroupDraft = {
  readonly displayName?: string
  readonly binding?: NonNullable<Draft['binding']>
  readonly memberOf?: readonly string[]
  readonly isUnfinished?: boolean
  /** Whether the version moves although nothing of the record differs. */
  readonly moves?: boolean
}

export type GroupRefusal =
  | { readonly kind: 'missing' }
  /** The name is another group's, or that of a group which the source has already. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }

export type GroupChange = {
  /** By id, or by display name. */
  readonly target: { readonly id: string } | { readonly displayName: string }
  /** Pure: it is run again after a lost race. `current` is absent when there is no such group. */
  readonly edit: (current: Group | undefined) => GroupDraft | GroupRefusal
  /** As of a change of a person. */
  readonly ifVersion?: Change['ifVersion']
  readonly source: Source
  readonly credential?: string
}

export type GroupOutcome =
  | { readonly kind: 'created' | 'updated' | 'unchanged'; readonly group: Group }
  | GroupRefusal
  /** The group has another version than the caller knew. */
  | { readonly kind: 'stale' }
  /** Other writers won every race until the deadline; it can be sent again. */
  | { readonly kind: 'busy' }

type Plan = { readonly group: Group | undefined; readonly events: readonly Doc[]; readonly outcomes: GroupOutcome[] }

/**
 * Plans changes of one group in their order: each sees what the ones before it did.
 * @returns the group as it then is (`stored` itself where nothing differs), the events of what differs, and what becomes of each change
 */
export function planGroup(institution: string, changes: readonly GroupChange[], stored: Group | undefined, now: number): Plan {
  let group = stored
  const events: Doc[] = []
  const outcomes = changes.map((change): GroupOutcome => {
    if (group !== undefined && change.ifVersion?.(group.version) === false) return { kind: 'stale' }
    const draft = change.edit(group)
    if ('kind' in draft) return draft
    const isNew = group === undefined
    const body = bodyOf(institution, group, draft, change, now)
    const differences = differencesOf(group, body)
    if (group !== undefined && differences.length === 0 && draft.moves !== true && group.unfinished === body.unfinished)
      return { kind: 'unchanged', group }
    const version = newVersion(now, group?.version)
    const lastModified = differences.length === 0 && isBeingMade(group) ? body.created : now
    group = { ...body, version, lastModified, search: groupSearch(body) }
    if (differences.length > 0) events.push(eventOf(isNew ? 'group.created' : 'group.updated', group, change, differences))
    return { kind: isNew ? 'created' : 'updated', group }
  })
  return { group, events, outcomes }
}

/** Whether its first members are still joining: that is part of its making, and no later change (RFC 7643, section 3.1). */
function isBeingMade(group: Group | undefined): boolean {
  return group?.unfinished === true && group.lastModified === group.created
}

type Body = Omit<GroupFields, 'lastModified'>

function bodyOf(institution: string, group: Group | undefined, draft: GroupDraft, change: GroupChange, now: number): Body {
  const displayName = draft.displayName ?? group?.displayName ?? ''
  const isUnfinished = draft.isUnfinished ?? group?.unfinished ?? false
  return {
    _id: group?._id ?? newId(now),
    institution,
    keys: { name: foldText(displayName) },
    displayName,
    bindings: withBinding(group?.bindings ?? [], change.source, draft.binding),
    memberOf: draft.memberOf ?? group?.memberOf ?? [],
    created: group?.created ?? now,
    ...(isUnfinished ? { unfinished: true } : {}),
  }
}

function differencesOf(group: Group | undefined, body: Body): Difference[] {
  const differences: Difference[] = []
  if (group?.displayName !== body.displayName) {
    const old = group === undefined ? {} : { old: group.displayName }
    differences.push({ slot: 'displayName', ...old, new: body.displayName })
  }
  const before = group?.memberOf ?? []
  for (const id of body.memberOf) if (!before.includes(id)) differences.push({ slot: `memberOf[${id}]`, new: id })
  for (const id of before) if (!body.memberOf.includes(id)) differences.push({ slot: `memberOf[${id}]`, old: id })
  return [...differences, ...bindingDifferences(group?.bindings ?? [], body.bindings)]
}

/** One line of the audit trail about a group, named after the version that the change made. */
export function eventOf(
  kind: 'group.created' | 'group.updated' | 'group.deleted',
  group: Pick<Group, '_id' | 'institution' | 'version' | 'lastModified'>,
  { source, credential }: Pick<GroupChange, 'source' | 'credential'>,
  differences: readonly Difference[],
): Doc {
  const { _id, institution, version, lastModified } = group
  return {
    _id: version,
    institution,
    version,
    subject: _id,
    kind,
    at: lastModified,
    source,
    ...(credential === undefined ? {} : { credential }),
    differences,
  }
}

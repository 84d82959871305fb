/**
 * Filters that ask about other records: `members eq "…"` over groups, whose members know it and not the group, and
 * `groups eq "…"` over users, who are also in the groups that their own lie in. What such a filter names is looked up
 * before it is compiled.
 */
import { groupsDownward } from '../../directory/group.ts'
import { findMembers } from '../../directory/members-check.ts'
import type { Predicate } from '../../store/predicate.ts'
import { NOTHING } from '../../store/predicate.ts'
import type { Store } from '../../store/store.ts'
import type { Viewer } from '../deps.ts'
import { ScimProblem } from '../errors.ts'
import type { ResourceType } from '../resource-type.ts'
import type { MemberTerm } from './member-terms.ts'
import { memberTerms } from './member-terms.ts'
import type { FilterNode } from './node.ts'

export type Related = {
  /** What each member is, and the groups that it is in directly, by its id. */
  readonly members: ReadonlyMap<string, { readonly type: 'User' | 'Group'; readonly memberOf: readonly string[] }>
  /** Ids of the groups that lie in a group, at any depth, by its id. */
  readonly inside: ReadonlyMap<string, readonly string[]>
}

export const UNRELATED: Related = { members: new Map(), inside: new Map() }

/** Reads what the filter asks about; nothing, for almost every filter. */
export async function readRelated(
  store: Store,
  { institution, source }: Viewer,
  { collection }: ResourceType,
  node: FilterNode,
): Promise<Related> {
  const ids = new Set(idsIn(node, collection === 'groups' ? 'members' : 'groups'))
  if (ids.size === 0) return UNRELATED
  if (collection === 'groups') {
    const { users, groups } = await findMembers(store, institution._id, ids, source)
    const told =
      (type: 'User' | 'Group') =>
      ([id, memberOf]: [string, readonly string[]]) =>
        [id, { type, memberOf }] as const
    return { ...UNRELATED, members: new Map([...[...users].map(told('User')), ...[...groups].map(told('Group'))]) }
  }
  const inside = new Map<string, readonly string[]>()
  for (const id of ids) inside.set(id, [...(await groupsDownward(store, institution._id, [id])).keys()])
  return { ...UNRELATED, inside }
}

/** The texts that are compared with an attribute or a part of it. */
function idsIn(node: FilterNode, attribute: string, isWithin = false): string[] {
  switch (node.op) {
    case 'and':
    case 'or':
      return node.of.flatMap((one) => idsIn(one, attribute, isWithin))
    case 'not':
      return idsIn(node.of, attribute, isWithin)
    case 'any':
      return idsIn(node.of, attribute, node.path.attr.toLowerCase() === attribute)
    case 'pr':
      return []
    default:
      return (isWithin || node.path.attr.toLowerCase() === attribute) && typeof node.value === 'string' ? [node.value] : []
  }
}

const CANNOT = new ScimProblem(
  'invalidFilter',
  'groups are searched by one member at a time: members.value eq "…", with the id of the member',
)

/** @param node a comparison of `members` or `members.value`, or `members[…]` */
export function compileMembers(node: FilterNode, related: Related): Predicate | ScimProblem {
  if (node.op === 'ne') {
    const equal = compileMembers({ ...node, op: 'eq' }, related)
    return equal instanceof ScimProblem ? equal : { op: 'not', of: equal }
  }
  if (node.op === 'any') {
    const terms = memberTerms(node.of)
    return terms === undefined ? CANNOT : { op: 'or', of: terms.map((term) => groupsOf(term, related)) }
  }
  const isValue = node.op === 'eq' && (node.path.sub ?? 'value').toLowerCase() === 'value'
  return isValue && typeof node.value === 'string' ? groupsOf({ id: node.value, types: [] }, related) : CANNOT
}

function groupsOf({ id, types }: MemberTerm, { members }: Related): Predicate {
  const member = members.get(id)
  if (member === undefined || types.some((type) => type.toLowerCase() !== member.type.toLowerCase())) return NOTHING
  return { op: 'in', path: '_id', values: member.memberOf }
}

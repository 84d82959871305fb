/**
 * What a filter asks of other records: of the members of a group, who know it and not the group, and of the groups of a
 * person, who is also in those that these lie in. Each such operand is looked up before the filter is compiled, where it
 * then stands as a question about ids.
 */
import { isNotDeletedBy } from '../../directory/binding.ts'
import { allDocs } from '../../directory/each-doc.ts'
import { groupsDownward, isIn } from '../../directory/groups/group.ts'
import { findMembers } from '../../directory/groups/members-check.ts'
import type { Attribute } from '../../directory/schema.ts'
import { GROUP, USER } from '../../directory/schema.ts'
import type { Predicate } from '../../store/predicate.ts'
import { and, EVERYTHING } from '../../store/predicate.ts'
import type { Store } from '../../store/store.ts'
import type { Viewer } from '../deps.ts'
import { ScimProblem } from '../errors.ts'
import type { ResourceType } from '../resource-type.ts'
import type { Operand } from './logic.ts'
import { operandsOf } from './logic.ts'
import type { MemberTerm } from './member-terms.ts'
import { memberTerms } from './member-terms.ts'
import type { FilterNode } from './node.ts'
import type { Parts } from './on-record.ts'
import { onRecord } from './on-record.ts'
import { resolveInFilter } from './resolve.ts'
import { compileWithin } from './within.ts'

/** What stands in for each operand that asks about other records. */
export type Related = ReadonlyMap<FilterNode, Predicate | ScimProblem>

/** So many groups are looked into for one filter. */
const MAX_GROUPS = 2000
const AT_ONCE = 50
const TOO_MANY = new ScimProblem(
  'tooMany',
  `there are more than ${MAX_GROUPS} groups to look into: ask for one member or one group`,
)

/** What of the elements of `groups` is in the record of a group, and what of `members` in that of a user, or a group. */
const OF_GROUP: Parts = { value: { path: '_id' }, display: { path: 'keys.name' } }
const OF_USER_AS_MEMBER: Parts = { value: { path: '_id' }, type: { constant: 'user' } }
const OF_GROUP_AS_MEMBER: Parts = { ...OF_GROUP, type: { constant: 'group' } }

/** Who asks, and how many groups may still be looked into. */
type Asking = Viewer & { readonly store: Store; left: number }

type Look = (asking: Asking, where: FilterNode, attribute: Attribute) => Promise<Predicate | ScimProblem>

const LOOKS: ReadonlyMap<Attribute | undefined, Look> = new Map([
  [GROUP.attributesOf().get('members'), groupsWith],
  [USER.attributesOf().get('groups'), peopleIn],
])

/** Reads what the filter asks about; nothing, for almost every filter. */
export async function readRelated(
  store: Store,
  { institution, source }: Viewer,
  { schema }: ResourceType,
  node: FilterNode,
): Promise<Related> {
  const related = new Map<FilterNode, Predicate | ScimProblem>()
  const asking: Asking = { institution, source, store, left: MAX_GROUPS }
  for (const operand of operandsOf(node)) {
    const path = resolveInFilter(schema, operand.path)
    if (path instanceof ScimProblem) continue
    const look = LOOKS.get(path.attribute)
    if (look === undefined) continue
    const { where, isNone } = elementIn(operand)
    const found = await look(asking, where, path.attribute)
    related.set(operand, isNone && !(found instanceof ScimProblem) ? { op: 'not', of: found } : found)
  }
  return related
}

/** What is asked of one element, and whether it is that none satisfies it. A list without more stands for its values. */
function elementIn(operand: Operand): { readonly where: FilterNode; readonly isNone: boolean } {
  if (operand.op === 'any') return { where: operand.of, isNone: false }
  const path = { attr: operand.path.sub ?? 'value' }
  if (operand.op === 'pr') return { where: { op: 'pr', path }, isNone: false }
  const { op, value } = operand
  if (value === null && (op === 'eq' || op === 'ne')) return { where: { op: 'pr', path }, isNone: op === 'eq' }
  return { where: { op: op === 'ne' ? 'eq' : op, path, value }, isNone: op === 'ne' }
}

/** Groups with such a member. */
async function groupsWith(asking: Asking, where: FilterNode, attribute: Attribute): Promise<Predicate | ScimProblem> {
  const named = memberTerms(where)
  if (named !== undefined) return groupsOf(asking, named)
  const element = compileWithin(where, attribute, { isStored: true })
  if (element instanceof ScimProblem) return element
  const users = onRecord(element, OF_USER_AS_MEMBER)
  const groups = onRecord(element, OF_GROUP_AS_MEMBER)
  if (users === undefined || groups === undefined)
    return new ScimProblem(
      'invalidFilter',
      'members are searched by value and type: members.value eq "…", with the id of the member',
    )
  const { store, institution } = asking
  asking.left -= await store.count('groups', institution._id, EVERYTHING)
  if (asking.left < 0) return TOO_MANY
  const ids = (await allDocs(store, 'groups', institution._id, EVERYTHING)).map(({ _id }) => _id)
  const values: string[] = []
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE)
    const has = await Promise.all(some.map((id) => hasMember(asking, id, { users, groups })))
    values.push(...some.filter((_, index) => has[index]))
  }
  return { op: 'in', path: '_id', values }
}

type Members = { readonly users: Predicate; readonly groups: Predicate }

async function hasMember({ store, institution, source }: Asking, group: string, members: Members): Promise<boolean> {
  for (const collection of ['users', 'groups'] as const) {
    const where = and(isIn(group), members[collection], isNotDeletedBy(source))
    if ((await store.find(collection, institution._id, { where, limit: 1, project: [] })).length > 0) return true
  }
  return false
}

/** The groups of members who are named by id: these know them. */
async function groupsOf({ store, institution, source }: Asking, terms: readonly MemberTerm[]): Promise<Predicate> {
  const ids = terms.map(({ id }) => id)
  const { users, groups } = await findMembers(store, institution._id, ids, source)
  const values = terms.flatMap(({ id, types }) => {
    const type = users.has(id) ? 'user' : 'group'
    return types.every((one) => one.toLowerCase() === type) ? (users.get(id) ?? groups.get(id) ?? []) : []
  })
  return { op: 'in', path: '_id', values }
}

/** People in such a group, or in one that lies in it. */
async function peopleIn(asking: Asking, where: FilterNode, attribute: Attribute): Promise<Predicate | ScimProblem> {
  const element = compileWithin(where, attribute, { isStored: true })
  if (element instanceof ScimProblem) return element
  const asked = onRecord(element, OF_GROUP)
  if (asked === undefined)
    return new ScimProblem(
      'invalidFilter',
      'groups are searched by value and display: groups.value eq "…", with the id of the group',
    )
  const path = 'search.memberOf'
  if (asked === EVERYTHING) return { op: 'pr', path }
  const { store, institution, source } = asking
  const query = { where: and(asked, isNotDeletedBy(source)), limit: asking.left + 1, project: [] }
  const ids = (await store.find('groups', institution._id, query)).map(({ _id }) => _id)
  asking.left -= ids.length
  if (asking.left < 0) return TOO_MANY
  const values = [...new Set([...ids, ...(await groupsDownward(store, institution._id, ids)).keys()])]
  return { op: 'any', path, where: { op: 'in', path: '', values } }
}

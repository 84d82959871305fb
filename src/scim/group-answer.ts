/**
 * Groups in an answer. Members come page by page from the store as the client reads them: however many there are, a page
 * of them is in memory.
 */
import { bindingOf, isVisible } from '../directory/binding.ts'
import type { Group } from '../directory/groups/group.ts'
import { groupsIn, isIn } from '../directory/groups/group.ts'
import { memberPages } from '../directory/groups/membership.ts'
import { GROUP } from '../directory/schema.ts'
import type { Json, JsonObject, Source } from '../directory/user.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Store } from '../store/store.ts'
import { displayOf } from './display.ts'
import type { Projection } from './projection.ts'
import { metaOf } from './render.ts'

/** Who looks at groups, from where, and what of them. */
export type GroupView = {
  readonly store: Store
  readonly source: Source
  readonly base: string
  readonly project: Projection | undefined
}

/** The text of one group, piece by piece. */
export async function* groupText(group: Group, view: GroupView): AsyncGenerator<string, void> {
  for await (const text of groupTexts([group], view)) yield* text
}

/**
 * The text of each group, in their order. While one is read, the first pieces of those behind it are under way: most
 * groups have no more.
 */
export function groupTexts(groups: readonly Group[], view: GroupView): AsyncGenerator<AsyncGenerator<string, void>, void> {
  const nested = showsMembers(view) ? groupsInEach(groups, view) : NO_GROUPS
  // Whoever reads the texts hears of its failure; meanwhile it is no stray one.
  nested.catch(() => {})
  return sideBySide(groups, (group) => begun(textOf(group, view, nested)))
}

/** Resolves when the first piece is there. */
async function begun(pieces: AsyncGenerator<string, void>): Promise<AsyncGenerator<string, void>> {
  const first = await pieces.next()
  return (async function* () {
    if (first.done !== true) yield first.value
    yield* pieces
  })()
}

/** Groups by the groups that they are in directly. */
type Nested = ReadonlyMap<string, readonly Group[]>

const NO_GROUPS: Promise<Nested> = Promise.resolve(new Map())

async function groupsInEach(groups: readonly Group[], { store }: GroupView): Promise<Nested> {
  const [one] = groups
  const inside = one === undefined ? [] : await groupsIn(store, one.institution, ...groups.map(({ _id }) => _id))
  const each = new Map<string, Group[]>(groups.map(({ _id }) => [_id, []]))
  for (const group of inside) for (const id of group.memberOf) each.get(id)?.push(group)
  return each
}

/** The first piece goes as far as the first page of members. */
async function* textOf(group: Group, view: GroupView, nested: Promise<Nested>): AsyncGenerator<string, void> {
  const { project } = view
  const { meta, ...rest } = project?.of(withoutMembers(group, view)) ?? withoutMembers(group, view)
  let text = JSON.stringify(rest).slice(0, -1)
  let isFirst = true
  for await (const members of shownMembers(group, view, nested)) {
    yield `${text}${isFirst ? ',"members":[' : ','}${JSON.stringify(members).slice(1, -1)}`
    text = ''
    isFirst = false
  }
  yield `${text}${isFirst ? '' : ']'}${meta === undefined ? '' : `,"meta":${JSON.stringify(meta)}`}}`
}

/** Whether what is shown names members: these are renamed without the group's version. */
export async function showsOthers(group: Group, { store, project }: GroupView): Promise<boolean> {
  if (project !== undefined && project.of({ members: [{ display: '' }] }).members === undefined) return false
  const one = { where: isIn(group._id), limit: 1 }
  const found = await Promise.all([store.find('users', group.institution, one), store.find('groups', group.institution, one)])
  return found.flat().length > 0
}

function withoutMembers(group: Group, { source, base }: GroupView): JsonObject {
  const externalId = bindingOf(group.bindings, source)?.externalId
  return {
    schemas: [GROUP.urn],
    id: group._id,
    ...(externalId === undefined ? {} : { externalId }),
    displayName: group.displayName,
    meta: metaOf(group, 'Group', base),
  }
}

/** Never an empty page. */
async function* shownMembers(group: Group, view: GroupView, nested: Promise<Nested>): AsyncGenerator<readonly Json[], void> {
  const { project } = view
  if (!showsMembers(view)) return
  for await (const page of membersOf(group, view, nested)) {
    const members = project === undefined ? page : (project.of({ members: page }).members as readonly Json[] | undefined)
    if (members !== undefined && members.length > 0) yield members
  }
}

function showsMembers({ project }: GroupView): boolean {
  return project?.shows('members') !== false
}

async function* membersOf(
  group: Group,
  { store, source, base }: GroupView,
  nested: Promise<Nested>,
): AsyncGenerator<JsonObject[], void> {
  for await (const page of memberPages(store, group.institution, group._id)) {
    yield page
      .filter((user) => isVisible(user, source))
      .map((user) => memberFrom('User', user._id, displayOf(user.resource), base))
  }
  const groups = (await nested).get(group._id) ?? []
  yield groups.filter((one) => isVisible(one, source)).map(({ _id, displayName }) => memberFrom('Group', _id, displayName, base))
}

function memberFrom(type: 'User' | 'Group', id: string, display: string, base: string): JsonObject {
  return { value: id, $ref: `${base}/${type}s/${id}`, display, type }
}

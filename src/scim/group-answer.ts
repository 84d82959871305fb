/**
 * Groups in an answer. Members come page by page from the store as the client reads them: however many there are, a page
 * of them is in memory.
 */
import { bindingOf, isVisible } from '../directory/binding.ts'
import type { Group } from '../directory/group.ts'
import { groupsIn, isIn } from '../directory/group.ts'
import { memberPages } from '../directory/membership.ts'
import { GROUP } from '../directory/schema.ts'
import type { Json, JsonObject, Source } from '../directory/user.ts'
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
  const { project } = view
  const { meta, ...rest } = project?.of(withoutMembers(group, view)) ?? withoutMembers(group, view)
  const head = JSON.stringify(rest)
  yield head.slice(0, -1)
  let isFirst = true
  for await (const members of shownMembers(group, view)) {
    const text = JSON.stringify(members).slice(1, -1)
    yield isFirst ? `,"members":[${text}` : `,${text}`
    isFirst = false
  }
  yield `${isFirst ? '' : ']'}${meta === undefined ? '' : `,"meta":${JSON.stringify(meta)}`}}`
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
async function* shownMembers(group: Group, view: GroupView): AsyncGenerator<readonly Json[], void> {
  const { project } = view
  if (project?.shows('members') === false) return
  for await (const page of membersOf(group, view)) {
    const members = project === undefined ? page : (project.of({ members: page }).members as readonly Json[] | undefined)
    if (members !== undefined && members.length > 0) yield members
  }
}

async function* membersOf(group: Group, { store, source, base }: GroupView): AsyncGenerator<JsonObject[], void> {
  for await (const page of memberPages(store, group.institution, group._id)) {
    yield page
      .filter((user) => isVisible(user, source))
      .map((user) => memberFrom('User', user._id, displayOf(user.resource), base))
  }
  const nested = await groupsIn(store, group.institution, group._id)
  yield nested.filter((one) => isVisible(one, source)).map(({ _id, displayName }) => memberFrom('Group', _id, displayName, base))
}

function memberFrom(type: 'User' | 'Group', id: string, display: string, base: string): JsonObject {
  return { value: id, $ref: `${base}/${type}s/${id}`, display, type }
}

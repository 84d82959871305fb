/**
 * Users in an answer, with what is looked up for them: the groups that they are in, and what their managers are called.
 */
import { userSchemaOf } from '../directory/own-extension.ts'
import { EXTENSIONS } from '../directory/schema.ts'
import type { Resource } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import { NO_GROUPS, readBelonging } from './belonging.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Caller } from './deps.ts'
import { mayHaveManager, NO_MANAGERS, readManagers } from './managers.ts'
import type { Projection } from './projection.ts'
import type { UserBytes, View } from './render.ts'
import { parsedUser, renderUser, writeUser } from './render.ts'

/** Of one user in an answer. */
export const TYPICAL_BYTES = 2048

export type Asker = { readonly caller: Caller; readonly base: string }

type Seen = { readonly memberOf: readonly string[]; readonly resource: Resource | Uint8Array }

/** One user as the whole of an answer: short enough to go out as text, together with its headers. */
export async function userText(store: Store, asker: Asker, user: UserBytes, project: Projection | undefined): Promise<string> {
  const view = await viewFor(store, asker, [user], project)
  const out = new ByteWriter(TYPICAL_BYTES)
  writeShown(out, user, view, project)
  return out.end().toString()
}

/** Whether what is shown may name others, groups or a manager: these change without the user's version. */
export function showsOthers({ memberOf, resource }: Seen, project: Projection | undefined): boolean {
  const showsGroups = memberOf.length > 0 && project?.shows('groups') !== false
  return showsGroups || (mayHaveManager(resource) && showsManager(project))
}

/** Whether anything is shown that is looked up for a manager. */
function showsManager(project: Projection | undefined): boolean {
  const looked = { [EXTENSIONS.enterprise]: { manager: { $ref: '', displayName: '' } } }
  return project === undefined || project.of(looked)[EXTENSIONS.enterprise] !== undefined
}

/** How the caller sees these users. What an answer does not show is not read: for most of them nothing is. */
export async function viewFor(
  store: Store,
  { caller, base }: Asker,
  users: readonly Seen[],
  project: Projection | undefined,
): Promise<View> {
  const { source, institution } = caller
  const plain = { source, schema: userSchemaOf(institution.settings), base, belonging: NO_GROUPS, managers: NO_MANAGERS }
  const others = users.filter((user) => showsOthers(user, project))
  if (others.length === 0) return plain
  const resources = others.map(({ resource }) => resource)
  const [belonging, managers] = await Promise.all([
    project?.shows('groups') === false ? NO_GROUPS : readBelonging(store, caller, base, others),
    showsManager(project) ? readManagers(store, caller, resources) : NO_MANAGERS,
  ])
  return { ...plain, belonging, managers }
}

/** In parts where a projection asks for them. */
export function writeShown(out: ByteWriter, user: UserBytes, view: View, project: Projection | undefined): void {
  if (project === undefined) writeUser(out, user, view)
  else out.text(JSON.stringify(project.of(renderUser(parsedUser(user), view))))
}

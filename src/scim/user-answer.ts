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

/** One user as the whole of an answer: short enough to go out as text, together with its headers. */
export async function userText(store: Store, asker: Asker, user: UserBytes, project: Projection | undefined): Promise<string> {
  const view = showsOthers(user, project) ? await viewFor(store, asker, [user], project) : plainView(asker)
  const out = new ByteWriter(TYPICAL_BYTES)
  writeShown(out, user, view, project)
  return out.end().toString()
}

/** Whether what is shown may name others, groups or a manager: these change without the user's version. */
export function showsOthers({ memberOf, resource }: UserBytes, project: Projection | undefined): boolean {
  const showsGroups = memberOf.length > 0 && project?.shows('groups') !== false
  return showsGroups || (mayHaveManager(resource) && showsManager(project))
}

/** Whether anything is shown that is looked up for a manager. */
function showsManager(project: Projection | undefined): boolean {
  const looked = { [EXTENSIONS.enterprise]: { manager: { $ref: '', displayName: '' } } }
  return project === undefined || project.of(looked)[EXTENSIONS.enterprise] !== undefined
}

/** How the caller sees these users. What an answer does not show is not read. */
export async function viewFor(
  store: Store,
  { caller, base }: Asker,
  users: readonly { readonly memberOf: readonly string[]; readonly resource: Resource | Uint8Array }[],
  project: Projection | undefined,
): Promise<View> {
  const showsGroups = project?.shows('groups') !== false
  const [belonging, managers] = await Promise.all([
    showsGroups ? readBelonging(store, caller, base, users) : NO_GROUPS,
    showsManager(project)
      ? readManagers(
          store,
          caller,
          users.map(({ resource }) => resource),
        )
      : NO_MANAGERS,
  ])
  return { ...seenBy(caller), base, belonging, managers }
}

/** Of those who are shown without groups and manager. */
function plainView({ caller, base }: Asker): View {
  return { ...seenBy(caller), base, belonging: NO_GROUPS, managers: NO_MANAGERS }
}

function seenBy({ source, institution }: Caller): Pick<View, 'source' | 'schema'> {
  return { source, schema: userSchemaOf(institution.settings) }
}

/** In parts where a projection asks for them. */
export function writeShown(out: ByteWriter, user: UserBytes, view: View, project: Projection | undefined): void {
  if (project === undefined) writeUser(out, user, view)
  else out.text(JSON.stringify(project.of(renderUser(parsedUser(user), view))))
}

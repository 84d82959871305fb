/**
 * `groups` of a user (RFC 7643, section 4.1.2): those that the person is in directly, and those that these lie in.
 * Looked up anew for every answer, so that it follows at once; of people in no group nothing is read.
 */
import { isVisible } from '../directory/binding.ts'
import type { Group } from '../directory/groups/group.ts'
import { groupsUpward } from '../directory/groups/group.ts'
import type { JsonObject } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import type { Viewer } from './deps.ts'

/** What an answer shows as `groups` of somebody who is in these groups directly; undefined for none. */
export type Belonging = (memberOf: readonly string[]) => readonly JsonObject[] | undefined

export const NO_GROUPS: Belonging = () => undefined

/**
 * @param users all whose groups will be asked for
 * @param base URL of the institution's SCIM endpoint
 */
export async function readBelonging(
  store: Store,
  { institution, source }: Viewer,
  base: string,
  users: readonly { readonly memberOf: readonly string[] }[],
): Promise<Belonging> {
  const ids = new Set<string>()
  for (const { memberOf } of users) for (const id of memberOf) ids.add(id)
  if (ids.size === 0) return NO_GROUPS
  const groups = await groupsUpward(store, institution._id, ids)
  return (memberOf) => {
    const shown = [...reachable(groups, memberOf)].filter(([group]) => isVisible(group, source))
    if (shown.length === 0) return
    return shown.map(([{ _id, displayName }, type]) => ({
      value: _id,
      $ref: `${base}/Groups/${_id}`,
      display: displayName,
      type,
    }))
  }
}

/** Those that are named first, then what they lie in, each once. */
function reachable(groups: ReadonlyMap<string, Group>, memberOf: readonly string[]): Map<Group, 'direct' | 'indirect'> {
  const found = new Map<Group, 'direct' | 'indirect'>()
  let level = memberOf
  for (let type: 'direct' | 'indirect' = 'direct'; level.length > 0; type = 'indirect') {
    const next: string[] = []
    for (const id of level) {
      const group = groups.get(id)
      if (group === undefined || found.has(group)) continue
      found.set(group, type)
      next.push(...group.memberOf)
    }
    level = next
  }
  return found
}

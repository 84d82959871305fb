/**
 * `manager` of the enterprise extension (RFC 7643, section 4.3): where it names somebody on the roll, its address and
 * `displayName` follow that record; where it names somebody else it stands as it was sent.
 */
import { isVisible } from '../directory/binding.ts'
import { ID } from '../directory/ids.ts'
import { isObject } from '../directory/json.ts'
import type { Resource, User } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import type { Viewer } from './deps.ts'
import { displayOf } from './display.ts'
import { objectsIn } from './objects-in.ts'

/** What managers are called, by id. */
export type Managers = ReadonlyMap<string, string>

export const NO_MANAGERS: Managers = new Map()

/** Whether there may be a manager in a resource or its bytes: no attribute but that one is an object of this name. */
export function mayHaveManager(resource: Resource | Uint8Array): boolean {
  return resource instanceof Uint8Array ? objectsIn(resource).has('manager') : managerIn(resource) !== undefined
}

/** @param resources as the store has them, or as the bytes of their JSON */
export async function readManagers(
  store: Store,
  viewer: Viewer,
  resources: readonly (Resource | Uint8Array)[],
): Promise<Managers> {
  const ids = new Set<string>()
  for (const one of resources) {
    if (!mayHaveManager(one)) continue
    const value = managerIn(one instanceof Uint8Array ? JSON.parse(Buffer.from(one).toString()) : one)
    if (value !== undefined) ids.add(value)
  }
  return managersBy(store, viewer, [...ids])
}

/** Those of these ids who are on the roll, as far as the viewer sees. */
export async function managersBy(store: Store, { institution, source }: Viewer, ids: readonly string[]): Promise<Managers> {
  if (ids.length === 0) return NO_MANAGERS
  const found = (await store.lookUp('users', institution._id, { ids })) as User[]
  return new Map(found.filter((user) => isVisible(user, source)).map((user) => [user._id, displayOf(user.resource)]))
}

/** @param base URL of the institution's SCIM endpoint */
export function withManager(resource: Resource, managers: Managers, base: string): Resource {
  const id = managers.size === 0 ? undefined : managerIn(resource)
  const displayName = id === undefined ? undefined : managers.get(id)
  if (id === undefined || displayName === undefined || !isObject(resource.enterprise)) return resource
  return { ...resource, enterprise: { ...resource.enterprise, manager: { value: id, $ref: `${base}/Users/${id}`, displayName } } }
}

function managerIn({ enterprise }: Resource): string | undefined {
  const manager = isObject(enterprise) && isObject(enterprise.manager) ? enterprise.manager : {}
  return typeof manager.value === 'string' && ID.test(manager.value) ? manager.value : undefined
}

/**
 * `manager` as clients send it -> as it is stored: by the id alone where it is somebody on the roll, also when nothing but
 * the address was sent. The address and the name are shown as they are at the time (`managers.ts`), and so not kept.
 */
import { ID } from '../directory/ids.ts'
import { isObject } from '../directory/json.ts'
import type { Json } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import type { Caller } from './deps.ts'
import { managersBy } from './managers.ts'
import type { Sent } from './normalise.ts'
import type { Step } from './patch-steps.ts'

const ADDRESS = /(?:^|\/)Users\/([^/]+)$/

/** A POST or a PUT. */
export async function sentById(store: Store, caller: Caller, sent: Sent): Promise<Sent> {
  const { enterprise } = sent.resource
  if (!isObject(enterprise)) return sent
  const id = addressedIn(enterprise.manager)
  if (id === undefined || !(await managersBy(store, caller, [id])).has(id)) return sent
  return { ...sent, resource: { ...sent.resource, enterprise: { ...enterprise, manager: { value: id } } } }
}

/** A PATCH. */
export async function stepsById(store: Store, caller: Caller, steps: readonly Step[]): Promise<readonly Step[]> {
  const ids = steps.map((step) => addressedIn(managerIn(step)))
  const known = await managersBy(
    store,
    caller,
    ids.filter((id) => id !== undefined),
  )
  if (known.size === 0) return steps
  return steps.map((step, index) => {
    const id = ids[index]
    if (step.kind !== 'change' || id === undefined || !known.has(id)) return step
    const { sub: _, ...target } = step.target
    return { ...step, target, value: { value: id } }
  })
}

function managerIn(step: Step): Json | undefined {
  if (step.kind !== 'change' || step.op === 'remove' || step.value === undefined) return
  const { extension, attribute, sub } = step.target
  if (extension !== 'enterprise' || attribute.name !== 'manager') return
  if (sub === undefined) return step.value
  return sub.name === '$ref' ? { $ref: step.value } : undefined
}

/** Whose address was sent: that of `value`, where this was sent as well. */
function addressedIn(manager: Json | undefined): string | undefined {
  if (!isObject(manager) || typeof manager.$ref !== 'string') return
  const id = manager.value ?? ADDRESS.exec(manager.$ref)?.[1]
  return typeof id === 'string' && ID.test(id) ? id : undefined
}

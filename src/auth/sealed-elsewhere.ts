/**
 * Secrets that were sealed under another SECRET_KEY than the one at hand: else nobody notices until one is needed, which
 * may be weeks later.
 */
import type { Institution } from '../directory/institution.ts'
import { listInstitutions } from '../directory/institution.ts'
import { sideBySide } from '../side-by-side.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import type { Seal } from './seal.ts'
import { isSealed } from './seal.ts'

/** `secrets`: of which kinds there are some. */
export type SealedElsewhere = { readonly institution: string; readonly secrets: readonly string[] }

/** The institutions that have such secrets. What the server signs its own tokens with is made for each key, and is none. */
export async function* sealedElsewhere(store: Store, seal: Seal): AsyncGenerator<SealedElsewhere, void> {
  const look = (institution: Institution) => lookInto(institution, store, seal)
  for await (const found of sideBySide(await listInstitutions(store), look)) if (found.secrets.length > 0) yield found
}

async function lookInto(institution: Institution, store: Store, seal: Seal): Promise<SealedElsewhere> {
  const { _id: id, settings } = institution
  const kept = (collection: 'samlKeys' | 'pickUpKeys') => store.find(collection, id, { where: EVERYTHING, limit: 10 })
  const [signIns, pickUps] = await Promise.all([kept('samlKeys'), kept('pickUpKeys')])
  const kinds = Object.entries({ settings, 'sign-ins': signIns, 'pick-ups': pickUps })
  const isStrange = (text: string) => isSealed(text) && !seal.isOwn(text)
  return { institution: id, secrets: kinds.filter(([, value]) => textsIn(value).some(isStrange)).map(([kind]) => kind) }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/**
 * The tenant: everything belongs to exactly one.
 */
import { EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { HOUSE } from '../store/store.ts'
import { allDocs } from './each-doc.ts'
import type { FreshCache } from './fresh-cache.ts'
import { freshCache } from './fresh-cache.ts'
import type { Settings } from './settings.ts'

export type Institution = Doc & {
  readonly name: string
  readonly settings: Settings
  /** Epoch milliseconds. */
  readonly created: number
  readonly lastModified: number
}

export const INSTITUTION_ID = /^[a-z0-9][a-z0-9-]{0,62}$/

export async function getInstitution(store: Store, id: string): Promise<Institution | undefined> {
  return INSTITUTION_ID.test(id) ? ((await store.get('institutions', HOUSE, id)) as Institution | undefined) : undefined
}

export async function institutionOfSftpUser(store: Store, username: string): Promise<Institution | undefined> {
  const [found] = await store.lookUp('institutions', HOUSE, { keys: { sftpUser: [username.toLowerCase()] } })
  return found as Institution | undefined
}

/** All, by id. */
export async function listInstitutions(store: Store): Promise<Institution[]> {
  return (await allDocs(store, 'institutions', HOUSE, EVERYTHING)) as Institution[]
}

/** For a server: answers are at most five seconds old; an institution nobody has made is asked for each time. */
export function institutionCache(store: Store, now: () => number): FreshCache<Institution> {
  return freshCache({ load: (id) => getInstitution(store, id), now })
}

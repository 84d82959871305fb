/**
 * The one way to erase a person: the record and its history, which holds old and new values. What remains is one
 * event that says who erased which id, so that the id can be explained and is never given again.
 */
import { and } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { newId } from './ids.ts'
import type { Actor } from './institution-changes.ts'

const PAGE = 500

export type Purged = { readonly kind: 'purged'; readonly events: number } | { readonly kind: 'missing' }

/** Interrupted anywhere it can be called again, and then finishes what is left. */
export async function purgeUser(
  store: Store,
  given: { readonly institution: string; readonly id: string; readonly by: Actor; readonly now: number },
): Promise<Purged> {
  const isErased = await eraseRecord(store, given)
  const events = await eraseHistory(store, given.institution, given.id)
  return isErased || events > 0 ? { kind: 'purged', events } : { kind: 'missing' }
}

async function eraseRecord(
  store: Store,
  { institution, id, by, now }: { readonly institution: string; readonly id: string; readonly by: Actor; readonly now: number },
): Promise<boolean> {
  for (;;) {
    const user = await store.get('users', institution, id)
    if (!user) return false
    const version = newId(now)
    const event: Doc = { _id: version, institution, version, subject: id, kind: 'user.purged', at: now, ...by }
    const [result] = await store.write([
      { collection: 'users', op: 'delete', institution, id, expected: user.version, events: [event] },
    ])
    if (result?.kind === 'ok') return true
  }
}

/** @returns how many events were erased */
async function eraseHistory(store: Store, institution: string, id: string): Promise<number> {
  const where = and({ op: 'eq', path: 'subject', value: id }, { op: 'ne', path: 'kind', value: 'user.purged' })
  let erased = 0
  for (;;) {
    const events = await store.find('events', institution, { where, limit: PAGE, project: ['kind'] })
    if (events.length === 0) return erased
    await store.write(
      events.map((event) => ({ collection: 'events', op: 'delete', institution, id: event._id }) as const),
      'batch',
    )
    erased += events.length
  }
}

/**
 * The one way to erase a person: the record, its history, which holds old and new values, and what was answered of it and
 * is kept. What remains is one event that says who erased which id, so that the id can be explained and is never given again.
 */
import { sideBySide } from '../side-by-side.ts'
import { and, EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { eachDoc } from './each-doc.ts'
import { moveGroups, openGroupWrites } from './groups/writes.ts'
import { newId } from './ids.ts'
import type { Actor } from './institution-changes.ts'
import { eraseAnswers } from './kept-answer.ts'
import type { User } from './user.ts'

const PAGE = 500

export type Purged =
  | { readonly kind: 'purged'; readonly events: number }
  | { readonly kind: 'missing' }
  /** The record has another version than the one that was to be erased: nothing was done. */
  | { readonly kind: 'stale' }

type Given = {
  readonly institution: string
  readonly id: string
  readonly by: Actor
  readonly now: number
  /** Only the record as it was then; any when absent. */
  readonly ifVersion?: string
}

/** Interrupted anywhere it can be called again, or `finishPurges`: that finishes what is left. */
export async function purgeUser(store: Store, given: Given): Promise<Purged> {
  const erased = await eraseRecord(store, given)
  if (erased === 'stale') return { kind: 'stale' }
  const events = await finish(store, given.institution, given.id)
  return erased === 'done' || events > 0 ? { kind: 'purged', events } : { kind: 'missing' }
}

/** Erases what is left of those whose purge was interrupted when the record was gone. */
export async function finishPurges(store: Store, institution: string): Promise<void> {
  const finishOne = async ({ _id }: Doc) => {
    // Where the record is still there, its purge was never carried out, and may not be wanted any more.
    if ((await store.get('users', institution, _id)) === undefined) await finish(store, institution, _id)
  }
  for await (const _ of sideBySide(eachDoc(store, 'purges', institution, EVERYTHING), finishOne));
}

async function eraseRecord(store: Store, given: Given): Promise<'done' | 'missing' | 'stale'> {
  const { institution, id, by, now, ifVersion } = given
  for (;;) {
    const user = (await store.get('users', institution, id)) as User | undefined
    if (user === undefined) return 'missing'
    if (ifVersion !== undefined && user.version !== ifVersion) return 'stale'
    const version = newId(now)
    // Where the note is there already, it says the same.
    await store.write([{ collection: 'purges', op: 'insert', doc: { _id: id, institution, version } }])
    const event: Doc = { _id: version, institution, version, subject: id, kind: 'user.purged', at: now, ...by }
    const [result] = await store.write([
      { collection: 'users', op: 'delete', institution, id, expected: user.version, events: [event] },
    ])
    if (result?.kind !== 'ok') continue
    await moveGroups(openGroupWrites(store), institution, user.memberOf, by)
    return 'done'
  }
}

/** @returns how many events were erased */
async function finish(store: Store, institution: string, id: string): Promise<number> {
  const [events] = await Promise.all([eraseHistory(store, institution, id), eraseAnswers(store, institution, id)])
  await store.write([{ collection: 'purges', op: 'delete', institution, id }])
  return events
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
    if (events.length < PAGE) return erased
  }
}

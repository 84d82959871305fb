/**
 * Who has signed in: a session for each browser, in the store. The browser has 256 random bits, the store their SHA-256.
 */
import { newId } from '../directory/ids.ts'
import type { Source } from '../directory/user.ts'
import type { Doc, Store } from '../store/store.ts'
import { hashOf, isSecret, newSecret } from './secrets.ts'

/** A working day: whoever comes later signs in again, which the identity provider makes short. */
const LONGEST_MS = 8 * 3_600_000

export type Session = Doc & {
  /** Id of the person's record. */
  readonly user: string
  /** Through which the person signed in. */
  readonly source: Source
  /** Epoch milliseconds. */
  readonly created: number
  readonly expires: number
}

/**
 * A session that is not stored yet, so that it can be written together with its event.
 * @param until epoch milliseconds after which it must not last
 */
export function newSession(given: {
  readonly institution: string
  readonly user: string
  readonly source: Source
  readonly until?: number
  readonly now: number
}): { readonly secret: string; readonly session: Session } {
  const { institution, user, source, until = Infinity, now } = given
  const secret = newSecret()
  const expires = Math.min(now + LONGEST_MS, until)
  return { secret, session: { _id: hashOf(secret), institution, version: newId(now), user, source, created: now, expires } }
}

/** @returns undefined when it is over, was ended, or never was */
export async function findSession(store: Store, institution: string, secret: string): Promise<Session | undefined> {
  return isSecret(secret) ? ((await store.get('sessions', institution, hashOf(secret))) as Session | undefined) : undefined
}

export async function endSession(store: Store, institution: string, secret: string): Promise<void> {
  if (isSecret(secret)) await store.take('sessions', institution, hashOf(secret))
}

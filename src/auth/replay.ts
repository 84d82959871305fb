/**
 * Assertions that were used, of identity providers and of clients: each is proof once (SAML Profiles 4.1.4.5, RFC 7523
 * section 3), for whichever process gets it first.
 */
import { hash } from 'node:crypto'
import { newId } from '../directory/ids.ts'
import type { Store } from '../store/store.ts'

export type UsedAssertion = {
  readonly institution: string
  readonly issuer: string
  /** As the issuer numbers it. */
  readonly id: string
  /** From when on it is refused for its age alone; epoch milliseconds. */
  readonly until: number
}

/** Clocks of several processes differ: it is remembered a little longer than it is good. */
const MARGIN_MS = 60_000

/** @returns whether this is its first use */
export async function useAssertion(store: Store, { institution, issuer, id, until }: UsedAssertion): Promise<boolean> {
  const _id = hash('sha256', JSON.stringify([institution, issuer, id]), 'base64url')
  const doc = { _id, institution, version: newId(Date.now()), expires: until + MARGIN_MS }
  const [result] = await store.write([{ collection: 'assertions', op: 'insert', doc }])
  return result?.kind === 'ok'
}

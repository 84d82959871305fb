/**
 * One-time codes: how the platform behind this server learns who has signed in. The browser carries a code that is worth
 * nothing by itself; the platform exchanges it, with a token of its own, within a minute, once.
 */
import { hashOf, isSecret, newSecret } from '../auth/secrets.ts'
import { newId } from '../directory/ids.ts'
import type { Doc, Store } from '../store/store.ts'

const LASTS_MS = 60_000

export type SignInCode = Doc & {
  /** Id of the person's record. */
  readonly user: string
  /** Where the code was sent: it is good for whoever that is, and for nobody else. */
  readonly returnUrl: string
  /** Entity id. */
  readonly idp: string
  /** What the platform said when it asked for this sign-in. */
  readonly state?: string
  /** Epoch milliseconds. */
  readonly signedInAt: number
  readonly expires: number
}

export async function issueCode(
  store: Store,
  about: {
    readonly institution: string
    readonly user: string
    readonly returnUrl: string
    readonly idp: string
    readonly state: string | undefined
    readonly now: number
  },
): Promise<string> {
  const { now, state, ...rest } = about
  const code = newSecret()
  const times = { version: newId(now), signedInAt: now, expires: now + LASTS_MS }
  const doc: SignInCode = { ...rest, ...(state !== undefined && { state }), _id: hashOf(code), ...times }
  const [written] = await store.write([{ collection: 'signInCodes', op: 'insert', doc }])
  if (written?.kind !== 'ok') throw new Error(`a code could not be stored: ${written?.kind}`)
  return code
}

/** Of any number of callers with one code, one gets what it stands for. */
export async function takeCode(store: Store, institution: string, code: string): Promise<SignInCode | undefined> {
  return isSecret(code) ? ((await store.take('signInCodes', institution, hashOf(code))) as SignInCode | undefined) : undefined
}

/**
 * Refused sign-ins as the administrator finds them: one event each, under a reference number that the person can read out
 * on the telephone. Names of attributes, never their values.
 */
import { randomInt } from 'node:crypto'
import { DAY_MS } from '../days.ts'
import { newId } from '../directory/ids.ts'
import type { Source } from '../directory/user.ts'
import type { Doc, Store } from '../store/store.ts'
import { HOUSE } from '../store/store.ts'
import type { FailureKind } from './failures.ts'

/** Why a sign-in was refused, for the administrator. */
export type Refusal = {
  readonly failure: FailureKind
  /** Stable, for machines. */
  readonly code: string
  /** What was found, and what would be right. */
  readonly detail: string
  /** Of the answer, where it is not that of the failure. */
  readonly status?: number
  /** Entity id, where it is known who sent the person; of a response that is not believed, as that says itself. */
  readonly idp?: string
  readonly source?: Source
  /** What the identity provider sent, by name. */
  readonly attributeNames?: readonly string[]
  /** Field -> the attribute that it was read from. */
  readonly from?: { readonly [field: string]: string }
  /** Fields that a new person needs and that were not sent. */
  readonly missing?: readonly string[]
  /** Ids of the records that the sign-in met. */
  readonly records?: readonly string[]
}

export type RefusalEvent = Doc & Refusal & { readonly at: number }

/** Leads from a reference to its event, whichever institution it belongs to: nobody asks that of a caller. */
type Pointer = Doc & { readonly of: string; readonly event: string }

const KEPT_MS = 365 * DAY_MS

/** Of names and sentences that strangers write so many characters are kept, and so many names. */
const LONGEST = 1000
const LONGEST_NAME = 256
const MOST_NAMES = 100

/** @param given.reference from `newReference` */
export async function recordRefusal(
  store: Store,
  given: { readonly institution: string; readonly reference: string; readonly refusal: Refusal; readonly now: number },
): Promise<void> {
  const { institution, reference, refusal, now } = given
  const id = newId(now)
  const about = { subject: reference, kind: 'sign_in.refused', at: now }
  const event = { ...bounded(refusal), _id: id, institution, version: id, ...about }
  const pointer: Pointer = { _id: reference, institution: HOUSE, version: id, of: institution, event: id, expires: now + KEPT_MS }
  await store.write([{ collection: 'refusals', op: 'insert', doc: pointer, events: [event] }])
}

export async function findRefusal(store: Store, reference: string): Promise<RefusalEvent | undefined> {
  const pointer = (await store.get('refusals', HOUSE, reference)) as Pointer | undefined
  return pointer && ((await store.get('events', pointer.of, pointer.event)) as RefusalEvent | undefined)
}

/** Without letters that are taken for digits or for each other (Crockford's Base32). */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `7K3QF-M2X9D`: 50 random bits. */
export function newReference(): string {
  const letters = Array.from({ length: 10 }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return `${letters.slice(0, 5)}-${letters.slice(5)}`
}

/** A reference as people write it down: in any case, with or without the hyphen, O for 0. */
export function referenceIn(text: string): string | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  if (letters.length !== 10 || [...letters].some((letter) => !LETTERS.includes(letter))) return undefined
  return `${letters.slice(0, 5)}-${letters.slice(5)}`
}

function bounded({ detail, idp, attributeNames, ...rest }: Refusal): Refusal {
  return {
    ...rest,
    detail: detail.slice(0, LONGEST),
    ...(idp !== undefined && { idp: idp.slice(0, LONGEST) }),
    ...(attributeNames !== undefined && {
      attributeNames: attributeNames.slice(0, MOST_NAMES).map((name) => name.slice(0, LONGEST_NAME)),
    }),
  }
}

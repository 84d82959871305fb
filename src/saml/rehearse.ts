/**
 * What a response would do, without doing it: whether it would be believed, and what the directory would make of it.
 */
import { apply } from '../directory/apply.ts'
import type { Outcome } from '../directory/change.ts'
import type { Institution } from '../directory/institution.ts'
import { idpsOf } from '../directory/settings.ts'
import type { Store } from '../store/store.ts'
import type { Admitted, Turned } from './admit-person.ts'
import { admitPerson } from './admit-person.ts'
import type { Refused, Verified, VerifyContext } from './verify.ts'
import { verifyResponse } from './verify.ts'

export type Rehearsed =
  | { readonly kind: 'refused'; readonly refused: Refused }
  | {
      readonly kind: 'believed'
      readonly verified: Verified
      readonly admitted: Admitted | Turned
      /** It is too old or too young by now, and was judged as of the time at which it was made; epoch milliseconds. */
      readonly asOf?: number
    }

/** @param text a response as XML, as base64, or as the body of the form in which it was posted */
export async function rehearse(
  store: Store,
  {
    text,
    institution,
    sp,
    now,
  }: { readonly text: string; readonly institution: Institution; readonly sp: VerifyContext['sp']; readonly now: number },
): Promise<Rehearsed> {
  const SAMLResponse = fieldIn(text)
  const judged = (at: number) => verifyResponse({ SAMLResponse }, { idps: idpsOf(institution.settings), sp, now: at })
  const today = judged(now)
  const made = today.kind === 'refused' && today.code === 'time' ? madeAt(SAMLResponse) : undefined
  const verified = made === undefined ? today : judged(made)
  if (verified.kind === 'refused') return { kind: 'refused', refused: verified }
  const admitted = await admitPerson(verified, institution, async (change) => {
    const [outcome] = await apply(store, institution, [change], { dryRun: true })
    return outcome as Outcome
  })
  return { kind: 'believed', verified, admitted, ...(made !== undefined && { asOf: made }) }
}

function fieldIn(text: string): string {
  const trimmed = text.trim()
  if (trimmed.startsWith('<')) return Buffer.from(trimmed).toString('base64')
  return new URLSearchParams(trimmed).get('SAMLResponse') ?? trimmed
}

/** As the response itself says: good enough for an administrator who looks at yesterday's. */
function madeAt(field: string): number | undefined {
  const [, instant = ''] = /\bIssueInstant\s*=\s*["']([^"']{1,40})["']/.exec(Buffer.from(field, 'base64').toString()) ?? []
  const time = Date.parse(instant)
  return Number.isNaN(time) ? undefined : time
}

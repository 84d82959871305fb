/**
 * What a request sends may take hours to arrive: whether its sender still may send it, and what the settings are now.
 */
import type { Admission, Admit } from './admit.ts'

type Admitted = Extract<Admission, { readonly kind: 'ok' }>

/** After so long who was let in is asked for again: what is known of a token may then be four seconds old. */
const ADMITTED_MS = 1000

/**
 * @param now epoch milliseconds; for tests
 * @returns to be called as more arrives. It counts as one request each time it asks again, and is refused to nobody for that.
 */
export function readmission(
  admit: Admit,
  request: Request,
  first: Admitted,
  now: () => number = Date.now,
): () => Promise<Admission> {
  let admitted = first
  let admittedAt = now()
  return async () => {
    if (now() - admittedAt < ADMITTED_MS) return admitted
    const admission = await admit(request, first.institution._id)
    admittedAt = now()
    if (admission.kind === 'ok') admitted = admission
    return admission.kind === 'ok' || admission.status !== 429 ? admission : admitted
  }
}

/**
 * A file as it arrives over HTTP, which may take its time: for as long as it keeps coming, and as its sender may send it.
 */
import type { Admission } from '../auth/admit.ts'
import { refusalOf } from '../limits/body.ts'
import { inTime } from '../limits/in-time.ts'

/** Why the rest is not waited for; what has arrived is not the whole file. */
export class ArrivalRefused extends Error {
  override name = 'ArrivalRefused'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.detail)
    this.refusal = refusal
  }
}

type Refusal = Pick<Extract<Admission, { readonly kind: 'refused' }>, 'detail' | 'headers'> & {
  readonly status: 401 | 403 | 408 | 429
}

type Patience = {
  /** Whether its sender still may; asked at each piece and at the end. */
  readonly readmit: () => Promise<Admission>
  /** How long the next piece may take. */
  readonly idleMs: number
}

/** @throws {ArrivalRefused} */
export async function* arriving(body: AsyncIterable<Uint8Array>, { readmit, idleMs }: Patience): AsyncIterable<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const piece = await inTime(pieces.next(), idleMs)
      if (piece === 'late') throw new ArrivalRefused({ ...refusalOf({ kind: 'tooSlow' }, 'the file'), status: 408 })
      const admission = await readmit()
      if (admission.kind === 'refused') throw new ArrivalRefused(admission)
      if (piece.done) return
      yield piece.value
    }
  } finally {
    // It would wait for the piece that does not come.
    pieces.return?.().catch(() => {})
  }
}

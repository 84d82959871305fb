/**
 * When the certificates of identity providers end: 30 days ahead the administrator is told, once a day. A certificate
 * that ended is taken all the same, since it is trusted by name; but its identity provider is about to change it.
 */
import { DAY_MS } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import type { Settings } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import { lastDue } from '../jobs/daily.ts'
import { isDone, markDone } from '../jobs/once-a-day.ts'
import type { Store } from '../store/store.ts'
import { certificateIn } from './certificates.ts'

export const WARN_AHEAD_MS = 30 * DAY_MS

export type EndsOptions = {
  readonly store: Store
  /** @param ends by entity id, epoch milliseconds */
  readonly onEnds: (institution: string, ends: ReadonlyMap<string, number>) => void
  /** @param end epoch milliseconds */
  readonly onEnding: (institution: string, idp: string, end: number) => void
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const NAME = 'saml certificates'
const DAILY_AT = '07:00'

/** For rounds. */
export async function watchCertificates(institution: Institution, options: EndsOptions): Promise<void> {
  const { store, onEnds, onEnding, now = Date.now } = options
  const { _id, settings } = institution
  const ends = certificateEnds(settings)
  onEnds(_id, ends)
  const ending = [...ends].filter(([, end]) => end < now() + WARN_AHEAD_MS)
  if (ending.length === 0) return
  const due = lastDue(now(), DAILY_AT, settings.files?.timeZone ?? 'UTC')
  if (await isDone(store, institution, NAME, due)) return
  for (const [idp, end] of ending) onEnding(_id, idp, end)
  await markDone(store, institution, NAME, due)
}

/** By entity id, when the last certificate of each identity provider ends: one that has a successor is no news. */
function certificateEnds(settings: Settings): ReadonlyMap<string, number> {
  return new Map(
    idpsOf(settings).flatMap(({ entityId, certificates }) => {
      const ends = certificates.map((text) => Date.parse(certificateIn(text)?.validTo ?? '')).filter((end) => !Number.isNaN(end))
      return ends.length === 0 ? [] : [[entityId, Math.max(...ends)] as const]
    }),
  )
}

/**
 * What a server does about SAML by itself: keeps the metadata of identity providers fresh, and watches certificates.
 */
import { isoTime } from '../days.ts'
import type { Rounds } from '../jobs/rounds.ts'
import { openRounds } from '../jobs/rounds.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { EndsOptions } from '../saml/certificate-ends.ts'
import { watchCertificates } from '../saml/certificate-ends.ts'
import { refreshDaily, refreshTo } from '../saml/metadata-refresh.ts'
import type { Store } from '../store/store.ts'

const EVERY_MS = 15 * 60_000

export function openSamlRounds(options: {
  readonly store: Store
  readonly isLocal: boolean
  readonly log: Log
  readonly metrics: Metrics
}): Rounds {
  const { store, isLocal, log, metrics } = options
  const ends: EndsOptions = {
    store,
    onEnds: (institution, all) => metrics.samlCertificates(institution, all),
    onEnding: (institution, idp, end) =>
      log.warn({ institution, idp, end: isoTime(end) }, 'the certificate of an identity provider ends'),
  }
  return openRounds({
    store,
    everyMs: EVERY_MS,
    visit: async (institution, stop) => {
      await refreshDaily(institution, { store, isLocal, ...refreshTo(log) }, stop)
      await watchCertificates(institution, ends)
    },
    onFailure: (institution, err) => log.error({ institution, err }, 'looking after SAML failed'),
  })
}

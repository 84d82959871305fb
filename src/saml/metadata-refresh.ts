/**
 * Keeps what is known of identity providers as fresh as their metadata: each day, and at once when one signs with a key
 * that nobody here knows. A copy that cannot be had, or is not to be trusted, changes nothing: the last good one stays.
 */
import type { Institution } from '../directory/institution.ts'
import { changeInstitution } from '../directory/institution-changes.ts'
import type { IdpSettings, Settings } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import { lastDue } from '../jobs/daily.ts'
import { takeLease } from '../jobs/lease.ts'
import { isDone, markDone } from '../jobs/once-a-day.ts'
import type { Log } from '../observe/log.ts'
import type { Store } from '../store/store.ts'
import { certificateProblems } from './certificates.ts'
import { MetadataRefused } from './metadata-in.ts'
import { isNews, patchWith } from './metadata-settings.ts'
import type { FetchOptions } from './metadata-source.ts'
import { fetchIdpMetadata } from './metadata-source.ts'

export type RefreshOptions = {
  readonly store: Store
  /** Whether only this machine can reach the server. */
  readonly isLocal: boolean
  readonly onChanged: (institution: string, idp: string) => void
  readonly onFailed: (institution: string, idp: string, why: string) => void
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** What is told, as log lines. */
export function refreshTo(log: Log): Pick<RefreshOptions, 'onChanged' | 'onFailed'> {
  return {
    onChanged: (institution, idp) => log.info({ institution, idp }, 'the metadata of an identity provider has changed'),
    onFailed: (institution, idp, why) =>
      log.warn({ institution, idp, why }, 'the metadata of an identity provider cannot be had; what is known of it stays'),
  }
}

/** At night, where the institution is. */
const DAILY_AT = '03:30'

/** For rounds: looks at those of the institution that are due; one that fails is due again at the next visit. */
export async function refreshDaily(institution: Institution, options: RefreshOptions, stop: AbortSignal): Promise<void> {
  const { store, now = Date.now } = options
  const due = lastDue(now(), DAILY_AT, institution.settings.files?.timeZone ?? 'UTC')
  for (const idp of idpsOf(institution.settings)) {
    const name = `saml metadata ${idp.entityId}`
    if (idp.metadata === undefined || (await isDone(store, institution, name, due))) continue
    await using lease = await takeLease({ store, institution: institution._id, name })
    if (lease === undefined) continue
    const outcome = await refreshed(institution, idp, options, { signal: stop })
    stop.throwIfAborted()
    if (outcome !== 'failed') await markDone(store, institution, name, due)
  }
}

/** How long after one look no unknown key is reason for another one. */
const QUIET_MS = 5 * 60_000
/** Somebody waits. */
const HURRIED_MS = 5000
const MOST_REMEMBERED = 1000

/** @returns whether the last look changed something, so that the response deserves another reading */
export type HurriedRefresh = (institution: Institution, entityId: string) => Promise<boolean>

type Look = { readonly at: number; readonly outcome: Promise<'changed' | 'unchanged' | 'failed'> }

/**
 * A look out of turn, for a response with an unknown key. Whoever sends many of them causes one look in five minutes, and
 * those who come meanwhile share what it brings: their settings may be from before it.
 */
export function openHurriedRefresh(options: RefreshOptions): HurriedRefresh {
  const { now = Date.now } = options
  const looks = new Map<string, Look>()
  return async (institution, entityId) => {
    const idp = idpsOf(institution.settings).find((one) => one.entityId === entityId)
    if (idp?.metadata === undefined) return false
    const key = JSON.stringify([institution._id, entityId])
    let look = looks.get(key)
    if (look === undefined || now() >= look.at + QUIET_MS) {
      if (looks.size >= MOST_REMEMBERED) looks.clear()
      look = { at: now(), outcome: refreshed(institution, idp, options, { timeoutMs: HURRIED_MS }) }
      looks.set(key, look)
    }
    return (await look.outcome) === 'changed'
  }
}

type Patience = Pick<FetchOptions, 'signal' | 'timeoutMs'>

async function refreshed({ _id }: Institution, idp: IdpSettings, options: RefreshOptions, patience: Patience) {
  const { onChanged, onFailed } = options
  try {
    const outcome = await refresh(_id, idp, options, patience)
    if (outcome === 'changed') onChanged(_id, idp.entityId)
    return outcome
  } catch (error) {
    if (!patience.signal?.aborted) onFailed(_id, idp.entityId, error instanceof Error ? error.message : String(error))
    return 'failed'
  }
}

/** @throws {MetadataRefused} @throws {OutboundError} */
async function refresh(id: string, idp: IdpSettings, { store, isLocal, now = Date.now }: RefreshOptions, patience: Patience) {
  const { url = '', certificates } = idp.metadata ?? {}
  const found = await fetchIdpMetadata(url, { signedBy: certificates, now: now(), isLocal, ...patience })
  if (found.entityId !== idp.entityId)
    throw new MetadataRefused(`the metadata is now that of ${found.entityId}, and was that of ${idp.entityId}`)
  if (!isNews(idp, found, now())) return 'unchanged'
  const by = { source: 'saml', credential: url } as const
  const settings = (current: Settings) => (isAskedAs(idp, current) ? patchWith(found, idp.metadata)(current) : {})
  const changed = await changeInstitution(store, { id, settings, checks: [certificateProblems], by, now: now() })
  if (changed.kind !== 'invalid') return changed.kind === 'changed' ? 'changed' : 'unchanged'
  throw new MetadataRefused(changed.problems.map(({ message }) => message).join('; '))
}

/** An administrator who meanwhile took it away, or asks another address, has the last word. */
function isAskedAs({ entityId, metadata }: IdpSettings, settings: Settings): boolean {
  const now = idpsOf(settings).find((one) => one.entityId === entityId)?.metadata
  return JSON.stringify([now?.url, now?.certificates]) === JSON.stringify([metadata?.url, metadata?.certificates])
}

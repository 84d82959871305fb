/**
 * All servers of an institution from which files are fetched, one after the other: tried again where that may help,
 * bounded in time, and told of in the audit trail where nothing helped.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Seal } from '../auth/seal.ts'
import { newId } from '../directory/ids.ts'
import type { Institution, PickUpSettings } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { Inbox, PickedUp } from './pick-up.ts'
import { pickUp } from './pick-up.ts'
import type { PickUpCode } from './pick-up-fault.ts'
import { PickUpFault } from './pick-up-fault.ts'
import { pickUpKeys } from './pick-up-keys.ts'

export type PickUpsOptions = {
  readonly store: Store
  readonly seal: Seal
  readonly institution: Institution
  readonly inbox: Inbox
  readonly signal: AbortSignal
  readonly settleMs?: number
  /** Between two tries. */
  readonly pauseMs?: number
}

const LONGEST_MS = 30 * 60_000
const TRIES = 3
const PAUSE_MS = 30_000
const MAY_PASS: ReadonlySet<PickUpCode> = new Set(['unreachable', 'interrupted', 'too_slow'])

/** @returns what became of each, by its name in the settings */
export async function pickUpAll(options: PickUpsOptions): Promise<(PickedUp & { readonly name: string })[]> {
  const { store, seal, institution } = options
  const places = institution.settings.sftp?.pickUp ?? []
  if (places.length === 0) return []
  const { privateKeys } = await pickUpKeys(store, seal, institution._id)
  const all: (PickedUp & { readonly name: string })[] = []
  for (const place of places) {
    const done = await untilDone(place, privateKeys, options)
    if (done.fault !== undefined) await recordFault(store, institution._id, place, done.fault)
    all.push({ name: place.name, ...done })
  }
  return all
}

async function untilDone(place: PickUpSettings, privateKeys: readonly string[], options: PickUpsOptions): Promise<PickedUp> {
  const { inbox, settleMs, pauseMs = PAUSE_MS } = options
  const tooLong = AbortSignal.timeout(LONGEST_MS)
  const signal = AbortSignal.any([options.signal, tooLong])
  const fetched: string[] = []
  try {
    for (let tries = 1; ; tries++) {
      const done = await pickUp(place, inbox, { privateKeys, signal, ...(settleMs !== undefined && { settleMs }) })
      fetched.push(...done.fetched)
      if (done.fault === undefined || !MAY_PASS.has(done.fault.code) || tries === TRIES) return { ...done, fetched }
      await wait(pauseMs, undefined, { signal })
    }
  } catch (error) {
    if (!tooLong.aborted || options.signal.aborted) throw error
    const fault = new PickUpFault('too_slow', `${place.host} was not done within ${LONGEST_MS / 60_000} minutes`)
    return { fetched, unfinished: [], refused: [], fault }
  }
}

async function recordFault(store: Store, institution: string, { name }: PickUpSettings, { code }: PickUpFault): Promise<void> {
  const id = newId(Date.now())
  const by = { source: 'file', credential: `pick-up:${name}` }
  const event = { _id: id, institution, version: id, subject: institution, kind: 'pickUp.failed', at: Date.now(), ...by, code }
  await store.write([{ collection: 'events', op: 'insert', doc: { ...event, differences: [] } }])
}

/**
 * All servers of an institution from which files are fetched, one after the other: tried again where that may help,
 * bounded in time together, and told of in the audit trail where nothing helped.
 */
import type { Seal } from '../auth/seal.ts'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import type { PickUpSettings } from '../directory/settings.ts'
import type { Store } from '../store/store.ts'
import { pause } from './pause.ts'
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
  /** Between two tries. */
  readonly pauseMs?: number
}

const LONGEST_MS = 30 * 60_000
const TRIES = 3
const PAUSE_MS = 30_000
const MAY_PASS: ReadonlySet<PickUpCode> = new Set(['unreachable', 'interrupted', 'too_slow'])

export type PickedUpFrom = PickedUp & { readonly place: PickUpSettings }

/** @returns what became of each, in the order of the settings */
export async function pickUpAll(options: PickUpsOptions): Promise<PickedUpFrom[]> {
  const { store, seal, institution } = options
  const places = institution.settings.sftp?.pickUp ?? []
  if (places.length === 0) return []
  const { privateKeys } = await pickUpKeys(store, seal, institution._id)
  const tooLong = AbortSignal.timeout(LONGEST_MS)
  const all: PickedUpFrom[] = []
  for (const place of places) {
    const done = await untilDone(place, { ...options, privateKeys, tooLong })
    if (done.fault !== undefined) await recordFault(store, institution._id, place, done.fault)
    all.push({ place, ...done })
  }
  return all
}

type Trying = PickUpsOptions & { readonly privateKeys: readonly string[]; readonly tooLong: AbortSignal }

async function untilDone(place: PickUpSettings, options: Trying): Promise<PickedUp> {
  const { inbox, privateKeys, tooLong, pauseMs = PAUSE_MS } = options
  const signal = AbortSignal.any([options.signal, tooLong])
  const fetched: string[] = []
  try {
    for (let tries = 1; ; tries++) {
      const done = await pickUp(place, inbox, { privateKeys, signal })
      fetched.push(...done.fetched)
      if (done.fault === undefined || !MAY_PASS.has(done.fault.code) || tries === TRIES) return { ...done, fetched }
      await pause(pauseMs, signal)
    }
  } catch (error) {
    if (!tooLong.aborted || options.signal.aborted) throw error
    const message = `all servers together were not done within ${LONGEST_MS / 60_000} minutes`
    return { fetched, unfinished: [], refused: [], fault: new PickUpFault('too_slow', message) }
  }
}

async function recordFault(store: Store, institution: string, { name }: PickUpSettings, { code }: PickUpFault): Promise<void> {
  const id = newId(Date.now())
  const by = { source: 'file', credential: `pick-up:${name}` }
  const event = { _id: id, institution, version: id, subject: institution, kind: 'pickUp.failed', at: Date.now(), ...by, code }
  await store.write([{ collection: 'events', op: 'insert', doc: { ...event, differences: [] } }])
}

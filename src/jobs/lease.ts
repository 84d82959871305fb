/**
 * Work of which one process does one at a time for an institution: a document in the store says who, and until when.
 * It is renewed while the work goes on and given back at its end; of a process that died it runs out by itself, and is
 * taken over at once by another one on the same machine. Clocks decide who tries; the store's versions, who gets it.
 */
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { newId } from '../directory/ids.ts'
import { hasCode } from '../file-errors.ts'
import type { Doc, Store } from '../store/store.ts'

const LEASE_MS = 30_000
/** What ends later was taken by a clock that went wrong, and nobody need wait for it. */
const MOST_AHEAD_MS = 2 * LEASE_MS

export type Lease = AsyncDisposable & {
  /** Aborted when the lease is no longer held: another process may do the work now. */
  readonly signal: AbortSignal
}

export type LeaseOptions = {
  readonly store: Store
  readonly institution: string
  /** What the work is called. */
  readonly name: string
  /** Epoch milliseconds. */
  readonly now?: () => number
  readonly holder?: Holder
}

export type Holder = {
  /** Where its number means something. */
  readonly machine: string
  readonly pid: number
}

type LeaseDoc = Doc & { readonly holder: Holder; readonly until: number }

/** The reason of a lease's signal. */
export class LeaseLost extends Error {
  override name = 'LeaseLost'
}

/** @returns undefined when somebody else holds it */
export async function takeLease(options: LeaseOptions): Promise<Lease | undefined> {
  const { store, institution, name, now = Date.now, holder = thisProcess() } = options
  const lease = (): LeaseDoc => ({
    _id: `${institution}/${name}`,
    institution,
    version: newId(now()),
    holder,
    until: now() + LEASE_MS,
  })
  const known = (await store.get('leases', institution, lease()._id)) as LeaseDoc | undefined
  if (known !== undefined && isHeld(known.until - now()) && !isDead(known.holder, holder)) return undefined
  let held = lease()
  const [taken] = await store.write([
    known === undefined
      ? { collection: 'leases', op: 'insert', doc: held }
      : { collection: 'leases', op: 'replace', doc: held, expected: known.version },
  ])
  if (taken?.kind !== 'ok') return undefined

  const lost = new AbortController()
  let renewing: Promise<void> | undefined
  let failure: unknown
  const renew = async () => {
    const next = lease()
    try {
      const [renewed] = await store.write([{ collection: 'leases', op: 'replace', doc: next, expected: held.version }])
      if (renewed?.kind === 'ok') held = next
      else lost.abort(new LeaseLost(`the lease ${held._id} was lost to another process`))
      failure = undefined
    } catch (error) {
      failure = error
    }
  }
  const timer = setInterval(() => {
    // A store that fails now, or does not answer, may be there at the next turn; until then the lease still holds. Whoever
    // was only asleep, or had the clock put forward, asks first whether somebody else has taken it.
    const isInVain = renewing !== undefined || failure !== undefined
    if (isInVain && now() >= held.until) lost.abort(new LeaseLost(`the lease ${held._id} ran out`, { cause: failure }))
    renewing ??= renew().finally(() => {
      renewing = undefined
    })
  }, LEASE_MS / 3)
  timer.unref()
  return {
    signal: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await renewing
      // Where the store cannot be reached it runs out by itself; why the work ended is what matters then.
      await store
        .write([{ collection: 'leases', op: 'delete', institution, id: held._id, expected: held.version }])
        .catch(() => {})
    },
  }
}

function isHeld(leftMs: number): boolean {
  return leftMs > 0 && leftMs < MOST_AHEAD_MS
}

/** Whether the holder was a process of this machine that is no more. */
function isDead(holder: Holder, asker: Holder): boolean {
  if (holder.machine !== asker.machine || holder.pid === asker.pid) return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return hasCode(error, 'ESRCH')
  }
}

function thisProcess(): Holder {
  return { machine: `${hostname()} ${processNamespace()}`, pid: process.pid }
}

/** Containers may share the name of their host, but not the numbers of processes. */
function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}

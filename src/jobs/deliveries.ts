/**
 * What goes out to others: kept in the store until it is delivered, or given up after three days. One process at a time
 * sends for an institution; one that dies over it leaves the message to be sent once more, under the same id.
 */
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import { getInstitution } from '../directory/institution.ts'
import type { JsonObject } from '../directory/user.ts'
import type { Predicate } from '../store/predicate.ts'
import { and } from '../store/predicate.ts'
import type { Doc, Store, Write } from '../store/store.ts'
import { takeLease } from './lease.ts'

export type Message = {
  /** The same however often it is sent: letters, digits and hyphens. */
  readonly id: string
  /** What a program tells it by, for example `file.held`. */
  readonly type: string
  /** When it happened, epoch milliseconds. */
  readonly at: number
  /** For programs. */
  readonly data: JsonObject
  /** For people. */
  readonly subject: string
  readonly text: string
}

/** The webhook of the institution, or an address of its list. */
export type Recipient = { readonly kind: 'webhook' } | { readonly kind: 'email'; readonly address: string }

export type Delivery = Doc & {
  readonly message: Message
  readonly to: Recipient
  /** Epoch milliseconds, as `due`. */
  readonly since: number
  /** Not tried again before. */
  readonly due: number
  /** How often it was tried. */
  readonly attempts: number
}

export type Sent =
  | { readonly kind: 'delivered' }
  /** @param notBeforeMs how long the recipient asked to wait */
  | { readonly kind: 'failed'; readonly why: string; readonly notBeforeMs?: number }
  /** The recipient wants no more of it. */
  | { readonly kind: 'refused'; readonly why: string }

export type Send = (delivery: Delivery, institution: Institution, stop: AbortSignal) => Promise<Sent>

/** Where one is missing, what it would send waits for a process that has it. */
export type Senders = { readonly [kind in Recipient['kind']]?: Send }

export type DeliveryOptions = {
  readonly store: Store
  readonly senders: Senders
  /** @param retryAt epoch milliseconds; absent when it is given up */
  readonly onFailed: (delivery: Delivery, why: string, retryAt: number | undefined) => void
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Until the next attempt, after each that failed; the last one again and again. */
const WAITS_MS = [MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS]
const GIVE_UP_MS = 72 * HOUR_MS
/** Up to a fifth longer, so that not all come back at once. */
const JITTER = 0.2
const AT_ONCE = 100

/** Puts messages in the store for everybody who is to be told; posted again, each is one message all the same. */
export async function postMessages(
  store: Store,
  institution: Institution,
  messages: readonly Message[],
  now: number,
): Promise<void> {
  const recipients = recipientsOf(institution)
  const docs = messages.flatMap((message) => recipients.map((to) => deliveryOf(institution, message, to, now)))
  if (docs.length > 0) await store.write(docs.map((doc) => ({ collection: 'deliveries', op: 'insert', doc })))
}

function deliveryOf({ _id: institution }: Institution, message: Message, to: Recipient, now: number): Delivery {
  const _id = `${message.id}/${nameOf(to)}`
  return { _id, institution, version: newId(now), message, to, since: now, due: now, attempts: 0 }
}

function recipientsOf({ settings }: Institution): Recipient[] {
  const { webhook, email = [] } = settings.files?.notify ?? {}
  return [...(webhook ? [{ kind: 'webhook' } as const] : []), ...email.map((address) => ({ kind: 'email', address }) as const)]
}

/**
 * Sends what is due, oldest first. After a failure the rest for the same recipient waits for the next time.
 * @param institution its id: who is to be told is asked anew for each message
 * @param stop ends it early; what is under way then is sent the next time
 */
export async function deliverDue(institution: string, options: DeliveryOptions, stop: AbortSignal): Promise<void> {
  const { store, now = Date.now } = options
  const failing = new Map<string, Recipient>()
  if ((await dueIn(institution, options, failing, 1)).length === 0) return
  await using lease = await takeLease({ store, institution, name: 'deliveries', now })
  if (lease === undefined) return
  const isOver = AbortSignal.any([stop, lease.signal])
  for (;;) {
    const due = await dueIn(institution, options, failing, AT_ONCE)
    if (due.length === 0) return
    for (const delivery of due) {
      if (isOver.aborted) return
      const recipient = nameOf(delivery.to)
      if (failing.has(recipient)) continue
      const current = await getInstitution(store, institution)
      if (current === undefined) return
      const hasGone = await deliver(delivery, current, options, isOver)
      if (!hasGone) failing.set(recipient, delivery.to)
    }
  }
}

/** What waits for a process that has its sender holds nothing else up, nor does what is for somebody who cannot be reached. */
async function dueIn(
  institution: string,
  { store, senders, now = Date.now }: DeliveryOptions,
  failing: ReadonlyMap<string, Recipient>,
  limit: number,
) {
  const isDue = { op: 'le', path: 'due', value: now() } as const
  const canBeSent = { op: 'in', path: 'to.kind', values: Object.keys(senders) } as const
  const isOver = { op: 'le', path: 'since', value: now() - GIVE_UP_MS } as const
  const where = and(isDue, { op: 'or', of: [canBeSent, isOver] }, ...Array.from(failing.values(), isForOthers))
  return (await store.find('deliveries', institution, { where, limit })) as Delivery[]
}

function isForOthers(to: Recipient): Predicate {
  return to.kind === 'email' ? { op: 'ne', path: 'to.address', value: to.address } : { op: 'ne', path: 'to.kind', value: to.kind }
}

/** @returns false when it was tried in vain */
async function deliver(
  delivery: Delivery,
  institution: Institution,
  { store, senders, onFailed, now = Date.now }: DeliveryOptions,
  stop: AbortSignal,
): Promise<boolean> {
  const sent = await attempt(delivery, institution, senders, now() >= delivery.since + GIVE_UP_MS, stop)
  // It was called off, and is sent by whoever comes next.
  if (sent.kind === 'failed' && stop.aborted) return false
  if (sent.kind === 'waits') return true
  if (sent.kind === 'delivered') {
    await store.write([removal(delivery)])
    return true
  }
  const retryAt = sent.kind === 'refused' ? undefined : now() + waitMs(delivery.attempts, sent.notBeforeMs)
  await store.write([retryAt === undefined ? removal(delivery, givenUp(delivery, now())) : postponed(delivery, retryAt)])
  onFailed(delivery, sent.why, retryAt)
  return false
}

async function attempt(
  delivery: Delivery,
  institution: Institution,
  senders: Senders,
  isLast: boolean,
  stop: AbortSignal,
): Promise<Sent | { readonly kind: 'waits' }> {
  // Whoever was taken off the list since is told no more.
  if (!recipientsOf(institution).some((one) => nameOf(one) === nameOf(delivery.to))) return { kind: 'delivered' }
  const send = senders[delivery.to.kind]
  if (!send) return isLast ? { kind: 'refused', why: 'no process could send it' } : { kind: 'waits' }
  const sent = await send(delivery, institution, stop)
  return isLast && sent.kind === 'failed' ? { ...sent, kind: 'refused' } : sent
}

function nameOf(to: Recipient): string {
  return to.kind === 'email' ? to.address : to.kind
}

function waitMs(attempts: number, notBeforeMs = 0): number {
  const planned = (WAITS_MS[attempts] ?? WAITS_MS.at(-1) ?? 0) * (1 + Math.random() * JITTER)
  return Math.max(planned, Math.min(notBeforeMs, 24 * HOUR_MS))
}

function removal({ institution, _id, version }: Delivery, event?: Doc): Write {
  const about = { institution, id: _id, expected: version }
  return { collection: 'deliveries', op: 'delete', ...about, ...(event && { events: [event] }) }
}

function postponed(delivery: Delivery, due: number): Write {
  const doc: Delivery = { ...delivery, version: newId(Date.now()), attempts: delivery.attempts + 1, due }
  return { collection: 'deliveries', op: 'replace', doc, expected: delivery.version }
}

function givenUp({ institution, message, to }: Delivery, now: number): Doc {
  const id = newId(now)
  return {
    _id: id,
    institution,
    version: id,
    subject: message.id,
    kind: 'delivery.given_up',
    at: now,
    source: 'file',
    to: to.kind,
    differences: [],
  }
}

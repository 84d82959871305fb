/**
 * The conformance suite: every dialogue and every filter against one server, a few at a time.
 */
import type { Check, CheckResult } from './check.ts'
import { listChecks } from './check.ts'
import type { Target } from './exchange.ts'
import { readFilterCases } from './filter-cases.ts'
import { FilterUsers, withoutCampus } from './filter-users.ts'
import { inOrder } from './in-order.ts'
import type { Fault } from './judge.ts'
import { newMark, PREFIX, sweep } from './mark.ts'
import type { Offer } from './offer.ts'
import { readOffer, whyNotOffered } from './offer.ts'

export type Options = {
  /** The SCIM base of the server. */
  readonly url: string
  /** The bearer token, or where to get one that is still good. */
  readonly token: string | (() => Promise<string>)
  /** For the few checks that also speak to a REST interface. */
  readonly apiToken?: string
  /** All when absent. */
  readonly dialects?: readonly string[]
  /** Only checks whose id or clause contains one of these texts. */
  readonly only?: readonly string[]
  /** Only checks that change nothing on the server and do not try its strength. */
  readonly isReadOnly?: boolean
  /** Begins the names of all that is made on the server; `conformance-` when absent. */
  readonly prefix?: string
  /** For one request; 10 s when absent. */
  readonly timeoutMs?: number
  /** How many checks run at once; 4 when absent. */
  readonly width?: number
  /** How requests are sent: the platform's `fetch` when absent. */
  readonly fetch?: typeof fetch
  /** Ends the run early; what it made is deleted all the same. */
  readonly signal?: AbortSignal
}

const WIDTH = 4
const TIMEOUT_MS = 10_000

const CONNECTION = {
  id: 'rfc/connection',
  dialect: 'rfc',
  clause: 'RFC 7644 4',
  level: 'must',
  what: 'the server answers at all',
} as const
const CLEAN_UP = {
  id: 'rfc/clean-up',
  dialect: 'rfc',
  clause: 'RFC 7644 3.6',
  level: 'must',
  what: 'what the suite made can be deleted again',
} as const

/** How many results a run of these options yields when the server answers and all can be deleted again. */
export function countChecks(options: Options): number {
  const target = targetOf(options)
  return choose(listChecks(target, new FilterUsers(target, [])), options).length
}

/**
 * Plays the chosen checks and yields each result as soon as all before it are there. A server that does not answer
 * at all fails the one check `connection`. Whatever the checks made on the server is deleted before the end.
 */
export async function* runConformance(options: Options): AsyncGenerator<CheckResult, void> {
  const target = targetOf(options)
  const offer = await readOffer(target)
  if ('silence' in offer) {
    const fault = { step: `GET ${target.base}`, where: 'answer', expected: 'an answer', got: offer.silence }
    yield { ...CONNECTION, ...judged([fault], 0) }
    return
  }
  const users = new FilterUsers(target, usersFor(offer))
  const tasks = choose(listChecks(target, users), options).map((check) => () => playCheck(check, offer, options.signal))
  let left: string[] = []
  try {
    yield* inOrder(tasks, options.width ?? WIDTH)
  } finally {
    if (!options.isReadOnly) left = [...(await users.remove()), ...(await sweep(target))]
  }
  if (left.length > 0) yield { ...CLEAN_UP, ...judged(left.map(sayLeft), 0) }
}

/** The server under test, as requests are sent to it. */
export function targetOf({
  url,
  token,
  apiToken,
  prefix = PREFIX,
  timeoutMs = TIMEOUT_MS,
  fetch: send = fetch,
  signal,
}: Options): Target {
  return {
    base: url.replace(/\/+$/, ''),
    token,
    mark: newMark(prefix),
    timeoutMs,
    fetch: send,
    ...(apiToken === undefined ? {} : { apiToken }),
    ...(signal === undefined ? {} : { signal }),
  }
}

function choose(checks: readonly Check[], { dialects, only, isReadOnly = false }: Options): Check[] {
  return checks
    .filter((check) => !isReadOnly || check.isReadOnly)
    .filter(({ dialect }) => dialects === undefined || dialects.includes(dialect))
    .filter(({ id, clause }) => only === undefined || only.some((text) => id.includes(text) || clause.includes(text)))
}

function usersFor({ lacks }: Offer) {
  const { users } = readFilterCases()
  return lacks.has('campus') ? users.map(withoutCampus) : users
}

async function playCheck(check: Check, offer: Offer, signal: AbortSignal | undefined): Promise<CheckResult> {
  const { run, needs: _, attributes: __, isReadOnly: ___, ...about } = check
  const reasons = whyNotOffered(check, offer)
  if (reasons.length > 0) return { ...about, ...notOffered(reasons.join('; '), 0) }
  if (signal?.aborted)
    return { ...about, ...judged([{ step: 'none', where: 'run', expected: 'to go on', got: 'interrupted' }], 0) }
  const began = performance.now()
  const played = await run()
  const tookMs = Math.round(performance.now() - began)
  const isUnoffered = played.notOffered !== undefined && played.faults.length === 0
  return { ...about, ...(isUnoffered ? notOffered(played.notOffered ?? '', tookMs) : judged(played.faults, tookMs)) }
}

function judged(faults: readonly Fault[], tookMs: number) {
  return { verdict: faults.length === 0 ? 'passed' : 'failed', faults, tookMs } as const
}

function notOffered(reason: string, tookMs: number) {
  return { verdict: 'not offered', reason, faults: [], tookMs } as const
}

function sayLeft(got: string): Fault {
  return { step: 'clean up', where: 'DELETE', expected: 'nothing left behind', got }
}

/**
 * Requests that may be sent twice: the same Idempotency-Key with the same request gets the same answer for 24 hours
 * (draft-ietf-httpapi-idempotency-key-header). A key belongs to one source of one institution.
 */
import { hash } from 'node:crypto'
import { DAY_MS } from '../days.ts'
import { newId } from '../directory/ids.ts'
import type { KeptRequest } from '../directory/kept-answer.ts'
import { eraseAnswers } from '../directory/kept-answer.ts'
import type { Store } from '../store/store.ts'
import type { Answer } from './answers.ts'
import { problem } from './answers.ts'
import type { ApiDeps, Exchange } from './deps.ts'

const KEPT_MS = DAY_MS

/** After this long a request that has no answer yet is taken for lost with its server. */
const LOST_MS = 60_000

type Kept = KeptRequest & { readonly answer?: Answer }

/** Of a request that nobody is at: whoever sends it again may have it at once. */
const LEFT = 0

/**
 * Does the work, once for each key that the client sent; without a key, each time.
 * An answer that only says "not now" is not kept: the client should try again. Nor is a refusal, which quotes what was
 * sent of people: nothing was done, so the same request is looked at again. Another one still cannot have its key.
 */
export async function once(
  { store, now = Date.now }: ApiDeps,
  { caller, request }: Exchange,
  body: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const header = request.headers.get('idempotency-key')
  if (header === null) return work()
  const key = keyIn(header)
  if (key === undefined) return problem('idempotency_key', 'it should be 1 to 255 printable characters, for example a UUID')
  const institution = caller.institution._id
  const { pathname, search } = new URL(request.url)
  const time = now()
  const kept: Kept = {
    _id: hash('sha256', `${institution}\n${caller.source}\n${key}`, 'base64url'),
    institution,
    version: newId(time),
    request: hash('sha256', `${request.method} ${pathname}${search}\n${body}`, 'base64url'),
    since: time,
    expires: time + KEPT_MS,
  }
  const known = await claim(store, kept)
  if (known !== undefined) return known
  return workAndKeep(store, kept, work)
}

/** A structured-field string (RFC 9651) or the bare value that many clients send. */
function keyIn(header: string): string | undefined {
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(header)?.[1]?.replace(/\\(.)/g, '$1')
  const key = quoted ?? header
  return /^[\x21-\x7e][\x20-\x7e]{0,254}$/.test(key) ? key : undefined
}

/** @returns undefined when the key is ours now, else what to answer */
async function claim(store: Store, kept: Kept): Promise<Answer | undefined> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const [made] = await store.write([{ collection: 'idempotency', op: 'insert', doc: kept }])
    if (made?.kind === 'ok') return undefined
    const known = (await store.get('idempotency', kept.institution, kept._id)) as Kept | undefined
    // It was given up meanwhile.
    if (known === undefined) continue
    if (known.request !== kept.request) return problem('key_reused', 'it was sent with another request: take a new key for each')
    if (known.answer !== undefined) return known.answer
    if (known.isErased) return problem('erased', 'it showed a person who has been erased since: nothing was done again')
    if (kept.since - known.since < LOST_MS) return inProgress()
    const [taken] = await store.write([{ collection: 'idempotency', op: 'replace', doc: kept, expected: known.version }])
    if (taken?.kind === 'ok') return undefined
  }
  return inProgress()
}

function inProgress(): Answer {
  return problem('in_progress', 'wait for its answer, or send it again later', {}, { 'retry-after': '1' })
}

async function workAndKeep(store: Store, kept: Kept, work: () => Promise<Answer>): Promise<Answer> {
  const { institution, _id: id, version } = kept
  const release = () => store.write([{ collection: 'idempotency', op: 'delete', institution, id, expected: version }])
  let answer: Answer
  try {
    answer = await work()
  } catch (error) {
    // What went wrong first is what counts.
    await release().catch(() => undefined)
    throw error
  }
  if (saysNotNow(answer)) await release()
  else if (answer.problem !== undefined) await leave(store, kept)
  else await keep(store, kept, answer)
  return answer
}

async function leave(store: Store, kept: Kept): Promise<void> {
  const doc = { ...kept, version: newId(Date.now()), since: LEFT }
  await store.write([{ collection: 'idempotency', op: 'replace', doc, expected: kept.version }])
}

async function keep(store: Store, kept: Kept, answer: Answer): Promise<void> {
  const about = shownIn(answer)
  const doc = { ...kept, version: newId(Date.now()), answer, ...(about !== undefined && { about }) }
  await store.write([{ collection: 'idempotency', op: 'replace', doc, expected: kept.version }])
  // Whoever has erased the person meanwhile may have looked for answers before this one was kept.
  if (about !== undefined && (await store.get('users', kept.institution, about)) === undefined)
    await eraseAnswers(store, kept.institution, about)
}

/** Id of the person whose record the answer shows; answers to batches show none. */
function shownIn({ body: { id, user } }: Answer): string | undefined {
  return user !== undefined && typeof id === 'string' ? id : undefined
}

/** Of many, some may have been done: those are unchanged when they are sent again. */
function saysNotNow({ status, body }: Answer): boolean {
  const { failed = 0 } = Object(body.counts) as { readonly failed?: number }
  return status >= 500 || failed > 0
}

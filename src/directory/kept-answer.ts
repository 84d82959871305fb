/**
 * Answers that are kept so that a request can be sent twice, as far as erasing people is concerned: an answer that shows a
 * record goes with it. The key stays used, so that whoever sends the request again does not make the person anew.
 */
import type { Doc, Store } from '../store/store.ts'
import { newId } from './ids.ts'

/** What is kept of one request. */
export type KeptRequest = Doc & {
  /** What it was: the same key cannot stand for another one. */
  readonly request: string
  /** Epoch milliseconds, as `expires`. */
  readonly since: number
  readonly expires: number
  /** Absent while the request is under way, and when it was erased. */
  readonly answer?: object
  /** Id of the person whose record the answer shows. */
  readonly about?: string
  /** The answer went with the person. */
  readonly isErased?: true
}

const PAGE = 100

/** Erases all answers that show this person. */
export async function eraseAnswers(store: Store, institution: string, about: string): Promise<void> {
  const where = { op: 'eq', path: 'about', value: about } as const
  const project = ['request', 'since', 'expires']
  for (;;) {
    const found = (await store.find('idempotency', institution, { where, limit: PAGE, project })) as KeptRequest[]
    if (found.length === 0) return
    const writes = found.map((kept) => {
      return { collection: 'idempotency', op: 'replace', doc: erased(kept), expected: kept.version } as const
    })
    await store.write(writes, 'batch')
  }
}

function erased({ _id, institution, request, since, expires }: KeptRequest): KeptRequest {
  return { _id, institution, version: newId(Date.now()), request, since, expires, isErased: true }
}

/**
 * One write of a call on its way: what is sent to the server for it, and how its fate is told by what is stored then.
 */
import type { AnyBulkWriteOperation } from 'mongodb'
import type { Write, WriteResult } from '../store.ts'
import type { Pending, Stored } from './documents.ts'
import { storedId, toStored } from './documents.ts'

export type Item = {
  readonly write: Write
  readonly _id: string
  readonly institution: string
  /** Absent for a deletion. */
  readonly stored?: Stored
  readonly pending?: Pending
  result?: WriteResult
}

/** What is looked at of a stored document. */
export type State = Pick<Stored, 'version' | 'institution'> & { readonly _outbox?: { readonly mark: string } }

export function itemOf(write: Write): Item {
  const events = (write.events ?? []).map(toStored)
  if (write.op === 'delete') {
    const { institution, id } = write
    return { write, institution, _id: storedId(institution, id), pending: { mark: crypto.randomUUID(), events, remove: true } }
  }
  const stored = toStored(write.doc)
  const item = { write, institution: stored.institution, _id: stored._id }
  if (events.length === 0) return { ...item, stored }
  const { _expires: expires, ...lasting } = stored
  const pending = { mark: stored.version, events, ...(expires === undefined ? {} : { expires }) }
  return { ...item, stored: lasting, pending }
}

/** Two writes of one document are not sent together: the server takes a bulk in any order. */
export function roundsOf(items: readonly Item[]): Item[][] {
  const rounds: Item[][] = []
  const met = new Map<string, number>()
  for (const item of items) {
    const name = `${item.write.collection}/${item._id}`
    const round = met.get(name) ?? 0
    met.set(name, round + 1)
    rounds[round] ??= []
    rounds[round].push(item)
  }
  return rounds
}

export function isInsert({ write }: Item): boolean {
  return write.op === 'insert'
}

/** @param compares whether the server is to compare versions; if not, that was done, and nobody else writes */
export function operationOf(item: Item, compares: boolean): AnyBulkWriteOperation<Stored> {
  const { write, _id, institution, stored, pending } = item
  const outbox = pending === undefined ? {} : { _outbox: pending }
  if (write.op === 'insert' && stored !== undefined) return { insertOne: { document: { ...stored, ...outbox } } }
  const expected = write.op === 'insert' || write.expected === undefined ? {} : { version: write.expected }
  const filter = compares ? { _id, institution, ...expected, _outbox: { $exists: false } } : { _id }
  return stored === undefined
    ? { updateOne: { filter, update: { $set: outbox } } }
    : { replaceOne: { filter, replacement: { ...stored, ...outbox } } }
}

export function isDone({ stored, pending }: Item, state: State | undefined): boolean {
  if (state === undefined) return false
  return stored === undefined ? state._outbox?.mark === pending?.mark : state.version === stored.version
}

export function isExpected({ write, institution }: Item, state: State): boolean {
  if (state.institution !== institution) return false
  return write.op === 'insert' || write.expected === undefined || write.expected === state.version
}

/** The id of an event that is this write's alone: where it lies among the events, the write was done, even if another has followed since. */
export function proofOf({ pending }: Item): string | undefined {
  return pending?.events.at(-1)?._id
}

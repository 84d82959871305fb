/**
 * Events without transactions. A write stores its events inside the document it writes, in one atomic step; then they
 * are copied to their collection, by id, so that a second copy changes nothing; then they are taken out of the document.
 * Whatever ends a process in between, the next sweep finishes. No document is replaced while its outbox is full.
 *
 * A deletion is the same with an end: the document says that it goes, and goes when its events are copied.
 */
import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb'
import { MongoBulkWriteError } from 'mongodb'
import type { CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import { HOUSE } from '../store.ts'
import type { Pending, Stored } from './documents.ts'
import { oneOf } from './documents.ts'
import { isDuplicate, isUnconfirmed } from './faults.ts'
import type { Abilities } from './prepare.ts'

export type Full = { readonly _id: string; readonly institution: string; readonly pending: Pending }

/** What may still be rolled back is nothing to be copied: its event would tell of a write that never was. */
const MAJORITY = { readConcern: { level: 'majority' } } as const

/** No more than FerretDB can update at once (see `writer.ts`). */
const PAGE = 40
const NAMES = Object.keys(COLLECTIONS) as CollectionName[]

export class Outbox {
  readonly #db: Db
  readonly #isMongo: boolean

  constructor(db: Db, { isMongo }: Abilities) {
    this.#db = db
    this.#isMongo = isMongo
  }

  /** Copies the events of these documents, then clears their outboxes. */
  async empty(name: CollectionName, full: readonly Full[]): Promise<void> {
    if (full.length === 0) return
    await this.#copy(full.flatMap(({ pending }) => pending.events))
    const isRemoving = full.some(({ pending }) => pending.remove === true)
    // A cleared outbox may come back after a failover: it is emptied again, to the same effect.
    const options = isRemoving ? {} : { writeConcern: { w: 1 } }
    await this.#collection(name).bulkWrite(
      full.map((one) => clearing(one, this.#isMongo)),
      { ordered: false, ...options },
    )
  }

  /** Empties what is full, everywhere or where events of one institution may lie. */
  async sweep(institution?: string): Promise<void> {
    await Promise.all(NAMES.map((name) => this.#sweepOne(name, institution)))
  }

  /** Whether anything is left for `sweep`. */
  async isFull(institution: string): Promise<boolean> {
    const found = await Promise.all(
      NAMES.map((name) => this.#collection(name).findOne(fullIn(institution), { ...MAJORITY, projection: { _id: 1 } })),
    )
    return found.some((document) => document !== null)
  }

  /** Empties these documents where they are full. */
  async sweepThese(name: CollectionName, ids: readonly string[]): Promise<void> {
    await this.empty(name, await this.#full(name, { _id: oneOf(ids) }, ids.length))
  }

  async #sweepOne(name: CollectionName, institution: string | undefined): Promise<void> {
    for (;;) {
      const full = await this.#full(name, fullIn(institution), PAGE)
      await this.empty(name, full)
      if (full.length < PAGE) return
    }
  }

  async #full(name: CollectionName, filter: object, limit: number): Promise<Full[]> {
    const found = this.#collection(name).find(filter, {
      ...MAJORITY,
      projection: { institution: 1, _outbox: 1 },
      limit,
      batchSize: limit + 1,
    })
    return (await found.toArray()).flatMap(({ _id, institution, _outbox }) =>
      _outbox === undefined ? [] : [{ _id, institution, pending: _outbox }],
    )
  }

  async #copy(events: readonly Stored[]): Promise<void> {
    if (events.length === 0) return
    try {
      await this.#collection('events').insertMany([...events], { ordered: false })
    } catch (error) {
      if (!isAboutCopies(error)) throw error
    }
  }

  #collection(name: CollectionName): Collection<Stored> {
    return this.#db.collection<Stored>(name)
  }
}

/** Whether nothing went wrong but that some were there. What is too long for one message goes in several, and the last may be lost. */
function isAboutCopies(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError) || isUnconfirmed(error)) return false
  const refused = [error.writeErrors].flat()
  return refused.length > 0 && refused.every(isDuplicate)
}

const FULL = { '_outbox.mark': { $exists: true } } as const

/** An event of the house's own documents, its institutions, may belong to any institution. */
function fullIn(institution: string | undefined): object {
  return institution === undefined ? FULL : { ...FULL, institution: { $in: [institution, HOUSE] } }
}

/** @param compares whether others may write meanwhile */
function clearing({ _id, institution, pending }: Full, compares: boolean): AnyBulkWriteOperation<Stored> {
  const filter = compares ? { _id, institution, '_outbox.mark': pending.mark } : { _id }
  if (pending.remove === true) return { deleteOne: { filter } }
  const expiry = pending.expires === undefined ? {} : { $set: { _expires: pending.expires } }
  return { updateOne: { filter, update: { $unset: { _outbox: '' }, ...expiry } } }
}

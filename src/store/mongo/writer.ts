/**
 * The writes of one call: one bulk write a collection, then their events (`outbox.ts`), whatever their number.
 *
 * The server does not say which writes of a bulk found nothing to replace, and a lost connection says nothing at all.
 * Both are answered by one look at the versions: each write brings its own.
 */
import type { Collection, Db } from 'mongodb'
import { MongoBulkWriteError } from 'mongodb'
import type { CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import type { Write, WriteResult } from '../store.ts'
import { StoreError } from '../store.ts'
import type { Stored } from './documents.ts'
import { oneOf } from './documents.ts'
import { duplicateKeys } from './duplicates.ts'
import { isDuplicate, isPassing, isUnconfirmed } from './faults.ts'
import type { Item, State } from './items.ts'
import { isDone, isExpected, isInsert, itemOf, operationOf, proofOf, roundsOf } from './items.ts'
import type { Outbox } from './outbox.ts'
import type { Abilities } from './prepare.ts'

/** What a bulk write told. */
type Told = {
  readonly matched: number
  readonly refused: ReadonlyMap<number, unknown>
  /** Why nothing, or not everything, is told. */
  readonly failure?: unknown
}

const FERRET_MOST = 40

/** So often others may come between a look and the next try. */
const TRIES = 20

export class Writer {
  readonly #db: Db
  readonly #outbox: Outbox
  readonly #isMongo: boolean

  constructor(db: Db, outbox: Outbox, { isMongo }: Abilities) {
    this.#db = db
    this.#outbox = outbox
    this.#isMongo = isMongo
  }

  async write(writes: readonly Write[]): Promise<WriteResult[]> {
    const items = writes.map(itemOf)
    for (const round of roundsOf(items).flatMap((round) => this.#parts(round))) {
      const byCollection = Map.groupBy(round, ({ write }) => write.collection)
      const done = await Promise.allSettled([...byCollection].map(([name, some]) => this.#collectionRound(name, some)))
      const failed = done.find((one) => one.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    }
    return items.map(({ result }) => result ?? { kind: 'stale' })
  }

  /** A server that only imitates MongoDB takes nothing away by itself. */
  async sweep(): Promise<void> {
    if (this.#isMongo) return
    const names = Object.keys(COLLECTIONS) as CollectionName[]
    await Promise.all(names.filter((name) => COLLECTIONS[name].expires).map((name) => this.#removeExpired(name)))
  }

  /** FerretDB 1.24 never answers an update command of about a hundred replacements: fifty it does. */
  #parts(round: readonly Item[]): (readonly Item[])[] {
    if (this.#isMongo) return [round]
    const parts: (readonly Item[])[] = []
    for (let from = 0; from < round.length; from += FERRET_MOST) parts.push(round.slice(from, from + FERRET_MOST))
    return parts
  }

  async #collectionRound(name: CollectionName, items: readonly Item[]): Promise<void> {
    if (COLLECTIONS[name].expires && items.some(isInsert)) await this.#removeExpired(name)
    await this.#settle(name, items)
    const full = items.flatMap(({ result, _id, institution, pending }) =>
      result?.kind === 'ok' && pending !== undefined ? [{ _id, institution, pending }] : [],
    )
    try {
      await this.#outbox.empty(name, full)
    } catch (error) {
      // What was written is written, and its events with it; only a deletion is not to be seen before its end.
      if (full.some(({ pending }) => pending.remove === true)) throw error
    }
  }

  /** What has expired must not stand in the way of what takes its id or key. By `_expires`, which has an index. */
  async #removeExpired(name: CollectionName): Promise<void> {
    await this.#collection(name).deleteMany({ _expires: { $lte: new Date() } })
  }

  /** Gives every item its result. */
  async #settle(name: CollectionName, items: readonly Item[]): Promise<void> {
    const open = () => items.filter(({ result }) => result === undefined)
    for (let tries = 0; open().length > 0; tries++) {
      if (tries === TRIES) throw new StoreError('unavailable', 'other writers came first, again and again; try again')
      if (!this.#isMongo) await this.#compare(name, open())
      const some = open()
      const told = await this.#bulk(name, some)
      if (told.failure === undefined) await this.#judge(name, some, told)
      else await this.#recover(name, some, told)
    }
  }

  async #bulk(name: CollectionName, items: readonly Item[]): Promise<Told> {
    if (items.length === 0) return { matched: 0, refused: new Map() }
    try {
      const operations = items.map((item) => operationOf(item, this.#isMongo))
      const { matchedCount } = await this.#collection(name).bulkWrite(operations, { ordered: false })
      return { matched: matchedCount, refused: new Map() }
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) return { matched: 0, refused: new Map(), failure: error }
      const refused = new Map(error.result.getWriteErrors().map((one) => [one.index, one]))
      const isWhole = [error.writeErrors].flat().length > 0
      const told = { matched: error.result.matchedCount, refused }
      return isWhole && !isUnconfirmed(error) ? told : { ...told, failure: error }
    }
  }

  /** The server went through the whole bulk. What stays without a result is to be tried again. */
  async #judge(name: CollectionName, items: readonly Item[], told: Told): Promise<void> {
    const passed = items.filter((_, index) => !told.refused.has(index))
    const updates = passed.filter((item) => !isInsert(item))
    for (const item of passed) if (isInsert(item) || told.matched === updates.length) item.result = { kind: 'ok' }
    await this.#judgeRefused(name, items, told)
    const unmatched = updates.filter(({ result }) => result === undefined)
    if (unmatched.length > 0) await this.#judgeUnmatched(name, unmatched, 'sent')
  }

  async #judgeRefused(name: CollectionName, items: readonly Item[], { refused }: Told): Promise<void> {
    const other = [...refused.values()].find((error) => !isDuplicate(error))
    if (other !== undefined) throw other
    await this.#judgeDuplicates(
      name,
      items.filter((_, index) => refused.has(index)),
    )
  }

  async #judgeDuplicates(name: CollectionName, items: readonly Item[]): Promise<void> {
    const refused = items.flatMap((item) =>
      item.stored === undefined ? [] : [{ item, isInsert: isInsert(item), stored: item.stored }],
    )
    const keys = await duplicateKeys(this.#collection(name), COLLECTIONS[name], refused)
    for (const [index, { item }] of refused.entries()) {
      const key = keys[index]
      if (key !== undefined) item.result = { kind: 'duplicate', key }
    }
  }

  /** Some of these updates found nothing: because another version is there, or because an outbox is full. */
  async #judgeUnmatched(name: CollectionName, items: readonly Item[], were: 'sent' | 'unsent'): Promise<void> {
    const states = await this.#states(name, items)
    const proven = were === 'sent' ? await this.#proven(items) : new Set()
    const full: string[] = []
    for (const item of items) {
      const state = states.get(item._id)
      if (proven.has(item) || isDone(item, state)) item.result = { kind: 'ok' }
      else if (state === undefined || !isExpected(item, state)) item.result = { kind: 'stale' }
      else if (state._outbox !== undefined) full.push(item._id)
    }
    if (full.length > 0) await this.#outbox.sweepThese(name, full)
  }

  /** Compares versions in place of a server that cannot, while nobody else writes. */
  async #compare(name: CollectionName, items: readonly Item[]): Promise<void> {
    const updates = items.filter((item) => !isInsert(item))
    if (updates.length > 0) await this.#judgeUnmatched(name, updates, 'unsent')
  }

  /** The answer is lost, or the server gave up within the bulk. */
  async #recover(name: CollectionName, items: readonly Item[], { failure, refused }: Told): Promise<void> {
    const told = items.filter((_, index) => !refused.has(index))
    const states = await this.#states(name, told, 'majority')
    const proven = await this.#proven(told)
    for (const item of told) if (proven.has(item) || isDone(item, states.get(item._id))) item.result = { kind: 'ok' }
    const open = items.filter(({ result }) => result === undefined)
    if (open.length > 0 && isPassing(failure)) throw failure
    if (items.length > 1) {
      for (const item of open) await this.#settle(name, [item])
      return
    }
    // FerretDB calls a duplicate in an update an internal error.
    await this.#judgeDuplicates(name, open)
    if (open.some(({ result }) => result === undefined)) throw failure
  }

  /** What is stored under these ids now. */
  async #states(
    name: CollectionName,
    items: readonly Item[],
    level: 'local' | 'majority' = 'local',
  ): Promise<Map<string, State>> {
    const projection = { version: 1, institution: 1, '_outbox.mark': 1 }
    const options = { projection, readConcern: { level }, batchSize: items.length + 1 }
    const found = await this.#collection(name)
      .find({ _id: oneOf(items.map(({ _id }) => _id)) }, options)
      .toArray()
    return new Map(found.map((state) => [state._id, state]))
  }

  /**
   * The items whose event is stored already: somebody else copied it before another version was written, or before the
   * document went. So this is asked after `#states`: asked before, it would miss what happens in between.
   */
  async #proven(items: readonly Item[]): Promise<Set<Item>> {
    const proofs = items.flatMap((item) => proofOf(item) ?? [])
    if (proofs.length === 0) return new Set()
    const found = await this.#collection('events')
      .find({ _id: oneOf(proofs) }, { projection: { _id: 1 }, readConcern: { level: 'majority' }, batchSize: proofs.length + 1 })
      .toArray()
    const ids = new Set(found.map(({ _id }) => _id))
    return new Set(items.filter((item) => ids.has(proofOf(item) ?? '')))
  }

  #collection(name: CollectionName): Collection<Stored> {
    return this.#db.collection<Stored>(name)
  }
}

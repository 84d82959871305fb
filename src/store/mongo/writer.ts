/**
 * The writes of one call: one bulk write a collection, then their events (`outbox.ts`), whatever their number.
 *
 * The server does not say which writes of a bulk found nothing to replace, and a lost connection says nothing at all.
 * Both are answered by one look at the versions: each write brings its own.
 */
import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb'
import { MongoBulkWriteError } from 'mongodb'
import type { CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import type { Write, WriteResult } from '../store.ts'
import { StoreError } from '../store.ts'
import type { Pending, Stored } from './documents.ts'
import { storedId, toStored } from './documents.ts'
import { duplicateKeys } from './duplicates.ts'
import { isDuplicate, isPassing } from './faults.ts'
import type { Outbox } from './outbox.ts'

type Item = {
  readonly write: Write
  readonly _id: string
  readonly institution: string
  readonly stored?: Stored
  readonly pending?: Pending
  result?: WriteResult
}

/** What a bulk write told. */
type Told = {
  readonly matched: number
  readonly refused: ReadonlyMap<number, { readonly code?: number | string; readonly errmsg?: string | undefined }>
  /** Why nothing, or not everything, is told. */
  readonly failure?: unknown
}

type State = Pick<Stored, 'version' | 'institution'> & { readonly _outbox?: { readonly mark: string } }

/** So often others may come between a look and the next try. */
const TRIES = 20

export class Writer {
  readonly #db: Db
  readonly #outbox: Outbox

  constructor(db: Db, outbox: Outbox) {
    this.#db = db
    this.#outbox = outbox
  }

  async write(writes: readonly Write[]): Promise<WriteResult[]> {
    const items = writes.map(itemOf)
    for (const round of roundsOf(items)) {
      const byCollection = Map.groupBy(round, ({ write }) => write.collection)
      const done = await Promise.allSettled([...byCollection].map(([name, some]) => this.#collectionRound(name, some)))
      const failed = done.find((one) => one.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    }
    return items.map(({ result }) => result ?? { kind: 'stale' })
  }

  async #collectionRound(name: CollectionName, items: readonly Item[]): Promise<void> {
    await this.#removeExpired(name, items)
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

  /** What has expired must not stand in the way of what takes its id or key. */
  async #removeExpired(name: CollectionName, items: readonly Item[]): Promise<void> {
    if (!COLLECTIONS[name].expires || !items.some(({ write }) => write.op === 'insert')) return
    await this.#collection(name).deleteMany({ expires: { $lte: Date.now() } })
  }

  /** Gives every item its result. */
  async #settle(name: CollectionName, items: readonly Item[]): Promise<void> {
    let open = items
    for (let tries = 0; open.length > 0; tries++) {
      if (tries === TRIES) throw new StoreError('unavailable', 'other writers came first, again and again; try again')
      const told = await this.#bulk(name, open)
      if (told.failure === undefined) await this.#judge(name, open, told)
      else await this.#recover(name, open, told)
      open = open.filter(({ result }) => result === undefined)
    }
  }

  async #bulk(name: CollectionName, items: readonly Item[]): Promise<Told> {
    try {
      const { matchedCount } = await this.#collection(name).bulkWrite(items.map(operationOf), { ordered: false })
      return { matched: matchedCount, refused: new Map() }
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError)) return { matched: 0, refused: new Map(), failure: error }
      const refused = new Map(error.result.getWriteErrors().map((one) => [one.index, one]))
      const isWhole = [error.writeErrors].flat().length > 0
      const failure = error.result.getWriteConcernError() ?? (isWhole ? undefined : error)
      return { matched: error.result.matchedCount, refused, ...(failure === undefined ? {} : { failure }) }
    }
  }

  /** The server went through the whole bulk. What stays without a result is to be tried again. */
  async #judge(name: CollectionName, items: readonly Item[], told: Told): Promise<void> {
    const passed = items.filter((_, index) => !told.refused.has(index))
    const updates = passed.filter(({ write }) => write.op !== 'insert')
    for (const item of passed) if (item.write.op === 'insert' || told.matched === updates.length) item.result = { kind: 'ok' }
    await this.#judgeRefused(name, items, told)
    const unmatched = updates.filter(({ result }) => result === undefined)
    if (unmatched.length > 0) await this.#judgeUnmatched(name, unmatched)
  }

  async #judgeRefused(name: CollectionName, items: readonly Item[], { refused }: Told): Promise<void> {
    const other = [...refused.values()].find((error) => !isDuplicate(error))
    if (other !== undefined) throw other
    // Another write of this bulk may have freed the key since: only a look tells.
    const isFreeing = items.some(({ write }) => write.op !== 'insert')
    const duplicates = items.flatMap((item, index) => {
      const error = refused.get(index)
      return error === undefined ? [] : [{ item, message: isFreeing ? undefined : error.errmsg }]
    })
    await this.#judgeDuplicates(name, duplicates)
  }

  async #judgeDuplicates(
    name: CollectionName,
    duplicates: readonly { item: Item; message?: string | undefined }[],
  ): Promise<void> {
    const refused = duplicates.flatMap(({ item, message }) =>
      item.stored === undefined ? [] : [{ isInsert: item.write.op === 'insert', stored: item.stored, message }],
    )
    const keys = await duplicateKeys(this.#collection(name), COLLECTIONS[name], refused)
    for (const [index, { item }] of duplicates.entries()) {
      const key = keys[index]
      if (key !== undefined) item.result = { kind: 'duplicate', key }
    }
  }

  /** Some of these updates found nothing: because another version is there, or because an outbox is full. */
  async #judgeUnmatched(name: CollectionName, items: readonly Item[]): Promise<void> {
    const states = await this.#states(name, items)
    const again: string[] = []
    for (const item of items) {
      const state = states.get(item._id)
      if (state === 'copied' || isDone(item, state)) item.result = { kind: 'ok' }
      else if (state === undefined || !isExpected(item, state)) item.result = { kind: 'stale' }
      else if (state._outbox !== undefined) again.push(item._id)
    }
    if (again.length > 0) await this.#outbox.sweepThese(name, again)
  }

  /** The answer is lost, or the server gave up within the bulk. */
  async #recover(name: CollectionName, items: readonly Item[], { failure, refused }: Told): Promise<void> {
    const states = await this.#states(name, items, 'majority')
    for (const [index, item] of items.entries()) {
      if (refused.has(index)) continue
      const state = states.get(item._id)
      if (state === 'copied' || isDone(item, state)) item.result = { kind: 'ok' }
    }
    const open = items.filter(({ result }) => result === undefined)
    if (open.length > 0 && isPassing(failure)) throw failure
    if (items.length > 1) {
      for (const item of open) await this.#settle(name, [item])
      return
    }
    // FerretDB calls a duplicate in an update an internal error.
    await this.#judgeDuplicates(
      name,
      open.map((item) => ({ item })),
    )
    if (open.some(({ result }) => result === undefined)) throw failure
  }

  /**
   * What is stored under these ids now; `copied` where the event of the item's own write lies among the events already,
   * which somebody else then copied before writing another version.
   */
  async #states(
    name: CollectionName,
    items: readonly Item[],
    level: 'local' | 'majority' = 'local',
  ): Promise<Map<string, State | 'copied'>> {
    const options = { readConcern: { level }, batchSize: items.length + 1 }
    const ids = items.map(({ _id }) => _id)
    const first = new Map(
      items.flatMap(({ _id, pending }) => (pending?.events[0] === undefined ? [] : [[pending.events[0]._id, _id]])),
    )
    const projection = { version: 1, institution: 1, '_outbox.mark': 1 }
    const [found, copied] = await Promise.all([
      this.#collection(name)
        .find({ _id: { $in: ids } }, { ...options, projection })
        .toArray(),
      this.#collection('events')
        .find({ _id: { $in: [...first.keys()] } }, { ...options, projection: { _id: 1 } })
        .toArray(),
    ])
    const states = new Map<string, State | 'copied'>(found.map((state) => [state._id, state]))
    for (const { _id } of copied) states.set(first.get(_id) as string, 'copied')
    return states
  }

  #collection(name: CollectionName): Collection<Stored> {
    return this.#db.collection<Stored>(name)
  }
}

function itemOf(write: Write): Item {
  const events = (write.events ?? []).map(toStored)
  if (write.op === 'delete') {
    const { institution, id } = write
    return { write, institution, _id: storedId(institution, id), pending: { mark: crypto.randomUUID(), events, remove: true } }
  }
  const pending = events.length === 0 ? {} : { pending: { mark: write.doc.version, events } }
  const stored = toStored(write.doc)
  return { write, institution: write.doc.institution, _id: stored._id, stored, ...pending }
}

/** Two writes of one document are not sent together: the server takes a bulk in any order. */
function roundsOf(items: readonly Item[]): Item[][] {
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

function operationOf({ write, _id, institution, stored, pending }: Item): AnyBulkWriteOperation<Stored> {
  const outbox = pending === undefined ? {} : { _outbox: pending }
  const free = { _outbox: { $exists: false } }
  if (stored === undefined) {
    const version = write.op === 'delete' && write.expected !== undefined ? { version: write.expected } : {}
    return { updateOne: { filter: { _id, institution, ...version, ...free }, update: { $set: outbox } } }
  }
  if (write.op === 'insert') return { insertOne: { document: { ...stored, ...outbox } } }
  const expected = write.op === 'replace' ? { version: write.expected } : {}
  return { replaceOne: { filter: { _id, institution, ...expected, ...free }, replacement: { ...stored, ...outbox } } }
}

function isDone({ stored, pending }: Item, state: State | undefined): boolean {
  if (state === undefined) return false
  return stored === undefined ? state._outbox?.mark === pending?.mark : state.version === stored.version
}

function isExpected({ write, institution }: Item, state: State): boolean {
  if (state.institution !== institution) return false
  return write.op === 'insert' || write.expected === undefined || write.expected === state.version
}

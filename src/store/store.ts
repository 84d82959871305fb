/**
 * The storage port: everything Matricula asks of a database, on one page.
 *
 * Every document belongs to one institution and every question names it; what belongs to the house itself
 * (the list of institutions) belongs to `HOUSE`. Adapters: `sqlite/` and `mongo/`; both pass `contract.test.ts`.
 */
import type { CollectionName } from './collections.ts'
import type { Predicate, Scalar } from './predicate.ts'

/** The owner of what belongs to no single institution. No institution can have this id. */
export const HOUSE = '*'

export type Doc = {
  readonly _id: string
  readonly institution: string
  /** New at each write; what compare-and-set compares. */
  readonly version: string
  /** Values unique within the institution, by the names declared in `collections.ts`; absent, never null. */
  readonly keys?: { readonly [name: string]: string }
  /** What filters can ask for, folded by whoever writes. Written and searched, never returned by a read. */
  readonly search?: { readonly [name: string]: unknown }
  /** Epoch milliseconds after which no read returns the document. */
  readonly expires?: number
  readonly [field: string]: unknown
}

export type Write = {
  readonly collection: CollectionName
  /** Documents of the collection `events`, stored with this write or not at all, each once. */
  readonly events?: readonly Doc[]
} & (
  | { readonly op: 'insert'; readonly doc: Doc }
  /** Replaces the whole document while the stored version still is `expected`. */
  | { readonly op: 'replace'; readonly doc: Doc; readonly expected: string }
  | { readonly op: 'delete'; readonly institution: string; readonly id: string; readonly expected?: string }
)

export type WriteResult =
  | { readonly kind: 'ok' }
  /** The stored version is another one, or the document is gone. Nothing of this write was done. */
  | { readonly kind: 'stale' }
  /** Another document holds this key (`_id` for the id itself). Nothing of this write was done. */
  | { readonly kind: 'duplicate'; readonly key: string }

/** Ids, and values by the unique key that has one of them. */
export type LookUp = { readonly ids?: readonly string[]; readonly keys?: { readonly [name: string]: readonly string[] } }

/** How documents come. */
export type Form = {
  /** Whether fields that are declared `apart` come as their JSON in UTF-8. */
  readonly asBytes?: boolean
}

export type Query = Form & {
  readonly where: Predicate
  /** By `_id` when absent. Absent values come last ascending, ties by `_id`; descending is exactly the reverse. */
  readonly sort?: { readonly path: string; readonly descending: boolean }
  readonly skip?: number
  readonly limit: number
  /** Only what comes behind this place in the order: the sort value there (absent when it has none) and the id. */
  readonly after?: { readonly value?: Scalar; readonly id: string }
  /** Top-level fields to return beside `_id`, `institution`, `version`; all when absent. */
  readonly project?: readonly string[]
}

export type Lane = 'request' | 'batch'

export type Store = AsyncDisposable & {
  /** For logs and metrics only. */
  readonly name: string
  /** Resolves when the store answers; rejects with a StoreError when it does not. */
  ping(): Promise<void>
  /**
   * Does each write alone: all of it, durable, with its events, or nothing. Results in the order of the writes;
   * one refused write harms no other. Two writes of one call must not depend on each other, unless they are of the
   * same document: then the earlier one is done before the later one.
   * Requests go before batches.
   * @throws {StoreError} when the store failed: some writes may be done, each wholly or not at all
   */
  write(writes: readonly Write[], lane?: Lane): Promise<WriteResult[]>
  get(collection: CollectionName, institution: string, id: string, form?: Form): Promise<Doc | undefined>
  /** All documents that have one of these ids or one of these keys, each once, in no order: one round trip. */
  lookUp(collection: CollectionName, institution: string, wanted: LookUp): Promise<Doc[]>
  /** @throws {StoreError} `tooSlow` when the question would take longer than the store allows (10 s) */
  find(collection: CollectionName, institution: string, query: Query): Promise<Doc[]>
  /** Constant work for EVERYTHING and for a declared counted list; else as `find`. */
  count(collection: CollectionName, institution: string, where: Predicate): Promise<number>
  /** Reads and removes, atomically: of any number of callers one gets the document. */
  take(collection: CollectionName, institution: string, id: string): Promise<Doc | undefined>
}

/**
 * `unavailable`: it cannot be reached now, try again. `unusable`: it will not work before somebody mends it
 * (too old, no rights, not writable, disk full); the message says what. `tooSlow`: this question was too much.
 */
export type StoreFault = 'unavailable' | 'unusable' | 'tooSlow'

export class StoreError extends Error {
  override name = 'StoreError'
  readonly fault: StoreFault
  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}

/**
 * The MongoDB adapter: connects, prepares the database, and guards every call so that only a StoreError comes out.
 *
 * Each document is changed by one atomic operation; nothing depends on transactions, so a single server, a replica set
 * and a sharded cluster (on `institution`) promise the same.
 */
import type { Db } from 'mongodb'
import { MongoClient, ReadConcern } from 'mongodb'
import type { CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import type { Predicate } from '../predicate.ts'
import type { Doc, Form, Lane, LookUp, Query, Store, Write, WriteResult } from '../store.ts'
import type { Stored } from './documents.ts'
import { storedId } from './documents.ts'
import { addressError, storeError } from './faults.ts'
import { Outbox } from './outbox.ts'
import type { Abilities } from './prepare.ts'
import { prepare } from './prepare.ts'
import { Reads } from './reads.ts'
import type { Exclusive } from './turns.ts'
import { Turns } from './turns.ts'
import { Writer } from './writer.ts'

/** How often what another process left unfinished is looked for. */
const SWEEP_MS = 30_000
/** How long a server is looked for that can do what is asked. */
const SELECT_MS = 5000
/** How long a server may say nothing: beside the pause between two questions, until what waits for one that has vanished is given up. */
const CONNECT_MS = 10_000
/** How long a write waits for most members to have it: without an end, it would wait for as long as they are down. */
const CONFIRM_MS = 10_000
/** What the port promises needs these, whatever the address says. */
const PROMISED = {
  readPreference: 'primary',
  readConcern: new ReadConcern('local'),
  writeConcern: { w: 'majority', journal: true },
} as const

/**
 * @param uri `mongodb://` or `mongodb+srv://`, with the database as its path (`matricula` when it has none)
 * @throws {StoreError} `unavailable` when nobody answers, `unusable` when somebody has to mend something first
 */
export async function openMongo(uri: string): Promise<Store> {
  const { client, db, where } = connectionOf(uri)
  try {
    await client.connect()
    const store = new MongoStore(client, db, where, await prepare(db))
    await store.sweep()
    return store
  } catch (error) {
    await client.close()
    throw storeError(error, where)
  }
}

function connectionOf(uri: string): { client: MongoClient; db: Db; where: string } {
  try {
    const client = new MongoClient(uri, {
      appName: 'matricula',
      ignoreUndefined: true,
      ...unless(uri, 'serverSelectionTimeoutMS', SELECT_MS),
      ...unless(uri, 'connectTimeoutMS', CONNECT_MS),
    })
    const wtimeoutMS = client.writeConcern?.wtimeoutMS ?? CONFIRM_MS
    const db = client.db(databaseOf(uri), { ...PROMISED, writeConcern: { ...PROMISED.writeConcern, wtimeoutMS } })
    const hosts = client.options.srvHost ?? client.options.hosts.join(',')
    return { client, db, where: `${hosts}/${databaseOf(uri)}` }
  } catch (error) {
    throw addressError(error)
  }
}

/** What holds where the address says nothing of it. */
function unless(uri: string, option: string, value: number): { readonly [option: string]: number } {
  return new RegExp(`[?&]${option}=`, 'i').test(uri) ? {} : { [option]: value }
}

function databaseOf(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/?]*\/([^?]+)/.exec(uri)?.[1]
  return path === undefined ? 'matricula' : decodeURIComponent(path)
}

class MongoStore implements Store {
  readonly name = 'mongodb'
  readonly #client: MongoClient
  readonly #db: Db
  readonly #where: string
  readonly #outbox: Outbox
  readonly #writer: Writer
  readonly #reads: ReadonlyMap<CollectionName, Reads>
  readonly #turns: Turns
  readonly #exclusive: Exclusive
  readonly #timer: NodeJS.Timeout

  constructor(client: MongoClient, db: Db, where: string, abilities: Abilities) {
    this.#client = client
    this.#db = db
    this.#where = where
    this.#outbox = new Outbox(db, abilities)
    this.#writer = new Writer(db, this.#outbox, abilities)
    this.#turns = new Turns(db)
    this.#exclusive = abilities.isMongo ? (work) => work() : this.#turns.exclusive
    const names = Object.keys(COLLECTIONS) as CollectionName[]
    this.#reads = new Map(names.map((name) => [name, new Reads(db.collection<Stored>(name), COLLECTIONS[name], abilities)]))
    this.#timer = setInterval(() => void this.sweep().catch(() => undefined), SWEEP_MS).unref()
  }

  ping(): Promise<void> {
    return this.#guarded(async () => {
      await this.#db.command({ ping: 1 })
    })
  }

  write(writes: readonly Write[], lane?: Lane): Promise<WriteResult[]> {
    if (writes.length === 0) return Promise.resolve([])
    return this.#guarded(() => this.#exclusive(() => this.#writer.write(writes), lane))
  }

  get(collection: CollectionName, institution: string, id: string, form?: Form): Promise<Doc | undefined> {
    return this.#reading(collection, institution, (reads) => reads.get(institution, id, form))
  }

  lookUp(collection: CollectionName, institution: string, wanted: LookUp): Promise<Doc[]> {
    return this.#reading(collection, institution, (reads) => reads.lookUp(institution, wanted))
  }

  find(collection: CollectionName, institution: string, query: Query): Promise<Doc[]> {
    return this.#reading(collection, institution, (reads) => reads.find(institution, query))
  }

  count(collection: CollectionName, institution: string, where: Predicate): Promise<number> {
    return this.#reading(collection, institution, (reads) => reads.count(institution, where))
  }

  take(collection: CollectionName, institution: string, id: string): Promise<Doc | undefined> {
    return this.#guarded(() =>
      this.#exclusive(async () => {
        await this.#outbox.sweepThese(collection, [storedId(institution, id)])
        return this.#readsOf(collection).take(institution, id)
      }),
    )
  }

  /** Finishes what a crash has left half done, and clears away what has expired where the server does not do it. */
  sweep(): Promise<void> {
    const work = () => Promise.all([this.#outbox.sweep(), this.#writer.sweep()])
    return this.#guarded(async () => void (await this.#exclusive(work, 'batch')))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#turns.ended()
    await this.#client.close()
  }

  /** Whoever reads events sees those of every write that is done, also when its process died before copying them. */
  #reading<T>(collection: CollectionName, institution: string, read: (reads: Reads) => Promise<T>): Promise<T> {
    return this.#guarded(async () => {
      if (collection === 'events' && (await this.#outbox.isFull(institution))) {
        await this.#exclusive(() => this.#outbox.sweep(institution))
      }
      return read(this.#readsOf(collection))
    })
  }

  #readsOf(collection: CollectionName): Reads {
    const reads = this.#reads.get(collection)
    if (reads === undefined) throw new TypeError(`no collection: ${collection}`)
    return reads
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw storeError(error, this.#where)
    }
  }
}

/**
 * The embedded store: one SQLite file, by node:sqlite. This thread answers what is surely quick on a connection of its
 * own that only reads; the writer thread does all writes in groups; the reader thread answers what may take long.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Collection, CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import type { Predicate, Scalar } from '../predicate.ts'
import type { Doc, Form, Lane, LookUp, Query, Store, Write, WriteResult } from '../store.ts'
import { StoreError } from '../store.ts'
import { FEW } from './access-path.ts'
import type { Answer, CallAnswer, Job } from './commit.ts'
import { READ_COUNT, TOTAL } from './counts.ts'
import type { LastText } from './doc-text.ts'
import { docFrom, docFromBytes } from './doc-text.ts'
import { storeError } from './faults.ts'
import { packed } from './message.ts'
import type { Plan } from './plan.ts'
import { countedBy, DOC_BYTES, lookUpQuestion, planCount, planFind } from './plan.ts'
import type { Answers, Question } from './reading.ts'
import { openForReading } from './reading.ts'
import { bound, rowOf } from './row.ts'
import { Scans } from './scans.ts'
import type { Table, Tables } from './schema.ts'
import { tableIn, tablesOf } from './schema.ts'
import { Thread } from './thread.ts'
import { TurnReads } from './turn-reads.ts'
import { WriteQueue } from './write-queue.ts'
import type { WriterReply, WriterRequest } from './writer.ts'

export type SqliteOptions = {
  /** The file; it and its folder are made when missing. */
  readonly path: string
  /** How long a question may take; 10 s. */
  readonly deadlineMs?: number
  /** How long a write waits for another process that writes; 5 s. */
  readonly busyMs?: number
  /** How often what is outlived or erased is cleared out of the files; a minute. */
  readonly tidyMs?: number
  readonly collections?: Readonly<Record<string, Collection>>
}

/** How long closing waits for the last commit and for the log to be folded into the file. */
const CLOSE_MS = 20_000

/** @throws {StoreError} `unusable` when the file cannot be opened, made or understood; the message says what to mend */
export async function openSqlite({
  path,
  deadlineMs = 10_000,
  busyMs = 5000,
  tidyMs = 60_000,
  collections = COLLECTIONS,
}: SqliteOptions): Promise<Store> {
  const writer: Writer = new Thread('writer', { path, busyMs, tidyMs, collections })
  await writer.start()
  return new SqliteStore(path, tablesOf(collections), writer, new Scans(path, deadlineMs))
}

type Writer = Thread<WriterRequest, WriterReply>

class SqliteStore implements Store {
  readonly name = 'sqlite'
  readonly #path: string
  readonly #tables: Tables
  readonly #writer: Writer
  readonly #writes: WriteQueue
  readonly #scans: Scans
  readonly #db: DatabaseSync
  readonly #reads: TurnReads
  #closing: Promise<void> | undefined

  constructor(path: string, tables: Tables, writer: Writer, scans: Scans) {
    this.#path = path
    this.#tables = tables
    this.#writer = writer
    this.#writes = new WriteQueue(async (calls) => {
      const answers = await commit(writer, calls)
      // Whoever hears that something is written may ask for it in the same turn.
      this.#reads.end()
      return answers
    })
    this.#scans = scans
    this.#db = openForReading(path, 16)
    this.#reads = new TurnReads(this.#db)
  }

  async ping(): Promise<void> {
    this.#read({ sql: 'select count(*) as answer from (select 1 from counts limit 1)', values: [] })
    await this.#write([], 'request')
  }

  async write(writes: readonly Write[], lane: Lane = 'request'): Promise<WriteResult[]> {
    const answers = await this.#write(
      writes.map((write) => jobOf(this.#tables, write)),
      lane,
    )
    return answers.map(resultOf)
  }

  async get(
    collection: CollectionName,
    institution: string,
    id: string,
    { asBytes = false }: Form = {},
  ): Promise<Doc | undefined> {
    const table = tableIn(this.#tables, collection)
    const { sql, expires } = table
    const alive = expires ? 'and (expires is null or expires > ?)' : ''
    const [doc] = this.#read({
      sql: `select ${asBytes ? DOC_BYTES : 'u.doc'} as answer from ${sql} u where institution = ? and id = ? ${alive}`,
      values: [institution, id, ...(expires ? [Date.now()] : [])],
    })
    return doc === undefined ? undefined : docOf(table, doc)
  }

  async lookUp(collection: CollectionName, institution: string, wanted: LookUp): Promise<Doc[]> {
    const table = tableIn(this.#tables, collection)
    const question = lookUpQuestion(table, institution, wanted)
    return question === undefined ? [] : this.#read(question).map((text) => docOf(table, text))
  }

  async find(collection: CollectionName, institution: string, query: Query): Promise<Doc[]> {
    const table = tableIn(this.#tables, collection)
    const plan = planFind(table, institution, query, (question) => this.#isFew(question))
    const docs = (await this.#answer(plan)).map((text) => docOf(table, text))
    return query.project === undefined ? docs : docs.map((doc) => projected(doc, query.project ?? []))
  }

  async count(collection: CollectionName, institution: string, where: Predicate): Promise<number> {
    const table = tableIn(this.#tables, collection)
    const counted = countedBy(table, where)
    if (counted === undefined) {
      const plan = planCount(table, institution, where, (question) => this.#isFew(question))
      return Number((await this.#answer(plan))[0])
    }
    if (counted === 'all') return this.#counter(table, institution, TOTAL, '')
    const n = this.#counter(table, institution, counted.list, counted.value)
    return counted.isNegated ? this.#counter(table, institution, TOTAL, '') - n : n
  }

  async take(collection: CollectionName, institution: string, id: string): Promise<Doc | undefined> {
    const [answer] = await this.#write([{ op: 'take', collection, institution, id, events: [] }], 'request')
    const taken = typeof answer === 'object' && 'taken' in answer ? answer.taken : undefined
    return taken === undefined ? undefined : docFrom(tableIn(this.#tables, collection), taken)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** What was accepted is done first. */
  async #close(): Promise<void> {
    await Promise.all([this.#writes.idle(), this.#scans.close()])
    this.#reads.end()
    this.#db.close()
    await this.#writer.end('close', CLOSE_MS)
  }

  async #write(jobs: Job[], lane: Lane): Promise<Answer[]> {
    this.#refuseWhenClosed()
    return this.#writes.add(jobs, lane)
  }

  #answer(plan: Plan): Answers | Promise<Answers> {
    return plan.isQuick ? this.#read(plan.question) : this.#scans.ask(plan.question)
  }

  #isFew(question: Question): boolean {
    return Number(this.#read(question)[0]) <= FEW
  }

  #counter(table: Table, institution: string, list: string, value: Scalar): number {
    return Number(this.#read({ sql: READ_COUNT, values: [table.name, institution, list, bound(value)] })[0] ?? 0)
  }

  #read(question: Question): Answers {
    this.#refuseWhenClosed()
    try {
      return this.#reads.ask(question)
    } catch (error) {
      throw storeError(this.#path, error)
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new StoreError('unavailable', `SQLite store ${this.#path}: it is closed`)
  }
}

async function commit(writer: Writer, calls: readonly (readonly Job[])[]): Promise<readonly CallAnswer[]> {
  const reply = await writer.ask(packed(calls))
  if (reply === 'ready') throw new Error('the writer thread answered out of turn')
  if ('fault' in reply) throw new StoreError(reply.fault, reply.message)
  return reply
}

function jobOf(tables: Tables, write: Write): Job {
  const collection = write.collection
  const table = tableIn(tables, collection)
  const last: LastText = { value: undefined, json: '' }
  const events = (write.events ?? []).map((event) => rowOf(tableIn(tables, 'events'), event, last))
  switch (write.op) {
    case 'insert':
      return { op: 'insert', collection, events, row: rowOf(table, write.doc, last) }
    case 'replace':
      return { op: 'replace', collection, events, row: rowOf(table, write.doc, last), expected: write.expected }
    case 'delete':
      return { op: 'delete', collection, events, institution: write.institution, id: write.id, expected: write.expected }
    default:
      return write satisfies never
  }
}

function resultOf(answer: Answer): WriteResult {
  if (answer === 'ok' || answer === 'stale') return { kind: answer }
  return { kind: 'duplicate', key: 'duplicate' in answer ? answer.duplicate : '_id' }
}

function docOf(table: Table, answer: Answers[number]): Doc {
  return answer instanceof Uint8Array ? docFromBytes(table, answer) : docFrom(table, String(answer))
}

/** Every answer names the document and its version, whatever else is asked for. */
function projected(doc: Doc, fields: readonly string[]): Doc {
  const { _id, institution, version } = doc
  const some = fields.filter((field) => Object.hasOwn(doc, field)).map((field) => [field, doc[field]] as const)
  return { ...Object.fromEntries(some), _id, institution, version }
}

/**
 * Group commit: everything that waits is done in one transaction and answered after it, each write wholly or not at all.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { CollectionName } from '../collections.ts'
import { Counts } from './counts.ts'
import type { Fault } from './faults.ts'
import { faultOf, isOfTheFile } from './faults.ts'
import type { Row } from './row.ts'
import type { Done } from './rows.ts'
import { Rows } from './rows.ts'
import type { Tables } from './schema.ts'
import { tableIn } from './schema.ts'
import { Statements } from './statements.ts'

export type Job = { readonly collection: CollectionName; readonly events: readonly Row[] } & (
  | { readonly op: 'insert'; readonly row: Row }
  | { readonly op: 'replace'; readonly row: Row; readonly expected: string }
  | { readonly op: 'delete'; readonly institution: string; readonly id: string; readonly expected: string | undefined }
  | { readonly op: 'take'; readonly institution: string; readonly id: string }
)

/** `taken` is the text of the document that `take` removed, absent when there was none. */
export type Answer = Done | { readonly taken: string | undefined }

/** The answers to one call's jobs in their order, or why none of them was done. */
export type CallAnswer = readonly Answer[] | Fault

/** Of each collection in one transaction, which a request may have to wait for. */
const SWEEP = 100

export class Committer {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #tables: Tables
  readonly #statements: Statements
  readonly #counts: Counts
  readonly #rows = new Map<string, Rows>()

  constructor(db: DatabaseSync, path: string, tables: Tables) {
    this.#db = db
    this.#path = path
    this.#tables = tables
    this.#statements = new Statements(db)
    this.#counts = new Counts(this.#statements)
  }

  /**
   * One transaction for all calls; when it fails because of one, a transaction for each, so that this one fails alone.
   * What ails the file or its disk ails them all.
   */
  commit(calls: readonly (readonly Job[])[]): CallAnswer[] {
    try {
      return this.#transaction(() => calls.map((jobs) => jobs.map((job) => this.#do(job))))
    } catch (error) {
      if (calls.length > 1 && !isOfTheFile(error)) return calls.flatMap((jobs) => this.commit([jobs]))
      return calls.map(() => faultOf(this.#path, error))
    }
  }

  /** Clears outlived documents away, some at a time. @returns whether there are more */
  sweep(): boolean {
    const expiring = [...this.#tables.values()].filter(({ expires }) => expires)
    const swept = this.#transaction(() => expiring.map(({ name }) => this.#of(name as CollectionName).sweep(SWEEP)))
    return swept.includes(SWEEP)
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec('begin immediate')
    try {
      const result = work()
      this.#counts.flush()
      this.#db.exec('commit')
      return result
    } catch (error) {
      this.#counts.forget()
      if (this.#db.isTransaction) this.#db.exec('rollback')
      throw error
    }
  }

  #do(job: Job): Answer {
    const answer = this.#change(job)
    if (answer === 'ok') for (const event of job.events) this.#of('events').insert(event)
    return answer
  }

  #change(job: Job): Answer {
    const rows = this.#of(job.collection)
    switch (job.op) {
      case 'insert':
        return rows.insert(job.row)
      case 'replace':
        return rows.replace(job.row, job.expected)
      case 'delete':
        return rows.delete(job.institution, job.id, job.expected)
      case 'take':
        return { taken: rows.take(job.institution, job.id) }
      default:
        return job satisfies never
    }
  }

  #of(collection: CollectionName): Rows {
    const known = this.#rows.get(collection)
    if (known !== undefined) return known
    const rows = new Rows(tableIn(this.#tables, collection), this.#statements, this.#counts)
    this.#rows.set(collection, rows)
    return rows
  }
}

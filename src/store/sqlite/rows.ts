/**
 * The rows of one table: puts them in, changes them and takes them out, with their lists and counters kept in step.
 * Runs inside the writer's transaction; refuses without throwing, so that one refusal harms no other write.
 */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { Scalar } from '../predicate.ts'
import type { Counts } from './counts.ts'
import { TOTAL } from './counts.ts'
import { docFrom } from './doc-text.ts'
import type { Row } from './row.ts'
import { bound, listsOf } from './row.ts'
import type { Table } from './schema.ts'
import { ABSENT, cellColumns, quoted } from './schema.ts'
import type { Statements } from './statements.ts'

export type Refusal = 'stale' | { readonly duplicate: string }
export type Done = 'ok' | Refusal

type Stored = { readonly [column: string]: SQLOutputValue }

/** How many outlived documents one insert clears away: it must not make a request wait. */
const SWEEP = 20

export class Rows {
  readonly #table: Table
  readonly #statements: Statements
  readonly #counts: Counts
  readonly #columns: readonly string[]
  /** Whether the values of every list are in `search`: then the document itself need not be read to know the old ones. */
  readonly #searchHoldsLists: boolean
  readonly #insertSql: string
  readonly #storedSql: string

  constructor(table: Table, statements: Statements, counts: Counts) {
    this.#table = table
    this.#statements = statements
    this.#counts = counts
    this.#columns = cellColumns(table)
    this.#searchHoldsLists = table.lists.every((list) => list.path.startsWith('search.'))
    const places = this.#columns.map((_, at) => this.#place(at))
    this.#insertSql = `insert into ${table.sql} (${['institution', 'id', 'version', ...this.#columns, 'search', 'doc'].join(', ')})
      values (${['?', '?', '?', ...places, 'jsonb(?)', '?'].join(', ')}) on conflict do nothing`
    const cells = this.#columns.map((column, at) => `nullif(${column}, ${ABSENT}) as c${at}`)
    const lists = table.lists.length === 0 ? [] : ['json(search) as search', ...(this.#searchHoldsLists ? [] : ['doc'])]
    this.#storedSql = `select ${['pk', 'version', ...cells, ...lists].join(', ')} from ${table.sql} where institution = ? and id = ?`
  }

  insert(row: Row): Done {
    if (this.#table.expires) this.sweep(SWEEP)
    const cells = row.cells.map(bound)
    const { changes, lastInsertRowid } = this.#run(
      this.#insertSql,
      row.institution,
      row.id,
      row.version,
      ...cells,
      row.search,
      row.doc,
    )
    if (changes === 0) return { duplicate: this.#duplicate(row, true) }
    this.#count(row.institution, TOTAL, '', 1)
    for (const [at, values] of row.lists.entries()) this.#list(at, row, lastInsertRowid, values, [])
    return 'ok'
  }

  replace(row: Row, expected: string): Done {
    const stored = this.#stored(row.institution, row.id)
    if (stored === undefined || stored.version !== expected) return 'stale'
    const pk = Number(stored.pk)
    if (!this.#update(row, pk, stored)) return { duplicate: this.#duplicate(row, false) }
    if (this.#table.lists.length === 0) return 'ok'
    const before = this.#listsOf(stored)
    for (const [at, values] of row.lists.entries()) this.#list(at, row, pk, values, before[at] ?? [])
    return 'ok'
  }

  delete(institution: string, id: string, expected: string | undefined): Done {
    const stored = this.#stored(institution, id)
    if (stored === undefined || (expected !== undefined && stored.version !== expected)) return 'stale'
    this.#remove(institution, id, stored)
    return 'ok'
  }

  /** Reads the document and removes it. */
  take(institution: string, id: string): string | undefined {
    const stored = this.#stored(institution, id)
    if (stored === undefined) return undefined
    const alive = this.#table.expires ? 'and (expires is null or expires > ?)' : ''
    const sql = `select doc from ${this.#table.sql} where pk = ? ${alive}`
    const found = this.#statements.of(sql).get(Number(stored.pk), ...(this.#table.expires ? [Date.now()] : []))
    this.#remove(institution, id, stored)
    return found === undefined ? undefined : String(found.doc)
  }

  /** Clears outlived documents away. @returns how many, `most` when there may be more */
  sweep(most: number): number {
    const sql = `select institution, id from ${this.#table.sql} where expires is not null and expires <= ? order by expires limit ?`
    const outlived = this.#statements.of(sql).all(Date.now(), most)
    for (const { institution, id } of outlived) this.delete(String(institution), String(id), undefined)
    return outlived.length
  }

  /** Cuts columns and lists out of every document anew, after a declaration has come to an existing table. */
  rebuild(rowFrom: (doc: string, search: string | undefined) => Row): void {
    const page = this.#statements.of(
      `select pk, doc, json(search) as search from ${this.#table.sql} where pk > ? order by pk limit 500`,
    )
    const set = this.#columns.map((column, at) => `${column} = ${this.#place(at)}`)
    for (let last = -1; ; ) {
      const found = page.all(last)
      for (const { pk, doc, search } of found) {
        const row = rowFrom(String(doc), search === null ? undefined : String(search))
        last = Number(pk)
        if (set.length > 0)
          this.#run(`update ${this.#table.sql} set ${set.join(', ')} where pk = ?`, ...row.cells.map(bound), last)
        for (const [at, values] of row.lists.entries()) for (const value of values) this.#enlist(at, row, last, value)
      }
      if (found.length === 0) return
    }
  }

  /** Writes what differs; false when a key is another's. Columns left alone spare their index the work. */
  #update(row: Row, pk: number, stored: Stored): boolean {
    const cells = row.cells.map(bound)
    const changed = this.#columns.map((_, at) => at).filter((at) => !isSame(cells[at] ?? null, stored[`c${at}`] ?? null))
    const set = changed.map((at) => `${this.#columns[at]} = ${this.#place(at)}`)
    const sql = `update or ignore ${this.#table.sql} set ${['version = ?', ...set, 'search = jsonb(?)', 'doc = ?'].join(', ')} where pk = ?`
    return this.#run(sql, row.version, ...changed.map((at) => cells[at] ?? null), row.search, row.doc, pk).changes === 1
  }

  #remove(institution: string, id: string, stored: Stored): void {
    const pk = Number(stored.pk)
    this.#run(`delete from ${this.#table.sql} where pk = ?`, pk)
    this.#count(institution, TOTAL, '', -1)
    for (const [at, values] of this.#listsOf(stored).entries()) this.#list(at, { institution, id }, pk, [], values)
  }

  #list(
    at: number,
    row: { institution: string; id: string },
    pk: number | bigint,
    now: readonly Scalar[],
    before: readonly Scalar[],
  ): void {
    const list = this.#table.lists[at]
    if (list === undefined) return
    for (const value of before) {
      if (now.includes(value)) continue
      this.#run(`delete from ${list.table} where institution = ? and value = ? and id = ?`, row.institution, bound(value), row.id)
      if (list.isCounted) this.#count(row.institution, list.path, value, -1)
    }
    for (const value of now) {
      if (before.includes(value)) continue
      this.#enlist(at, row, pk, value)
      if (list.isCounted) this.#count(row.institution, list.path, value, 1)
    }
  }

  #enlist(at: number, row: { institution: string; id: string }, pk: number | bigint, value: Scalar): void {
    const table = this.#table.lists[at]?.table
    const sql = `insert into ${table} (institution, value, id, pk) values (?, ?, ?, ?) on conflict do nothing`
    this.#run(sql, row.institution, bound(value), row.id, pk)
  }

  #count(institution: string, list: string, value: Scalar, by: 1 | -1): void {
    if (!this.#table.expires) this.#counts.add([this.#table.name, institution, list, value], by)
  }

  #listsOf(stored: Stored): Scalar[][] {
    if (this.#table.lists.length === 0) return []
    const doc = this.#searchHoldsLists ? {} : docFrom(this.#table, String(stored.doc))
    return listsOf(this.#table, { ...doc, search: stored.search === null ? undefined : JSON.parse(String(stored.search)) })
  }

  /** Which key another document holds. */
  #duplicate(row: Row, isNew: boolean): string {
    if (isNew && this.#stored(row.institution, row.id) !== undefined) return '_id'
    for (const [at, key] of this.#table.keys.entries()) {
      const sql = `select 1 from ${this.#table.sql} where institution = ? and ${quoted(`keys.${key}`)} = ? and id <> ?`
      if (this.#statements.of(sql).get(row.institution, row.cells[at] as string | null, row.id) !== undefined) return key
    }
    throw new Error(`${this.#table.name} ${row.id}: refused, though no other document holds its keys`)
  }

  #stored(institution: string, id: string): Stored | undefined {
    return this.#statements.of(this.#storedSql).get(institution, id)
  }

  #place(at: number): string {
    const isPath = at >= this.#table.keys.length && at < this.#table.keys.length + this.#table.paths.length
    return isPath ? `coalesce(?, ${ABSENT})` : '?'
  }

  #run(sql: string, ...values: SQLInputValue[]) {
    return this.#statements.of(sql).run(...values)
  }
}

function isSame(one: SQLInputValue, other: SQLOutputValue): boolean {
  if (ArrayBuffer.isView(one))
    return other instanceof Uint8Array && Buffer.compare(Buffer.from(one.buffer), Buffer.from(other)) === 0
  return one === other
}

/**
 * Opens the one writing connection and brings the file up to the declarations: makes the folder, the file, tables,
 * columns and indexes that are missing, and fills those from the documents. Refuses files that it does not know.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isSystemError } from '../../file-errors.ts'
import { StoreError } from '../store.ts'
import { Counts, TOTAL } from './counts.ts'
import { docFrom } from './doc-text.ts'
import { storeError } from './faults.ts'
import { rowOf } from './row.ts'
import { Rows } from './rows.ts'
import type { Table, Tables } from './schema.ts'
import { CREATE_COUNTS, cellColumns, columnType, createList, createTable, FIXED_COLUMNS, indexesOf } from './schema.ts'
import { Statements } from './statements.ts'

/** Raised, with a migration, when what is stored changes in a way that comparing names does not show. */
const FORMAT = 1
/** "Matr" in a file's header says whose it is. */
const APPLICATION = 0x4d617472

export type WriterOptions = {
  readonly path: string
  /** How long a write waits for another process that writes. */
  readonly busyMs: number
}

export function openForWriting(options: WriterOptions, tables: Tables): DatabaseSync {
  try {
    makeFile(options.path)
    const db = new DatabaseSync(options.path, { timeout: options.busyMs })
    try {
      db.exec('pragma page_size = 8192')
      db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -32768')
      db.exec('pragma wal_autocheckpoint = 4000; pragma journal_size_limit = 67108864')
      // What is deleted is written over, and so is every older value.
      db.exec('pragma secure_delete = on')
      migrate(db, options.path, tables)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    throw isSystemError(error) ? cannotMake(options.path, error) : storeError(options.path, error)
  }
}

/** Readable by its owner alone; the files beside it take their rights from it. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

const SAYS = new Map([
  ['ENOSPC', 'the disk is full: make room'],
  ['EEXIST', 'where its folder should be there is a file'],
  ['ENOTDIR', 'where its folder should be there is a file'],
])

function cannotMake(path: string, error: Error & { code: string }): StoreError {
  const says = SAYS.get(error.code) ?? 'it is not writable: check the rights of the file and of its folder'
  return new StoreError('unusable', `SQLite store ${path}: ${says} (${error.message})`, { cause: error })
}

function migrate(db: DatabaseSync, path: string, tables: Tables): void {
  db.exec('begin immediate')
  try {
    refuseForeign(db, path, tables)
    const known = namesIn(db)
    if (!known.has('counts')) db.exec(CREATE_COUNTS)
    for (const table of tables.values()) bringUp(db, table, known)
    // Setting them again would be a write, and so a wait for the disk at every start.
    if (pragma(db, 'user_version') !== FORMAT) db.exec(`pragma user_version = ${FORMAT}; pragma application_id = ${APPLICATION}`)
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}

function refuseForeign(db: DatabaseSync, path: string, tables: Tables): void {
  const known = namesIn(db)
  if (known.size === 0) return
  if (pragma(db, 'application_id') !== APPLICATION) {
    throw new StoreError('unusable', `SQLite store ${path}: the file belongs to another program`)
  }
  const format = pragma(db, 'user_version')
  const strange = format > FORMAT ? `format ${format}` : (unknownTable(known, tables) ?? unknownColumn(db, known, tables))
  if (strange !== undefined) {
    throw new StoreError('unusable', `SQLite store ${path}: made by a newer version of Matricula (${strange}); update this one`)
  }
}

function unknownTable(known: ReadonlyMap<string, string>, tables: Tables): string | undefined {
  const lists = [...tables.values()].flatMap((table) => table.lists.map((list) => unquoted(list.table)))
  const ours = new Set(['counts', ...tables.keys(), ...lists])
  const strange = [...known].find(([name, kind]) => kind === 'table' && !ours.has(name))
  return strange && `table ${strange[0]}`
}

/** A column that this program does not know it would leave without values. */
function unknownColumn(db: DatabaseSync, known: ReadonlyMap<string, string>, tables: Tables): string | undefined {
  for (const table of [...tables.values()].filter(({ name }) => known.has(name))) {
    const ours = new Set([...FIXED_COLUMNS, ...cellColumns(table).map(unquoted)])
    const strange = columnsIn(db, table).find((column) => !ours.has(column))
    if (strange !== undefined) return `column ${table.name}.${strange}`
  }
  return undefined
}

/** Everything the table lacks; where it held documents already, what is new is filled from them. */
function bringUp(db: DatabaseSync, table: Table, known: ReadonlyMap<string, string>): void {
  const isNew = !known.has(table.name)
  if (isNew) db.exec(createTable(table))
  const columns = new Set(columnsIn(db, table))
  const newColumns = cellColumns(table).filter((column) => !columns.has(unquoted(column)))
  const newLists = table.lists.filter((list) => !known.has(unquoted(list.table)))
  for (const column of newColumns) db.exec(`alter table ${table.sql} add column ${column} ${columnType(table, column)}`)
  for (const list of newLists) db.exec(createList(list))
  if (!isNew && newColumns.length + newLists.length > 0) fill(db, table)
  for (const index of indexesOf(table)) if (!known.has(index.name)) db.exec(index.sql)
}

function fill(db: DatabaseSync, table: Table): void {
  const statements = new Statements(db)
  new Rows(table, statements, new Counts(statements)).rebuild((doc, search) =>
    rowOf(table, { ...docFrom(table, doc), search: search === undefined ? undefined : JSON.parse(search) }),
  )
  db.prepare('delete from counts where collection = ?').run(table.name)
  if (table.expires) return
  const count = 'insert into counts (collection, institution, list, value, n) select ?, institution, ?'
  db.prepare(`${count}, '', count(*) from ${table.sql} group by institution`).run(table.name, TOTAL)
  for (const list of table.lists.filter(({ isCounted }) => isCounted)) {
    db.prepare(`${count}, value, count(*) from ${list.table} group by institution, value`).run(table.name, list.path)
  }
}

function namesIn(db: DatabaseSync): Map<string, string> {
  const found = db.prepare(`select name, type from sqlite_schema where name not like 'sqlite\\_%' escape '\\'`).all()
  return new Map(found.map(({ name, type }) => [String(name), String(type)]))
}

function columnsIn(db: DatabaseSync, table: Table): string[] {
  const found = db.prepare('select name from pragma_table_info(?)').all(table.name)
  return found.map(({ name }) => String(name))
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`pragma ${name}`).get()?.[name])
}

function unquoted(name: string): string {
  return name.replaceAll('"', '')
}

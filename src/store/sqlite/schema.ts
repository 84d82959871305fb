/**
 * What the declarations of `collections.ts` become in SQLite: a table a collection with a column for each unique key
 * and each indexed path, a table for each declared list, one table of counters. Names are derived, never listed twice.
 */
import type { Collection, CollectionName } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'

/** In place of an absent value where order matters: behind every number, text and boolean. */
export const ABSENT = `x'ff'`

export type List = {
  readonly path: string
  readonly segments: readonly string[]
  readonly table: string
  readonly isCounted: boolean
}

export type Table = {
  readonly name: string
  readonly sql: string
  /** Unique keys: text columns, null when absent. */
  readonly keys: readonly string[]
  /** Indexed paths with a column of their own: any scalar, `ABSENT` when absent. */
  readonly paths: readonly string[]
  /** Each led by the institution; the paths as declared. */
  readonly indexes: readonly (readonly string[])[]
  readonly lists: readonly List[]
  readonly apart: readonly string[]
  readonly expires: boolean
}

export type Tables = ReadonlyMap<string, Table>

export function tablesOf(collections: Readonly<Record<string, Collection>> = COLLECTIONS): Tables {
  return new Map(Object.entries(collections).map(([name, collection]) => [name, tableOf(name, collection)]))
}

export function tableIn(tables: Tables, name: CollectionName): Table {
  const table = tables.get(name)
  if (table === undefined) throw new TypeError(`no collection is called "${name}"`)
  return table
}

function tableOf(name: string, collection: Collection): Table {
  const indexed = new Set(collection.indexes.flat().filter((path) => builtIn(path) === undefined && !path.startsWith('keys.')))
  return {
    name,
    sql: quoted(name),
    keys: collection.unique,
    paths: [...indexed],
    indexes: collection.indexes,
    lists: collection.lists.map((path) => ({
      path,
      segments: path.split('.'),
      table: quoted(`${name}/${path}`),
      isCounted: collection.counted.includes(path) && !collection.expires,
    })),
    apart: collection.apart,
    expires: collection.expires,
  }
}

/** The quoted column that holds this path, if one does; `kind` says how it holds an absent value. */
export function columnOf(table: Table, path: string): { sql: string; kind: 'always' | 'key' | 'indexed' } | undefined {
  const own = builtIn(path)
  if (own !== undefined) return { sql: own, kind: 'always' }
  if (path.startsWith('keys.') && table.keys.includes(path.slice(5))) return { sql: quoted(path), kind: 'key' }
  return table.paths.includes(path) ? { sql: quoted(path), kind: 'indexed' } : undefined
}

function builtIn(path: string): string | undefined {
  switch (path) {
    case '_id':
      return 'id'
    case 'institution':
    case 'version':
      return path
    default:
      return undefined
  }
}

/** Columns whose values are cut out of the document, in the order in which rows carry them. */
export function cellColumns(table: Table): string[] {
  return [...table.keys.map((key) => quoted(`keys.${key}`)), ...table.paths.map(quoted), ...(table.expires ? ['expires'] : [])]
}

export const FIXED_COLUMNS = ['pk', 'institution', 'id', 'version', 'search', 'doc'] as const

export function createTable(table: Table): string {
  const columns = [
    'pk integer primary key',
    'institution text not null',
    'id text not null',
    'version text not null',
    ...cellColumns(table).map((column) => `${column} ${columnType(table, column)}`),
    // Before the document, so that a scan of `search` does not walk the overflow pages of a long one.
    'search blob',
    'doc text not null',
  ]
  return `create table ${table.sql} (${columns.join(', ')}) strict`
}

export function columnType(table: Table, column: string): string {
  if (column === 'expires') return 'any'
  return table.paths.some((path) => quoted(path) === column) ? `any not null default ${ABSENT}` : 'text'
}

export function createList(list: List): string {
  return `create table ${list.table} (institution text not null, value any not null, id text not null, pk integer not null,
    primary key (institution, value, id)) strict, without rowid`
}

export const CREATE_COUNTS = `create table counts (collection text not null, institution text not null, list text not null,
  value any not null, n integer not null, primary key (collection, institution, list, value)) strict, without rowid`

export function indexName(table: Table, paths: readonly string[]): string {
  return `${table.name}(${paths.join(',')})`
}

/** Name (unquoted) and statement of every index of a table. */
export function indexesOf(table: Table): { name: string; sql: string }[] {
  const index = (unique: string, paths: readonly string[], where = '') => {
    const name = indexName(table, paths)
    const columns = paths.map((path) => columnOf(table, path)?.sql ?? path)
    return { name, sql: `create ${unique} index ${quoted(name)} on ${table.sql} (institution, ${columns.join(', ')}) ${where}` }
  }
  return [
    index('unique', ['_id']),
    ...table.keys.map((key) => index('unique', [`keys.${key}`], `where ${quoted(`keys.${key}`)} is not null`)),
    ...table.indexes.map((paths) => index('', paths, partial(table, paths))),
    ...(table.expires ? [index('', ['expires'], 'where expires is not null')] : []),
  ]
}

/** An index for sorting (it ends in the id) holds every document; any other only those that have its first path. */
function partial(table: Table, paths: readonly string[]): string {
  const first = columnOf(table, paths[0] ?? '')
  return first?.kind === 'indexed' && paths.at(-1) !== '_id' ? `where ${first.sql} < ${ABSENT}` : ''
}

export function quoted(name: string): string {
  if (!/^[\w./(),]+$/.test(name)) throw new TypeError(`not a name: ${JSON.stringify(name)}`)
  return `"${name}"`
}

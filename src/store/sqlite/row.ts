/**
 * One document as the writer thread wants it: everything that is cut out of it for columns, lists and counters.
 * Made where the document is, so that a message holds flat text only and the writer need not parse it.
 */
import type { SQLInputValue } from 'node:sqlite'
import type { Scalar } from '../predicate.ts'
import type { Doc } from '../store.ts'
import { textOf } from './doc-text.ts'
import type { Table } from './schema.ts'

export type Row = {
  readonly institution: string
  readonly id: string
  readonly version: string
  /** In the order of `cellColumns`; null when absent. */
  readonly cells: readonly (Scalar | null)[]
  /** In the order of the table's lists, each value once. */
  readonly lists: readonly (readonly Scalar[])[]
  readonly search: string | null
  /** Without `search`. */
  readonly doc: string
}

export function rowOf(table: Table, doc: Doc): Row {
  const { search, ...shown } = doc
  return {
    institution: doc.institution,
    id: doc._id,
    version: doc.version,
    cells: cellsOf(table, doc),
    lists: listsOf(table, doc),
    search: search === undefined ? null : JSON.stringify(search),
    doc: textOf(table, shown as Doc),
  }
}

function cellsOf(table: Table, doc: Doc): (Scalar | null)[] {
  const cells: (Scalar | null)[] = table.keys.map((key) => doc.keys?.[key] ?? null)
  for (const path of table.paths) cells.push(scalar(valueAt(doc, path)) ?? null)
  if (table.expires) cells.push(doc.expires ?? null)
  return cells
}

export function listsOf(table: Table, doc: object): Scalar[][] {
  return table.lists.map((list) => [...new Set(elementsAt(doc, list.path.split('.')))])
}

/** SQLite knows no booleans: kept as blobs they stay apart from numbers, and in order behind text. */
export function bound(value: Scalar | null): SQLInputValue {
  return typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : value
}

function valueAt(doc: unknown, path: string): unknown {
  return path.split('.').reduce(member, doc)
}

/** The scalars in the list at a path, or at the rest of the path in each element of the list on the way. */
function elementsAt(value: unknown, path: readonly string[]): Scalar[] {
  for (const [at, name] of path.entries()) {
    if (Array.isArray(value)) return scalars(value.map((element) => path.slice(at).reduce(member, element)))
    value = member(value, name)
  }
  return Array.isArray(value) ? scalars(value) : []
}

function scalars(values: readonly unknown[]): Scalar[] {
  return values.map(scalar).filter((value) => value !== undefined)
}

function scalar(value: unknown): Scalar | undefined {
  return typeof value === 'string' || Number.isFinite(value) || typeof value === 'boolean' ? (value as Scalar) : undefined
}

function member(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject && Object.hasOwn(value, name) ? (value as { [name: string]: unknown })[name] : undefined
}

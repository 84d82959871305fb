/**
 * One document as the writer thread wants it: everything that is cut out of it for columns, lists and counters.
 * Made where the document is, so that a message holds flat text only and the writer need not parse it.
 */
import type { SQLInputValue } from 'node:sqlite'
import type { Scalar } from '../predicate.ts'
import type { Doc } from '../store.ts'
import type { LastText } from './doc-text.ts'
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

/** @param last of the write that the document belongs to */
export function rowOf(table: Table, doc: Doc, last: LastText = { value: undefined, json: '' }): Row {
  const { search } = doc
  return {
    institution: doc.institution,
    id: doc._id,
    version: doc.version,
    cells: cellsOf(table, doc),
    lists: listsOf(table, doc),
    search: search === undefined ? null : JSON.stringify(search),
    doc: textOf(table, doc, last),
  }
}

function cellsOf(table: Table, doc: Doc): (Scalar | null)[] {
  const cells: (Scalar | null)[] = table.keys.map((key) => doc.keys?.[key] ?? null)
  for (const path of table.paths) cells.push(scalar(valueAt(doc, path)) ?? null)
  if (table.expires) cells.push(doc.expires ?? null)
  return cells
}

export function listsOf(table: Table, doc: object): Scalar[][] {
  return table.lists.map(({ segments }) => {
    const elements = elementsAt(doc, segments)
    return elements.length < 2 ? elements : [...new Set(elements)]
  })
}

/** SQLite knows no booleans: kept as blobs they stay apart from numbers, and in order behind text. */
export function bound(value: Scalar | null): SQLInputValue {
  return typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : value
}

function valueAt(doc: unknown, path: string): unknown {
  return path.includes('.') ? path.split('.').reduce(member, doc) : member(doc, path)
}

/** The scalars in the list at a path, or at the rest of the path in each element of the list on the way. */
function elementsAt(value: unknown, path: readonly string[]): Scalar[] {
  for (let at = 0; at < path.length; at++) {
    value = member(value, path[at] as string)
    if (Array.isArray(value)) return scalarsIn(value, path.slice(at + 1))
  }
  return []
}

function scalarsIn(list: readonly unknown[], path: readonly string[]): Scalar[] {
  const found: Scalar[] = []
  for (const element of list) {
    const value = scalar(path.reduce(member, element))
    if (value !== undefined) found.push(value)
  }
  return found
}

function scalar(value: unknown): Scalar | undefined {
  return typeof value === 'string' || Number.isFinite(value) || typeof value === 'boolean' ? (value as Scalar) : undefined
}

function member(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject && Object.hasOwn(value, name) ? (value as { [name: string]: unknown })[name] : undefined
}

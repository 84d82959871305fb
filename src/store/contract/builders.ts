/**
 * Documents and writes with defaults, for tests of the store: each test says only what it is about.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Predicate, Scalar } from '../predicate.ts'
import type { Doc, Query, Store, Write, WriteResult } from '../store.ts'

/** Defines one test; all tests share a store and keep to an institution of their own. */
export type Test = (title: string, run: (store: Store) => Promise<void>) => void

/** A new institution for each test, so that tests share one store. */
export function anInstitution(): string {
  return `test-${randomUUID().slice(0, 13)}`
}

type Parts = { readonly [field: string]: unknown }

export function aDoc(institution: string, parts: Parts = {}): Doc {
  return { _id: randomUUID(), institution, version: randomUUID(), ...parts }
}

export function anEvent(institution: string, parts: Parts = {}): Doc {
  return aDoc(institution, { subject: 'somebody', at: 1, ...parts })
}

export function inserts(docs: readonly Doc[]): Write[] {
  return docs.map((doc) => insert(doc))
}

/** Puts users into the store. */
export async function given(store: Store, docs: readonly Doc[]): Promise<readonly Doc[]> {
  const results = await store.write(inserts(docs))
  const refused = results.findIndex(({ kind }) => kind !== 'ok')
  if (refused >= 0) throw new Error(`${docs[refused]?._id} was not inserted: ${JSON.stringify(results[refused])}`)
  return docs
}

export async function idsOf(store: Store, institution: string, where: Predicate, query: Partial<Query> = {}): Promise<string[]> {
  const found = await store.find('users', institution, { where, limit: 1000, ...query })
  return found.map((doc) => doc._id)
}

export function next(doc: Doc, parts: Parts = {}): Doc {
  return { ...doc, version: randomUUID(), ...parts }
}

export function has(list: string, value: Scalar): Predicate {
  return { op: 'any', path: list, where: { op: 'eq', path: '', value } }
}

export function not(of: Predicate): Predicate {
  return { op: 'not', of }
}

/** What a read returns of a document. */
export function shown(doc: Doc): Doc {
  const { search: _, ...rest } = doc
  return rest
}

export function byId(docs: readonly Doc[]): Doc[] {
  return docs.toSorted((one, other) => compareText(one._id, other._id))
}

/** By code point, as every store does: UTF-16, and so `<`, has another order past U+D7FF. */
export function compareText(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

export const OK: WriteResult = { kind: 'ok' }
export const STALE: WriteResult = { kind: 'stale' }

export function duplicate(key: string): WriteResult {
  return { kind: 'duplicate', key }
}

export function insert(doc: Doc, events: readonly Doc[] = []): Write {
  return { collection: 'users', op: 'insert', doc, events }
}

export function replace(doc: Doc, expected: string, events: readonly Doc[] = []): Write {
  return { collection: 'users', op: 'replace', doc, expected, events }
}

export function remove({ institution, _id: id }: Doc, expected?: string, events: readonly Doc[] = []): Write {
  return { collection: 'users', op: 'delete', institution, id, events, ...(expected === undefined ? {} : { expected }) }
}

/** Stores each value at `search.value` of a document with that id, and others without, and says which must be found. */
export async function finds(
  store: Store,
  values: { readonly [id: string]: unknown },
  where: Predicate,
  ids: readonly string[],
  withAbsent = true,
): Promise<void> {
  const institution = anInstitution()
  const docs = Object.entries(values).map(([_id, value]) => aDoc(institution, { _id, search: { value } }))
  if (withAbsent) docs.push(aDoc(institution, { _id: 'absent', search: {} }), aDoc(institution, { _id: 'bare' }))
  await given(store, docs)
  assert.deepEqual(await idsOf(store, institution, where), ids.toSorted())
  assert.equal(await store.count('users', institution, where), ids.length)
}

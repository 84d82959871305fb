/**
 * Which key another document holds. It is looked up: the server's message may name any of several, FerretDB's names
 * none, and of the same bulk another write may have freed the key since.
 */
import type { Collection as Driver, Filter } from 'mongodb'
import type { Collection } from '../collections.ts'
import type { Stored } from './documents.ts'

/** What was not written. */
export type Refused = { readonly isInsert: boolean; readonly stored: Stored }

/** @returns for each its key; undefined where nobody holds one (any more). At most one question, whatever their number */
export async function duplicateKeys(
  driver: Driver<Stored>,
  collection: Collection,
  refused: readonly Refused[],
): Promise<(string | undefined)[]> {
  if (refused.length === 0) return []
  const byInstitution = Map.groupBy(refused, ({ stored }) => stored.institution)
  const arms = [...byInstitution].flatMap(([institution, some]) => armsOf(collection, institution, some))
  const holders = await driver.find({ $or: arms }, { projection: { institution: 1, keys: 1 }, batchSize: 10_000 }).toArray()
  return refused.map((one) => heldKey(collection, one, holders))
}

function armsOf(collection: Collection, institution: string, refused: readonly Refused[]): Filter<Stored>[] {
  const byKey = collection.unique.flatMap((key) => {
    const values = refused.flatMap(({ stored }) => keysOf(stored)[key] ?? [])
    return values.length === 0 ? [] : [{ institution, [`keys.${key}`]: { $in: values } }]
  })
  return [{ institution, _id: { $in: refused.map(({ stored }) => stored._id) } }, ...byKey]
}

function heldKey(collection: Collection, { isInsert, stored }: Refused, holders: readonly Stored[]): string | undefined {
  if (isInsert && holders.some(({ _id }) => _id === stored._id)) return '_id'
  const others = holders.filter(({ _id, institution }) => _id !== stored._id && institution === stored.institution)
  const own = keysOf(stored)
  return collection.unique.find((key) => own[key] !== undefined && others.some((other) => keysOf(other)[key] === own[key]))
}

function keysOf({ keys }: Stored): { readonly [name: string]: unknown } {
  return typeof keys === 'object' && keys !== null ? (keys as { [name: string]: unknown }) : {}
}

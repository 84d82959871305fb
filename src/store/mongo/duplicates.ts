/**
 * Which key another document holds: named by the index in the server's message, else looked up.
 */
import type { Collection as Driver, Filter } from 'mongodb'
import type { Collection } from '../collections.ts'
import type { Stored } from './documents.ts'

/** What was not written, and what the server said to it. */
export type Refused = { readonly isInsert: boolean; readonly stored: Stored; readonly message?: string | undefined }

/** @returns for each its key; undefined where nobody holds one (any more). At most one question, whatever their number */
export async function duplicateKeys(
  driver: Driver<Stored>,
  collection: Collection,
  refused: readonly Refused[],
): Promise<(string | undefined)[]> {
  const named = refused.map(({ message }) => namedKey(collection, message))
  const unnamed = refused.filter((_, index) => named[index] === undefined)
  const holders = unnamed.length === 0 ? [] : await holdersOf(driver, collection, unnamed)
  return refused.map((one, index) => named[index] ?? heldKey(collection, one, holders))
}

function namedKey(collection: Collection, message = ''): string | undefined {
  const index = /\bindex: (\S+)/.exec(message)?.[1]
  if (index === '_id_') return '_id'
  return index !== undefined && collection.unique.includes(index) ? index : undefined
}

function holdersOf(driver: Driver<Stored>, collection: Collection, refused: readonly Refused[]): Promise<Stored[]> {
  const byInstitution = Map.groupBy(refused, ({ stored }) => stored.institution)
  const arms = [...byInstitution].flatMap(([institution, some]): Filter<Stored>[] => [
    { institution, _id: { $in: some.map(({ stored }) => stored._id) } },
    ...collection.unique.flatMap((key) => {
      const values = some.flatMap(({ stored }) => keysOf(stored)[key] ?? [])
      return values.length === 0 ? [] : [{ institution, [`keys.${key}`]: { $in: values } }]
    }),
  ])
  return driver.find({ $or: arms }, { projection: { institution: 1, keys: 1 }, batchSize: 10_000 }).toArray()
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

/**
 * Makes the indexes that `collections.ts` declares, and finds out what the server is able to do.
 *
 * A server that does not know partial indexes only imitates MongoDB: nothing is taken on trust then. It has to show
 * that absent keys do not collide, `$elemMatch` is not used, and writes go one at a time (`turns.ts`).
 */
import type { Db, IndexDescription } from 'mongodb'
import type { Collection } from '../collections.ts'
import { COLLECTIONS } from '../collections.ts'
import { StoreError } from '../store.ts'
import { codeOf, isDuplicate, isNotKnown } from './faults.ts'
import { Turns } from './turns.ts'

/** Of the layout of stored documents; a newer one is not touched by an older program. */
const SCHEMA = 1

const NO_SUCH_COLLECTION = 26
const NO_SUCH_INDEX = 27

export type Abilities = {
  /** Whether the server does what MongoDB does: partial indexes, compare-and-set, `$elemMatch`, expiry. */
  readonly isMongo: boolean
}

/** @throws {StoreError} `unusable` when documents or server do not allow what is needed */
export async function prepare(db: Db): Promise<Abilities> {
  await checkSchema(db)
  const names = Object.keys(COLLECTIONS) as (keyof typeof COLLECTIONS)[]
  const isMongo = await knowsAll(db, names[0] as string)
  const makeAll = async () => {
    if (!isMongo) await checkAbsentKeys(db)
    for (const name of names) await makeIndexes(db, name, indexesOf(COLLECTIONS[name], isMongo))
  }
  // FerretDB ends the connection when it is to make an index that somebody has just made.
  await (isMongo ? makeAll() : new Turns(db).exclusive(makeAll))
  return { isMongo }
}

/** The indexes of a collection, each named after what it is for. */
function indexesOf(collection: Collection, isMongo: boolean): IndexDescription[] {
  const unique = collection.unique.map((key) => ({
    name: key,
    key: { institution: 1, [`keys.${key}`]: 1 },
    unique: true,
    // `$exists`: the planner sees that every comparison implies it. It does not see that for `$type`.
    ...(isMongo ? { partialFilterExpression: { [`keys.${key}`]: { $exists: true } } } : {}),
  }))
  const paths = [...collection.indexes, ...collection.lists.map((path) => [path])]
  const others = paths.map((path) => ({
    name: path.join('+'),
    key: { institution: 1, ...Object.fromEntries(path.map((part) => [part, 1])) } as { [path: string]: 1 },
  }))
  // No index but a unique one is of use to a server that only imitates: FerretDB 1 finds nothing by them.
  return isMongo ? [...unique, ...others, OUTBOX, ...(collection.expires ? [EXPIRY] : [])] : unique
}

const OUTBOX: IndexDescription = {
  name: 'outbox',
  key: { '_outbox.mark': 1 },
  partialFilterExpression: { '_outbox.mark': { $exists: true } },
}

const EXPIRY: IndexDescription = { name: 'expires', key: { _expires: 1 }, expireAfterSeconds: 60 }

async function checkSchema(db: Db): Promise<void> {
  const about = db.collection<{ _id: string; schema: number }>('about')
  const found = await about.findOne({ _id: 'schema' })
  if (found !== null && found.schema > SCHEMA) {
    throw new StoreError(
      'unusable',
      `the database was written by a newer version (schema ${found.schema}, this one knows ${SCHEMA}): update the program`,
    )
  }
  if (found === null) await about.insertOne({ _id: 'schema', schema: SCHEMA }).catch(unlessDuplicate)
}

function unlessDuplicate(error: unknown): void {
  if (!isDuplicate(error)) throw error
}

async function knowsAll(db: Db, name: string): Promise<boolean> {
  try {
    await db.collection(name).createIndexes([OUTBOX])
    return true
  } catch (error) {
    if (isNotKnown(error)) return false
    throw error
  }
}

/** Two documents without a key must not be in each other's way although its index is unique. */
async function checkAbsentKeys(db: Db): Promise<void> {
  const probe = db.collection(`probe-${crypto.randomUUID()}`)
  try {
    await probe.createIndexes([{ name: 'key', key: { institution: 1, 'keys.key': 1 }, unique: true }])
    await probe.insertMany([{ institution: 'x' }, { institution: 'x' }])
  } catch (error) {
    if (!isDuplicate(error)) throw error
    throw new StoreError(
      'unusable',
      'this server knows no partial indexes and takes absent keys for equal ones: use MongoDB 4.4 or later',
    )
  } finally {
    await probe.drop()
  }
}

/** Makes what is missing, and anew what an earlier version made otherwise; indexes that nobody declares stay. */
async function makeIndexes(db: Db, name: string, indexes: readonly IndexDescription[]): Promise<void> {
  const collection = db.collection(name)
  const existing = new Map((await existingIndexes(db, name)).map((index) => [index.name, shapeOf(index)]))
  const missing = indexes.filter((index) => existing.get(index.name) !== shapeOf(index))
  for (const { name: old } of missing) if (existing.has(old)) await collection.dropIndex(old as string).catch(unlessDropped)
  if (missing.length === 0) return
  try {
    await collection.createIndexes(missing)
  } catch (error) {
    if (!isDuplicate(error)) throw error
    const message = `collection ${name} holds two documents of one institution with the same key: delete one of them`
    throw new StoreError('unusable', message, { cause: error })
  }
}

/** Another process that starts may have been quicker. */
function unlessDropped(error: unknown): void {
  if (codeOf(error) !== NO_SUCH_INDEX) throw error
}

async function existingIndexes(db: Db, name: string): Promise<IndexDescription[]> {
  try {
    return (await db.collection(name).indexes()) as IndexDescription[]
  } catch (error) {
    if (codeOf(error) === NO_SUCH_COLLECTION) return []
    throw error
  }
}

function shapeOf({ key, unique, partialFilterExpression, expireAfterSeconds }: IndexDescription): string {
  return JSON.stringify([key, unique ?? false, partialFilterExpression, expireAfterSeconds])
}

/**
 * Reading: by id, by keys, by predicate in pages, and counting.
 */
import type { Document, Collection as Driver, Filter, FindOptions } from 'mongodb'
import type { Collection } from '../collections.ts'
import type { Predicate } from '../predicate.ts'
import type { Doc, Form, LookUp, Query } from '../store.ts'
import { compile } from './compile.ts'
import type { Stored } from './documents.ts'
import { escapeName, HIDDEN, oneOf, storedId, toDoc } from './documents.ts'
import { partsOf } from './order.ts'
import type { Abilities } from './prepare.ts'

const LIMITS = { maxTimeMS: 10_000 } as const

export class Reads {
  readonly #driver: Driver<Stored>
  readonly #collection: Collection
  readonly #abilities: Abilities

  constructor(driver: Driver<Stored>, collection: Collection, abilities: Abilities) {
    this.#driver = driver
    this.#collection = collection
    this.#abilities = abilities
  }

  async get(institution: string, id: string, form: Form = {}): Promise<Doc | undefined> {
    const _id = storedId(institution, id)
    // The id holds the institution already; a sharded cluster is told where to look.
    const filter = this.#abilities.isMongo ? { _id, institution } : { _id }
    const found = await this.#driver.findOne(filter, { ...LIMITS, projection: HIDDEN })
    return found === null || this.#isExpired(found) ? undefined : this.#shown(toDoc(found), form)
  }

  async lookUp(institution: string, { ids = [], keys = {} }: LookUp): Promise<Doc[]> {
    const byKey = Object.entries(keys).filter(([, values]) => values.length > 0)
    const arms: Filter<Stored>[] = byKey.map(([name, values]) => ({ institution, [`keys.${escapeName(name)}`]: oneOf(values) }))
    if (ids.length > 0) arms.push({ institution, _id: oneOf(ids.map((id) => storedId(institution, id))) })
    const [only, ...others] = arms
    if (only === undefined) return []
    const options = { ...LIMITS, projection: HIDDEN, readConcern: { level: 'majority' as const }, batchSize: 10_000 }
    const wanted = others.length === 0 ? only : { $or: arms }
    return (await this.#driver.find({ ...wanted, ...this.#alive() }, options).toArray()).map(toDoc)
  }

  async find(institution: string, query: Query): Promise<Doc[]> {
    const where = this.#where(institution, query.where)
    const projection = projectionOf(query)
    const found: Stored[] = []
    let skip = query.skip ?? 0
    for (const { filter, sort } of partsOf(institution, query)) {
      const limit = query.limit - found.length
      if (limit <= 0) break
      const parts: Filter<Stored> = allOf([{ institution, ...this.#alive() }, where, filter])
      const options: FindOptions = { ...LIMITS, sort, skip, limit, batchSize: limit + 1, projection }
      const some = await this.#driver.find(parts, options).toArray()
      found.push(...some)
      // What this part did not have is skipped in the next one.
      if (some.length > 0) skip = 0
      else if (skip > 0) skip -= await this.#count(parts)
    }
    return found.map((one) => this.#shown(toDoc(one), query))
  }

  async count(institution: string, predicate: Predicate): Promise<number> {
    return this.#count(allOf([{ institution, ...this.#alive() }, this.#where(institution, predicate)]))
  }

  async take(institution: string, id: string): Promise<Doc | undefined> {
    const filter = { _id: storedId(institution, id), institution, ...this.#alive(), _outbox: { $exists: false } }
    const taken = await this.#driver.findOneAndDelete(filter)
    if (taken === null) return undefined
    // Not by a projection: FerretDB knows none here.
    const { search: _, _expires, ...shown } = taken
    return toDoc(shown)
  }

  #shown(doc: Doc, { asBytes = false }: Form): Doc {
    if (!asBytes) return doc
    const texts = this.#collection.apart
      .filter((field) => doc[field] !== undefined)
      .map((field) => [field, Buffer.from(JSON.stringify(doc[field]))])
    return { ...doc, ...Object.fromEntries(texts) }
  }

  /** The command, not the aggregation that `countDocuments` makes: it counts in an index without reading documents. */
  #count(query: Filter<Stored>): Promise<number> {
    return this.#driver.count(query, LIMITS)
  }

  #where(institution: string, predicate: Predicate): Document {
    return compile(institution, this.#collection, predicate, this.#abilities)
  }

  #isExpired({ expires }: Stored): boolean {
    return this.#collection.expires && expires !== undefined && expires <= Date.now()
  }

  #alive(): { readonly expires?: Document } {
    return this.#collection.expires ? { expires: { $not: { $lte: Date.now() } } } : {}
  }
}

/** Kept apart, since two of them may ask about one field. */
function allOf(queries: readonly Document[]): Document {
  const some = queries.filter((query) => Object.keys(query).length > 0)
  return some.length === 1 ? (some[0] as Document) : { $and: some }
}

function projectionOf({ project }: Query): Document {
  if (project === undefined) return HIDDEN
  const fields = ['institution', 'version', ...project].filter((field) => !(field in HIDDEN))
  return Object.fromEntries(fields.map((field) => [escapeName(field), 1]))
}

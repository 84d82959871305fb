/**
 * The contract of the storage port: one suite for every adapter. What an adapter cannot do is declared at the call,
 * by the names of the tests, and printed; a name that no test has is an error.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { aDoc, anEvent, anInstitution, byId, shown } from './contract/builders.ts'
import { counting } from './contract/counting.ts'
import { institutions } from './contract/institutions.ts'
import { agreeing, matching } from './contract/matching.ts'
import { matchingLists } from './contract/matching-lists.ts'
import { paging } from './contract/paging.ts'
import { reading } from './contract/reading.ts'
import { writing } from './contract/writing.ts'
import { writingTogether } from './contract/writing-together.ts'
import { EVERYTHING } from './predicate.ts'
import type { Store } from './store.ts'

/** Opens the database of this name: a new name is an empty one, a known one what was left there. */
export type Open = (database: string) => Promise<Store>

type Options = {
  readonly lacks?: readonly string[]
  /** How many random cases: more for a store that answers quickly. */
  readonly runs?: number
}

export function contract(name: string, open: Open, { lacks = [], runs = 6 }: Options = {}): void {
  describe(`the store contract: ${name}`, () => {
    const database = `contract_${randomUUID().slice(0, 8)}`
    const titles = new Set<string>()

    // A store for each part: some servers go through all that they hold for every question.
    for (const part of [writing, writingTogether, reading, institutions, matching, matchingLists, agreeing, paging, counting]) {
      describe(part.name, () => {
        let store: Store
        before(async () => {
          store = await open(`${database}_${part.name}`)
        })
        after(() => store[Symbol.asyncDispose]())
        part((title, run) => {
          titles.add(title)
          it(title, { skip: lacks.includes(title) && `${name} lacks this` }, () => run(store))
        }, runs)
      })
    }

    it('keeps what was written when it is closed and opened again', async (t) => {
      for (const lack of lacks) t.diagnostic(`${name} lacks: ${lack}`)
      let store = await open(database)
      t.after(() => store[Symbol.asyncDispose]())
      const institution = anInstitution()
      const docs = Array.from({ length: 30 }, () =>
        aDoc(institution, { keys: { netid: randomUUID() }, search: { boundTo: ['scim'] } }),
      )
      const events = docs.map((doc) => anEvent(institution, { subject: doc._id }))
      await store.write(docs.map((doc, at) => ({ collection: 'users', op: 'insert', doc, events: events.slice(at, at + 1) })))
      await store[Symbol.asyncDispose]()
      store = await open(database)
      assert.deepEqual(await store.find('users', institution, { where: EVERYTHING, limit: 100 }), byId(docs).map(shown))
      assert.deepEqual(await store.find('events', institution, { where: EVERYTHING, limit: 100 }), byId(events))
      assert.equal(await store.count('users', institution, EVERYTHING), 30)
    })

    it('is declared to lack only what the contract asks for', () => {
      assert.deepEqual(
        lacks.filter((lack) => !titles.has(lack)),
        [],
      )
    })
  })
}

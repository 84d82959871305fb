/**
 * Batches without HTTP: the upsert of new people and of unchanged ones, against the bare insert of the same documents.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openGate } from '../src/directory/gate.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Doc, Store } from '../src/store/store.ts'
import { openCeilingTables } from './ceiling-tables.ts'
import { median, say, sayRatio, table } from './figures.ts'
import { institutionIn, upsertOf } from './roll.ts'
import { INSTITUTION, openFolder } from './servers.ts'

export type BulkOptions = { readonly users: number; readonly rounds: number; readonly progress: (text: string) => void }

/** What one round took, in people a second. */
type Round = { readonly fresh: number; readonly same: number; readonly bare: number }

/** The bare insert commits as often as the gate does. */
const BATCH = 200
const PAGE = 1000

export async function measureBulk({ users, rounds, progress }: BulkOptions): Promise<string> {
  const all: Round[] = []
  for (let round = 1; round <= rounds; round++) {
    await using folder = await openFolder()
    const one = await measureRound(folder.path, users)
    progress(`round ${round}: new ${say(one.fresh)}/s, unchanged ${say(one.same)}/s, bare insert ${say(one.bare)}/s`)
    all.push(one)
  }
  const of = (pick: (round: Round) => number) => median(all.map(pick))
  const bare = of((round) => round.bare)
  const fresh = of((round) => round.fresh)
  const rows = [
    ['bare insert', say(bare), '1.00', ''],
    ['upsert, new', say(fresh), sayRatio(fresh / bare), '1.00'],
    ['upsert, unchanged', say(of((round) => round.same)), '', sayRatio(of((round) => round.same) / fresh)],
  ]
  const what = `${say(users)} people in batches of ${BATCH}, medians of ${rounds} rounds in turn, each on a new database`
  return `## Batches\n\n${what}\n\n${table(['', 'people /s', 'to bare', 'to new'], rows)}\n`
}

async function measureRound(folder: string, users: number): Promise<Round> {
  await using store = await openSqlite({ path: join(folder, 'roll.db') })
  const institution = await institutionIn(store)
  const gate = openGate(store)
  const changes = Array.from({ length: users }, (_, index) => upsertOf(index + 1))
  const upsert = (kind: string) =>
    perSecond(users, async () => {
      const outcomes = await gate.batch(institution, changes)
      const other = outcomes.find((outcome) => outcome.kind !== kind)
      if (other !== undefined) throw new Error(`expected ${kind}, got ${other.kind}`)
    })
  const fresh = await upsert('created')
  const same = await upsert('unchanged')
  const docs = await readAll(store, 'users')
  const events = await readAll(store, 'events')
  const bare = await perSecond(users, async () => insertBare(join(folder, 'bare.db'), docs, events))
  return { fresh, same, bare }
}

async function perSecond(users: number, run: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await run()
  return (users * 1000) / (performance.now() - began)
}

/** All documents of a collection, in the order in which they were made. */
export async function readAll(store: Store, collection: 'users' | 'events'): Promise<Doc[]> {
  const docs: Doc[] = []
  for (;;) {
    const last = docs.at(-1)?._id
    const page = await store.find(collection, INSTITUTION, {
      where: EVERYTHING,
      limit: PAGE,
      ...(last === undefined ? {} : { after: { id: last } }),
    })
    docs.push(...page)
    if (page.length < PAGE) return docs
  }
}

/** What no store of this kind can be faster than: the documents as they are, their keys and events, and nothing checked. */
export function insertBare(path: string, docs: readonly Doc[], events: readonly Doc[]): void {
  using bare = openBareInsert(path)
  bare.insert(docs, events)
}

export type BareInsert = Disposable & { insert(docs: readonly Doc[], events: readonly Doc[]): void }

/** The same for documents that are not all held at once. */
export function openBareInsert(path: string): BareInsert {
  const db = new DatabaseSync(path)
  const statements = openCeilingTables(db)
  return {
    insert: (docs, events) => insertInBatches(db, statements, docs, events),
    [Symbol.dispose]: () => db.close(),
  }
}

function insertInBatches(
  db: DatabaseSync,
  { insert, record }: ReturnType<typeof openCeilingTables>,
  docs: readonly Doc[],
  events: readonly Doc[],
): void {
  for (let from = 0; from < docs.length; from += BATCH) {
    db.exec('begin immediate')
    for (let index = from; index < Math.min(from + BATCH, docs.length); index++) {
      const { _id, version, keys = {}, ...doc } = docs[index] as Doc
      const event = events[index % events.length] as Doc
      const { netid = null, email = null, userName = null } = keys
      insert.run(_id, version, netid, email, userName, Number(doc.lastModified), JSON.stringify(docs[index]))
      record.run(version, _id, JSON.stringify(event))
    }
    db.exec('commit')
  }
}

/**
 * Every store that this machine has, for tests that must hold on each.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { openMongo } from '../src/store/mongo/open.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { startMongo } from './mongo-server.ts'

/**
 * Calls `suite` once for each store: SQLite, and the MongoDB-wire server that this machine has (`mongo-server.ts`).
 */
export async function forEachStore(suite: (name: string, place: () => Place) => void): Promise<void> {
  suite('sqlite', () => {
    const path = temporaryFile('matricula.db')
    return { url: `sqlite:${path}`, open: () => openSqlite({ path }) }
  })
  const server = await startMongo()
  if ('missing' in server) {
    it(`needs a MongoDB-wire server for the rest: ${server.missing}`, { skip: server.missing })
    return
  }
  after(() => server.stop())
  suite(server.kind, () => {
    const url = server.freshUri()
    return { url, open: () => openMongo(url) }
  })
}

/** Somewhere to keep a roll: empty at first; opened twice, it is the same roll. */
export type Place = { readonly url: string; readonly open: () => Promise<Store> }

/** A file in a folder of its own that is gone when the process ends. */
export function temporaryFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return join(folder, name)
}

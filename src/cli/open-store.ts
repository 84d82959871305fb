/**
 * The store that the environment names: the one place besides tests where an adapter is chosen.
 */
import { existsSync, statSync } from 'node:fs'
import type { DatabaseConfig } from '../config.ts'
import { configFrom } from '../config.ts'
import type { Store } from '../store/store.ts'
import type { Terminal } from './command.ts'

/** Loads the adapter that is needed alone. */
export async function openStore(database: DatabaseConfig): Promise<Store> {
  switch (database.kind) {
    case 'sqlite': {
      const { openSqlite } = await import('../store/sqlite/sqlite.ts')
      return openSqlite({ path: database.path })
    }
    case 'mongo': {
      const { openMongo } = await import('../store/mongo/open.ts')
      return openMongo(database.uri)
    }
    default:
      return database satisfies never
  }
}

/** The path of the file that opening makes, or fills where it is empty; undefined where there is a database. */
export function databaseToMake(database: DatabaseConfig): string | undefined {
  if (database.kind !== 'sqlite') return
  return existsSync(database.path) && statSync(database.path).size > 0 ? undefined : database.path
}

/** Opens the store, does one thing with it, closes it. */
export async function withStore<T>(terminal: Terminal, work: (store: Store) => Promise<T>): Promise<T> {
  const { database } = configFrom(terminal.environment)
  const made = databaseToMake(database)
  await using store = await openStore(database)
  // In another folder than the server's, or without its variables, a command would else speak of an empty roll in silence.
  if (made !== undefined) terminal.say(`Made a new database: ${made}`)
  return await work(store)
}

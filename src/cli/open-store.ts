/**
 * The store that the environment names: the one place besides tests where an adapter is chosen.
 */
import { existsSync } from 'node:fs'
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

/** Opens the store, does one thing with it, closes it. */
export async function withStore<T>(terminal: Terminal, work: (store: Store) => Promise<T>): Promise<T> {
  const { database } = configFrom(terminal.environment)
  const isNew = database.kind === 'sqlite' && !existsSync(database.path)
  await using store = await openStore(database)
  // In another folder than the server's, or without its variables, a command would else speak of an empty roll in silence.
  if (isNew) terminal.say(`Made a new database: ${database.path}`)
  return await work(store)
}

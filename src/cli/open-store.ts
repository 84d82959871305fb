/**
 * The store that the environment names: the one place besides tests where an adapter is chosen.
 */
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
export async function withStore<T>({ environment }: Terminal, work: (store: Store) => Promise<T>): Promise<T> {
  await using store = await openStore(configFrom(environment).database)
  return await work(store)
}

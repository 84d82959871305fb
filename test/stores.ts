/**
 * Every store that this machine has, for tests that must hold on each.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Store } from '../src/store/store.ts'

/** Calls `suite` once for each store; `open` gives a fresh, empty one. */
export function forEachStore(suite: (name: string, open: () => Promise<Store>) => void): void {
  suite('sqlite', async () => openSqlite({ path: temporaryFile('matricula.db') }))
}

/** A file in a folder of its own that is gone when the process ends. */
export function temporaryFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return join(folder, name)
}

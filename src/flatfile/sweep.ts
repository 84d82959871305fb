/**
 * What a process that died has left in the folders of an institution: of runs that nobody will go on with, and of
 * uploads that never became whole.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Store } from '../store/store.ts'
import type { Folders } from './folders.ts'
import { getRun } from './run-record.ts'

const LIVE: readonly string[] = ['waiting', 'planning', 'applying', 'held']
/** No upload takes longer. */
const UNFINISHED_MS = 7 * 86_400_000

/** To be called by whoever has the files of the institution to itself. */
export async function sweep(store: Store, institution: string, folders: Folders): Promise<void> {
  for (const id of await readdir(folders.work)) {
    const run = await getRun(store, institution, id)
    if (run === undefined || !LIVE.includes(run.state)) await rm(join(folders.work, id), { recursive: true, force: true })
  }
  for (const name of await readdir(folders.upload)) {
    const path = join(folders.upload, name)
    if (name.startsWith('.in.') && Date.now() - (await stat(path)).mtimeMs > UNFINISHED_MS) await rm(path, { force: true })
  }
}

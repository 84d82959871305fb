/**
 * A file that comes in whole or not at all: under a name of its own until its last byte is on the disk, then under its
 * own name, then in the store, where any process finds it that goes through the files of the institution.
 */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import type { Store } from '../store/store.ts'
import type { Folders } from './folders.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Run } from './run-record.ts'
import { insertRun, moveRun, newRun, runsIn } from './run-record.ts'

export type Received =
  | { readonly kind: 'waiting'; readonly run: Run; readonly bytes: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'tooLarge'; readonly maxBytes: number }

/** @param file a name that `nameFault` finds nothing wrong with */
export async function receive(
  body: AsyncIterable<Uint8Array>,
  file: string,
  options: {
    readonly store: Store
    readonly institution: Institution
    readonly folders: Folders
    readonly by: Actor
    readonly now?: () => number
  },
): Promise<Received> {
  const { institution, folders } = options
  const maxBytes = institution.settings.files?.limits?.fileBytes ?? DEFAULT_LIMITS.fileBytes
  const part = join(folders.upload, `.in.${newId(Date.now())}`)
  try {
    const bytes = await writeWhole(body, part, maxBytes)
    if (bytes > maxBytes) return { kind: 'tooLarge', maxBytes }
    if (bytes === 0) return { kind: 'empty' }
    await rename(part, join(folders.upload, file))
    return { kind: 'waiting', run: await wait(file, options), bytes }
  } finally {
    await rm(part, { force: true })
  }
}

const ENDS = ['.csv', '.txt', '.tsv', '.xlsx', '.xls'] as const
const LONGEST_NAME = 200

/** Why no file can have this name, for whoever sends it. */
export function nameFault(file: string): string | undefined {
  if (file.length > LONGEST_NAME) return `the name has ${file.length} characters; it should have at most ${LONGEST_NAME}`
  if (/[/\\\p{Cc}]/u.test(file)) return 'the name should have no slashes and no control characters'
  if (/^(?:\.|~\$)/.test(file)) return 'a name that begins with "." or "~$" is one of an unfinished file'
  if (ENDS.some((end) => file.toLowerCase().endsWith(end))) return undefined
  return `the name should end in ${ENDS.join(', ')}`
}

/** @returns how many bytes came, no more than one piece past the limit */
async function writeWhole(body: AsyncIterable<Uint8Array>, path: string, maxBytes: number): Promise<number> {
  let bytes = 0
  async function* counted() {
    for await (const piece of body) {
      bytes += piece.byteLength
      if (bytes > maxBytes) return
      yield piece
    }
  }
  await pipeline(Readable.from(counted(), { objectMode: false }), createWriteStream(path, { mode: 0o600, flush: true }))
  return bytes
}

/** Of several files of one name that wait, the newest has taken the place of the others. */
async function wait(file: string, options: Parameters<typeof receive>[2]): Promise<Run> {
  const { store, institution } = options
  const earlier = await runsIn(store, institution._id, ['waiting'], { file, limit: 100 })
  const run = await insertRun(store, { ...newRun(file, 'waiting', options), isTaken: true })
  for (const one of earlier) {
    // A run that has begun meanwhile goes on with the newer file, and the newer run finds nothing to do.
    await moveRun(store, one, { state: 'superseded' }).catch(() => {})
  }
  return run
}

/**
 * A file that comes in whole or not at all: under a name of its own until its last byte is on the disk, then under its
 * own name, then in the store, where any process finds it that goes through the files of the institution.
 */
import type { FileHandle } from 'node:fs/promises'
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import { unlessMissing } from '../file-errors.ts'
import { renameForGood } from '../lasting.ts'
import { uploadQuota, uploadRoom } from '../limits/upload-room.ts'
import type { Store } from '../store/store.ts'
import { forgetCheck } from './check-page.ts'
import type { Folders } from './folders.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Run } from './run-record.ts'
import { insertRun, moveRun, newRun, runsIn } from './run-record.ts'

export type Received =
  | { readonly kind: 'waiting'; readonly run: Run; readonly bytes: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'tooLarge'; readonly maxBytes: number }
  /** So much lies here of the institution that there is no room for it before the next run. */
  | { readonly kind: 'full' }

type Receiving = {
  readonly store: Store
  readonly institution: Institution
  readonly folders: Folders
  readonly by: Actor
  /** Which file of which server it is, when it was fetched: no second run of it can be stored. */
  readonly fetched?: string
  /** Whether what lies here already counts; not for what an operator's own folder holds. */
  readonly hasQuota?: boolean
  /** Whether a file without content is taken too, so that its run says so; else it is no file yet. */
  readonly takesEmpty?: boolean
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** @param file the name of a table (`file-name.ts`) */
export async function receive(body: AsyncIterable<Uint8Array>, file: string, options: Receiving): Promise<Received> {
  const maxBytes = maxFileBytes(options.institution)
  const room = uploadRoom(options.folders)
  const part = join(options.folders.incoming, `put.${newId(Date.now())}`)
  try {
    const begun = await room.inTurn(() => begin(part, file, options))
    if (begun === undefined) return { kind: 'full' }
    await using handle = begun.handle
    const grow = (bytes: number, work: () => Promise<void>) => room.grow(bytes, begun.mostBytes, work)
    const written = await writeWhole(body, handle, { maxBytes, grow })
    if (written === 'tooLarge') return { kind: 'tooLarge', maxBytes }
    if (written === 'full') return { kind: 'full' }
    if (written === 0 && options.takesEmpty !== true) return { kind: 'empty' }
    return { kind: 'waiting', run: await room.inTurn(() => takeIn(part, file, options)), bytes: written }
  } finally {
    await rm(part, { force: true })
  }
}

export function maxFileBytes({ settings }: Institution): number {
  return settings.files?.limits?.fileBytes ?? DEFAULT_LIMITS.fileBytes
}

type Begun = {
  readonly handle: FileHandle
  /** How much may lie here while it comes in. */
  readonly mostBytes: number
}

/** @returns undefined where the institution has as many files here as it may; what makes way for this one does not count */
async function begin(part: string, file: string, options: Receiving): Promise<Begun | undefined> {
  const mostBytes = options.hasQuota === true ? await roomFor(file, options) : Infinity
  return mostBytes === undefined ? undefined : { handle: await open(part, 'wx', 0o600), mostBytes }
}

async function roomFor(file: string, { institution, folders }: Receiving): Promise<number | undefined> {
  const quota = uploadQuota(institution)
  const makesWay = await stat(join(folders.upload, file)).catch(unlessMissing)
  const files = (await uploadRoom(folders).look()) - (makesWay === undefined ? 0 : 1)
  return files >= quota.files ? undefined : quota.bytes + (makesWay?.size ?? 0)
}

/**
 * Makes a run that waits of a file that lies complete on the disk, in the file system of the folders; it is moved.
 * Of several files of one name that wait, the newest has taken the place of the others.
 */
export async function takeIn(path: string, file: string, options: Receiving): Promise<Run> {
  const { store, institution, folders } = options
  await renameForGood(path, join(folders.upload, file))
  const earlier = await runsIn(store, institution._id, ['waiting'], { file, limit: 100 })
  const keys = options.fetched === undefined ? {} : { keys: { fetched: options.fetched } }
  const run = await insertRun(store, { ...newRun(file, 'waiting', options), ...keys, isTaken: true })
  for (const one of earlier) {
    // A run that has begun meanwhile goes on with the newer file, and the newer run finds nothing to do.
    await moveRun(store, one, { state: 'superseded' }).catch(() => {})
  }
  await forgetCheck(folders, file)
  return run
}

/** What its sender has taken back is not gone through. */
export async function withdraw(
  file: string,
  { store, institution, folders, now = Date.now }: Omit<Receiving, 'by'>,
): Promise<void> {
  await rm(join(folders.upload, file), { force: true })
  for (const run of await runsIn(store, institution._id, ['waiting'], { file, limit: 100 })) {
    // One that has begun meanwhile finds no file.
    await moveRun(store, run, { state: 'abandoned', ended: now() }).catch(() => {})
  }
  await forgetCheck(folders, file)
}

type Bounds = {
  readonly maxBytes: number
  /** Does what makes the file so many bytes larger, if there is room for them. @returns `full` if not */
  readonly grow: (bytes: number, work: () => Promise<void>) => Promise<unknown>
}

/** @returns how many bytes came, or past which bound the rest was not read */
async function writeWhole(
  body: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  { maxBytes, grow }: Bounds,
): Promise<number | 'tooLarge' | 'full'> {
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.byteLength
    if (bytes > maxBytes) return 'tooLarge'
    if ((await grow(piece.byteLength, () => handle.writeFile(piece))) === 'full') return 'full'
  }
  await handle.sync()
  return bytes
}

/**
 * How much an institution may have lying here before it is gone through, and how much there is: counted in one place,
 * whichever way it comes in, and before it is written, so that many at once have no more room than one.
 */
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Institution } from '../directory/institution.ts'
import { unlessMissing } from '../file-errors.ts'
import { inTurn } from './in-turn.ts'

type Quota = { readonly bytes: number; readonly files: number }

/** Where files of one institution lie that nobody has gone through. */
type UploadFolders = { readonly incoming: string; readonly aside: string; readonly upload: string }

const DEFAULT: Quota = { bytes: 2 * 1024 ** 3, files: 1000 }

export function uploadQuota({ settings }: Institution): Quota {
  return { ...DEFAULT, ...settings.sftp?.quota }
}

/** By folder: all ways in that this process has share one. */
const rooms = new Map<string, UploadRoom>()

export function uploadRoom(folders: UploadFolders): UploadRoom {
  const room = rooms.get(folders.upload) ?? new UploadRoom(folders)
  rooms.set(folders.upload, room)
  return room
}

export class UploadRoom {
  readonly #folders: readonly string[]
  /** As far as this process knows; runs take files away meanwhile, and other processes bring some. */
  #bytes = 0
  /** Bytes for which there was room, and those of them that are written by now or will not be. */
  #granted = 0
  #settled = 0
  /** How many files there may be, and what is done to a name, follows from what was seen. */
  readonly inTurn = inTurn()

  constructor({ incoming, aside, upload }: UploadFolders) {
    this.#folders = [incoming, aside, upload]
  }

  /** @returns how many files there are */
  async look(): Promise<number> {
    const settled = this.#settled
    const { bytes, files } = await measure(this.#folders)
    // What was being written meanwhile may not have been seen.
    this.#bytes = bytes + this.#granted - settled
    return files
  }

  /**
   * @param bytes how much larger the work makes what lies here; what it makes smaller is seen when somebody looks
   * @param mostBytes how much may lie here in all
   * @returns `full`, with nothing done, where there is no room for it
   */
  async grow<T>(bytes: number, mostBytes: number, work: () => Promise<T>): Promise<T | 'full'> {
    if (bytes <= 0) return await work()
    const fits = () => this.#bytes + bytes <= mostBytes
    if (!fits()) await this.look()
    if (!fits()) return 'full'
    this.#bytes += bytes
    this.#granted += bytes
    try {
      return await work()
    } finally {
      this.#settled += bytes
    }
  }
}

/** What lies in these folders, not counting what lies below them. */
async function measure(folders: readonly string[]): Promise<Quota> {
  let [bytes, files] = [0, 0]
  for (const folder of folders) {
    for (const name of await readdir(folder)) {
      const stats = await lstat(join(folder, name)).catch(unlessMissing)
      if (stats?.isFile() !== true) continue
      bytes += stats.size
      files++
    }
  }
  return { bytes, files }
}

/**
 * A file while it is being written. Each has a file of its own on the disk, so that of two who write one name neither
 * spoils the other's: the last to begin has the name.
 */
import type { FileHandle } from 'node:fs/promises'
import { constants, copyFile, open, rm } from 'node:fs/promises'
import { inTurn } from '../limits/in-turn.ts'
import { Refused, refusedBy } from './refused.ts'

export const NO_ROOM = new Refused('FAILURE', 'there is no more room in /upload: remove files there (setting sftp.quota)')

export type Room = {
  /** How large the file may be. */
  readonly maxBytes: number
  /** Does what makes the file so many bytes larger, or smaller, if there is room for them. @returns `full` if not */
  grow(bytes: number, work: () => Promise<void>): Promise<unknown>
}

export class Upload {
  readonly id: string
  /** As its sender calls it now. */
  name: string
  path: string
  readonly #file: FileHandle
  readonly #room: Room
  readonly #appends: boolean
  /** Another connection may set the size of what this one writes. */
  readonly #inTurn = inTurn()
  #size: number
  #received = 0
  #failure: Refused | undefined

  private constructor(about: UploadStart, file: FileHandle, size: number) {
    this.id = about.id
    this.name = about.name
    this.path = about.path
    this.#file = file
    this.#room = about.room
    this.#appends = about.appends
    this.#size = size
  }

  /** @throws what the operating system says */
  static async begin(about: UploadStart): Promise<Upload> {
    const { path, goesOnFrom } = about
    if (goesOnFrom !== undefined) await copyFile(goesOnFrom, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW = 0 } = constants
    const file = await open(path, O_WRONLY | O_NOFOLLOW | (goesOnFrom === undefined ? O_CREAT | O_EXCL : 0), 0o600)
    try {
      const { size } = await file.stat()
      return new Upload(about, file, size)
    } catch (error) {
      await file.close()
      await rm(path, { force: true })
      throw error
    }
  }

  get size(): number {
    return this.#size
  }

  /** Bytes that came over the wire. */
  get received(): number {
    return this.#received
  }

  /** Writes pieces one behind the other. After a failure nothing is written any more: the file would have holes. */
  write(offset: number, pieces: readonly Uint8Array[]): Promise<void> {
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    return this.#change(async () => {
      const from = this.#appends ? this.#size : offset
      await this.#grow(Math.max(this.#size, from + bytes), () => writeAll(this.#file, pieces, from))
      this.#received += bytes
    })
  }

  resize(size: number): Promise<void> {
    return this.#change(() => this.#grow(size, () => this.#file.truncate(size)))
  }

  /** Seconds since 1970. They order nothing: their sender may say anything. */
  async setTimes(accessed: number, modified: number): Promise<void> {
    await this.#file.utimes(accessed, modified)
  }

  stat() {
    return this.#file.stat()
  }

  /** Resolves when all of it is on the disk. @throws {Refused} when something was not written */
  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#file.sync()
    } catch (error) {
      this.#fail(error)
    } finally {
      await this.#file.close()
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Nothing will come of it; whoever writes on is told why. */
  async giveUp(why: Refused): Promise<void> {
    this.#failure = why
    await this.#file.truncate(0).catch(() => {})
  }

  #change(work: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#failure !== undefined) throw this.#failure
      try {
        await work()
      } catch (error) {
        throw this.#fail(error)
      }
    })
  }

  /** @param size of the file once the work is done */
  async #grow(size: number, work: () => Promise<void>): Promise<void> {
    const { maxBytes } = this.#room
    if (size > maxBytes) {
      throw new Refused('FAILURE', `the file is past the limit of ${maxBytes} bytes (setting files.limits.fileBytes)`)
    }
    if ((await this.#room.grow(size - this.#size, work)) === 'full') throw NO_ROOM
    this.#size = size
  }

  #fail(error: unknown): Error {
    const refused = error instanceof Refused ? error : refusedBy(error)
    this.#failure = refused ?? new Refused('FAILURE', 'an earlier part was not written', { cause: error })
    return refused ?? (error as Error)
  }
}

/** A disk that is nearly full takes less than it is given. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], from: number): Promise<void> {
  const { bytesWritten } = await file.writev([...pieces], from)
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
  if (bytesWritten === bytes) return
  const rest = Buffer.concat(pieces)
  for (let done = bytesWritten; done < bytes; ) {
    done += (await file.write(rest, done, bytes - done, from + done)).bytesWritten
  }
}

export type UploadStart = {
  readonly id: string
  readonly name: string
  /** Where nothing lies yet. */
  readonly path: string
  /** A file with whose content it begins. */
  readonly goesOnFrom?: string
  /** Whether all is written at the end, wherever it should go. */
  readonly appends: boolean
  readonly room: Room
}

/**
 * Every request of SFTP version 3 (draft-ietf-secsh-filexfer-02), each as what it does to the box. Folders and links can
 * be made by nobody.
 */
import type { FileHandle } from 'node:fs/promises'
import type { Attributes, InputAttributes, SFTPWrapper } from 'ssh2'
import { attributesOf, entryOf } from './attributes.ts'
import type { Box } from './box.ts'
import { uploadAt } from './box.ts'
import { OPEN_MODE, Refused } from './refused.ts'
import type { Answer, RequestQueue } from './request-queue.ts'
import type { Upload } from './upload.ts'
import type { Sender } from './uploads.ts'
import type { Place } from './virtual-path.ts'
import { placeOf, plainPath } from './virtual-path.ts'
import { stringsIn } from './wire.ts'

type Handle =
  | { readonly kind: 'upload'; readonly upload: Upload }
  | { readonly kind: 'file'; readonly file: FileHandle }
  | { readonly kind: 'folder'; readonly place: Place; readonly names: string[] }

export type Handles = {
  /** @returns whether one more may be opened */
  take(): boolean
  give(): void
}

export type RequestsOptions = {
  readonly sftp: SFTPWrapper
  readonly queue: RequestQueue
  readonly box: Box
  /** Who is signed in; asked at each request. @throws {Refused} when they no longer may */
  readonly sender: () => Promise<Sender>
  readonly owner: string
  readonly handles: Handles
  readonly onRequest: () => void
  readonly onBytes: (direction: 'in' | 'out', bytes: number) => void
}

const OK: Answer = { kind: 'ok' }
const END: Answer = { kind: 'end' }
const HANDLE_BYTES = 4
/** No client asks for more than fits a packet. */
const MOST_READ = 255 * 1024
const NAMES_AT_ONCE = 100
/** What a request holds in memory beside what it carries. */
const REQUEST_BYTES = 200

export class Requests {
  readonly #options: RequestsOptions
  readonly #handles = new Map<number, Handle>()
  #lastHandle = 0

  constructor(options: RequestsOptions) {
    this.#options = options
    const { queue, onRequest, sender } = options
    const on = <A extends unknown[]>(name: string, work: (sender: Sender, ...args: A) => Promise<Answer>) => {
      options.sftp.on(name, (id: number, ...args: A) => {
        onRequest()
        // Of a packet that is broken in its midst ssh2 hands on what it could read.
        const isWhole = args[0] !== undefined
        const answer = async () => (isWhole ? work(await sender(), ...args) : refuse('the request is broken', 'BAD_MESSAGE'))
        queue.add({ id, bytes: REQUEST_BYTES + lengthOf(args), work: answer })
      })
    }
    options.sftp.on('WRITE', (id: number, handle: Buffer, offset: number, data: Buffer) => {
      onRequest()
      const write = { handle, offset, data }
      const work = async (more: readonly Buffer[]) => {
        await sender()
        return this.#write(handle, offset, [data, ...more])
      }
      queue.add({ id, bytes: REQUEST_BYTES + data.length, write, work })
    })
    on('OPEN', (from, path: string, flags: number) => this.#open(from, placeOf(path), flags))
    on('CLOSE', (from, handle: Buffer) => this.#close(from, handle))
    on('READ', (_, handle: Buffer, offset: number, length: number) => this.#read(handle, offset, length))
    on('STAT', (_, path: string) => this.#stat(path))
    on('LSTAT', (_, path: string) => this.#stat(path))
    on('FSTAT', (_, handle: Buffer) => this.#statHandle(handle))
    on('SETSTAT', (from, path: string, attributes: InputAttributes) => this.#setStat(from, placeOf(path), attributes))
    on('FSETSTAT', (_, handle: Buffer, attributes: InputAttributes) => this.#setStatHandle(handle, attributes))
    on('OPENDIR', (_, path: string) => this.#openFolder(placeOf(path)))
    on('READDIR', (_, handle: Buffer) => this.#readFolder(handle))
    on('REALPATH', async (_, path: string) => nameOnly(plainPath(path)))
    on('REMOVE', (from, path: string) => this.#remove(from, placeOf(path)))
    on('RENAME', (from, old: string, next: string) => this.#rename(from, old, next, false))
    on('MKDIR', () => refuse('there are no folders but /upload, /reports and /archive'))
    on('RMDIR', () => refuse('these folders stay'))
    // Listened for, so that their answers wait in line as all others do.
    on('READLINK', () => refuse('there are no links here'))
    on('SYMLINK', () => refuse('links cannot be made'))
    on('EXTENDED', (from, name: string, data?: Buffer) => this.#extended(from, name, data))
  }

  /** The client has gone: what it had open is closed, and what it was writing is interrupted. */
  async end(sender: Sender): Promise<void> {
    for (const [id, handle] of this.#handles) {
      this.#forget(id)
      if (handle.kind === 'upload') await this.#options.box.uploads.interrupt(handle.upload, sender)
      if (handle.kind === 'file') await handle.file.close()
    }
  }

  get isIdle(): boolean {
    return this.#handles.size === 0
  }

  async #open(sender: Sender, place: Place, flags: number): Promise<Answer> {
    const { READ, WRITE, APPEND, CREAT, TRUNC, EXCL } = OPEN_MODE
    // The table of ssh2 has no line for writing without TRUNC, which scp and every resumed upload ask for.
    if ((flags & (WRITE | APPEND)) === 0) {
      if ((flags & READ) === 0) throw new Refused('FAILURE', 'a file is opened to read or to write')
      return await this.#handle(async () => ({ kind: 'file', file: await this.#options.box.read(place) }))
    }
    const name = uploadAt(place)
    const opening = {
      isNew: (flags & TRUNC) !== 0,
      mayCreate: (flags & CREAT) !== 0,
      mustCreate: (flags & CREAT) !== 0 && (flags & EXCL) !== 0,
      appends: (flags & APPEND) !== 0,
    }
    return await this.#handle(async () => ({
      kind: 'upload',
      upload: await this.#options.box.uploads.open(name, opening, sender),
    }))
  }

  async #close(sender: Sender, key: Buffer): Promise<Answer> {
    const handle = this.#handleIn(key)
    this.#forget(key.readUInt32BE())
    if (handle.kind === 'file') await handle.file.close()
    if (handle.kind === 'upload') await this.#options.box.uploads.finish(handle.upload, sender)
    return OK
  }

  async #read(key: Buffer, offset: number, length: number): Promise<Answer> {
    const handle = this.#handleIn(key)
    if (handle.kind !== 'file') throw new Refused('PERMISSION_DENIED', 'this was not opened to be read')
    if (!Number.isSafeInteger(offset)) return END
    const most = Math.min(length, MOST_READ)
    const { bytesRead, buffer } = await handle.file.read(Buffer.allocUnsafe(most), 0, most, offset)
    this.#options.onBytes('out', bytesRead)
    return bytesRead === 0 && most > 0 ? END : { kind: 'data', data: buffer.subarray(0, bytesRead) }
  }

  async #write(key: Buffer, offset: number, pieces: readonly Buffer[]): Promise<Answer> {
    const { upload } = this.#uploadIn(key)
    await upload.write(offset, pieces)
    for (const { length } of pieces) this.#options.onBytes('in', length)
    return OK
  }

  async #stat(path: string): Promise<Answer> {
    return { kind: 'attributes', attributes: attributesOf(await this.#options.box.entry(placeOf(path))) }
  }

  async #statHandle(key: Buffer): Promise<Answer> {
    const handle = this.#handleIn(key)
    if (handle.kind === 'folder')
      return { kind: 'attributes', attributes: attributesOf(await this.#options.box.entry(handle.place)) }
    const isUpload = handle.kind === 'upload'
    const { size, mtimeMs } = await (isUpload ? handle.upload.stat() : handle.file.stat())
    const attributes = attributesOf({ name: '', kind: 'file', isWritable: isUpload, size, modified: mtimeMs })
    return { kind: 'attributes', attributes }
  }

  /** Size and times are taken; rights and owners are answered with yes and left as they are, since clients insist. */
  async #setStat(sender: Sender, place: Place, attributes: InputAttributes): Promise<Answer> {
    if (place.kind === 'folder' && place.folder === 'upload') return OK
    const name = uploadAt(place)
    const { uploads } = this.#options.box
    if (attributes.size !== undefined) await uploads.resize(name, attributes.size, sender)
    const times = timesIn(attributes)
    if (times !== undefined) await uploads.setTimes(name, ...times)
    else await this.#options.box.entry(place)
    return OK
  }

  async #setStatHandle(key: Buffer, attributes: InputAttributes): Promise<Answer> {
    const { upload } = this.#uploadIn(key)
    if (attributes.size !== undefined) await upload.resize(attributes.size)
    const times = timesIn(attributes)
    if (times !== undefined) await upload.setTimes(...times)
    return OK
  }

  #openFolder(place: Place): Promise<Answer> {
    return this.#handle(async () => ({ kind: 'folder', place, names: await this.#options.box.names(place) }))
  }

  async #readFolder(key: Buffer): Promise<Answer> {
    const handle = this.#handleIn(key)
    if (handle.kind !== 'folder') throw new Refused('FAILURE', 'this is no folder')
    while (handle.names.length > 0) {
      const entries = await this.#options.box.entries(handle.place, handle.names.splice(0, NAMES_AT_ONCE))
      if (entries.length > 0) return { kind: 'names', names: entries.map((entry) => entryOf(entry, this.#options.owner)) }
    }
    return END
  }

  async #remove(sender: Sender, place: Place): Promise<Answer> {
    await this.#options.box.uploads.remove(uploadAt(place), sender)
    return OK
  }

  async #rename(sender: Sender, from: string, to: string, replaces: boolean): Promise<Answer> {
    await this.#options.box.uploads.rename(uploadAt(placeOf(from)), uploadAt(placeOf(to)), replaces, sender)
    return OK
  }

  /** Paramiko renames by it, though it was never offered: version 3 has no renaming over a file that is there. */
  async #extended(sender: Sender, name: string, data: Buffer | undefined): Promise<Answer> {
    if (name !== 'posix-rename@openssh.com') throw new Refused('OP_UNSUPPORTED', 'this is not served here')
    const [from, to] = (stringsIn(data ?? Buffer.alloc(0)) ?? []).map(String)
    if (from === undefined || to === undefined) throw new Refused('BAD_MESSAGE', 'two paths are needed')
    return await this.#rename(sender, from, to, true)
  }

  async #handle(open: () => Promise<Handle>): Promise<Answer> {
    const { handles } = this.#options
    if (!handles.take()) throw new Refused('FAILURE', 'too many files are open: close some')
    try {
      const handle = await open()
      this.#lastHandle = (this.#lastHandle + 1) % 2 ** 32
      this.#handles.set(this.#lastHandle, handle)
      const key = Buffer.alloc(HANDLE_BYTES)
      key.writeUInt32BE(this.#lastHandle)
      return { kind: 'handle', handle: key }
    } catch (error) {
      handles.give()
      throw error
    }
  }

  #forget(id: number): void {
    if (this.#handles.delete(id)) this.#options.handles.give()
  }

  #handleIn(key: Buffer): Handle {
    const handle = key.length === HANDLE_BYTES ? this.#handles.get(key.readUInt32BE()) : undefined
    if (handle === undefined) throw new Refused('FAILURE', 'this handle is not open')
    return handle
  }

  #uploadIn(key: Buffer) {
    const handle = this.#handleIn(key)
    if (handle.kind !== 'upload') throw new Refused('PERMISSION_DENIED', 'this was not opened to be written')
    return handle
  }
}

async function refuse(message: string, status: Refused['status'] = 'PERMISSION_DENIED'): Promise<never> {
  throw new Refused(status, message)
}

function nameOnly(path: string): Answer {
  const attrs: Attributes = { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 }
  return { kind: 'names', names: [{ filename: path, longname: path, attrs }] }
}

/** Seconds since 1970. */
function timesIn({ atime, mtime }: InputAttributes): [accessed: number, modified: number] | undefined {
  return typeof atime === 'number' && typeof mtime === 'number' ? [atime, mtime] : undefined
}

/** How much memory texts and bytes among these hold. */
function lengthOf(args: readonly unknown[]): number {
  return args.reduce<number>((sum, arg) => sum + (typeof arg === 'string' || Buffer.isBuffer(arg) ? arg.length : 0), 0)
}

/**
 * What lies in `/upload` of an institution: uploads under way and interrupted, whole files that lie aside, and complete
 * ones that wait. A name shows the first of these that has it.
 *
 * A file is complete when it was closed; nothing else, neither age nor size, makes it so. An upload that is not closed
 * leaves the complete file of its name as it was.
 */
import type { Stats } from 'node:fs'
import { readdir, rename, rm, truncate, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import { hasCode, isDiskFull } from '../file-errors.ts'
import { renameForGood } from '../lasting.ts'
import type { UploadRoom } from '../limits/upload-room.ts'
import { uploadQuota, uploadRoom } from '../limits/upload-room.ts'
import type { BoxFolders, FilesPort } from './files-port.ts'
import { incomingName, partsOf, statsOf } from './incoming.ts'
import { NO_SUCH_FILE, Refused } from './refused.ts'
import { interruptedPage } from './unfinished.ts'
import type { Room } from './upload.ts'
import { NO_ROOM, Upload } from './upload.ts'

type Placed = { readonly state: 'open' | 'aside' | 'complete'; readonly path: string }

export type Found = Placed & { readonly stats: Stats }

export type Opening = {
  /** Nothing of what is there is kept. */
  readonly isNew: boolean
  /** Whether there need not be anything. */
  readonly mayCreate: boolean
  /** Whether there must not be anything. */
  readonly mustCreate: boolean
  readonly appends: boolean
}

export type Sender = { readonly institution: Institution; readonly by: Actor }

/** What became of an upload, for whoever watches. */
export type Ended = Sender & {
  readonly name: string
  readonly bytes: number
} & ({ readonly kind: 'complete'; readonly run: string } | { readonly kind: 'aside' } | Interrupted)

type Interrupted = { readonly kind: 'interrupted'; readonly reason: 'no_close' | 'failed' | 'disk_full' | 'replaced' }

const GONE = new Refused('FAILURE', 'another upload of this name has begun since, or it was removed')

function tooMany(files: number): Refused {
  return new Refused('FAILURE', `there are ${files} files in /upload: remove some (setting sftp.quota.files)`)
}

export class Uploads {
  readonly #folders: BoxFolders
  readonly #files: FilesPort
  readonly #onEnd: (ended: Ended) => void
  /** Those that this process writes, by id. */
  readonly #live = new Map<string, Upload>()
  readonly #room: UploadRoom

  constructor(folders: BoxFolders, files: FilesPort, onEnd: (ended: Ended) => void) {
    this.#folders = folders
    this.#room = uploadRoom(folders)
    this.#files = files
    this.#onEnd = onEnd
  }

  async find(name: string): Promise<Found | undefined> {
    const [found] = await this.findAll([name])
    return found
  }

  /** What each of these names shows. There may be a thousand uploads: they are gone through once for all names. */
  async findAll(names: readonly string[]): Promise<(Found | undefined)[]> {
    const placesOf = await this.#places()
    const known = (name: string) => this.#files.nameFault(name) === undefined
    return Promise.all(names.map((name) => (known(name) ? firstThere(placesOf(name)) : undefined)))
  }

  /** All names, each once, in their order. */
  async names(): Promise<string[]> {
    const { incoming, aside, upload } = this.#folders
    const open = (await readdir(incoming)).flatMap((file) => partsOf(file)?.name ?? [])
    return [...new Set([...open, ...(await readdir(aside)), ...(await readdir(upload))])].sort()
  }

  /** @throws {Refused} when there may be no such file, or there is no room */
  open(name: string, opening: Opening, sender: Sender): Promise<Upload> {
    return this.#room.inTurn(() => this.#open(name, opening, sender))
  }

  async #open(name: string, opening: Opening, { institution }: Sender): Promise<Upload> {
    const fault = this.#files.nameFault(name)
    if (fault !== undefined) throw new Refused('PERMISSION_DENIED', fault)
    const found = await this.find(name)
    if (found === undefined && !opening.mayCreate) throw new Refused('NO_SUCH_FILE', NO_SUCH_FILE)
    if (found !== undefined && opening.mustCreate) throw new Refused('FAILURE', 'there is a file of this name already')
    const files = await this.#room.look()
    if (found === undefined && files >= uploadQuota(institution).files) throw tooMany(files)
    const id = newId(Date.now())
    const path = this.#openPath(id, name)
    const goesOn = found !== undefined && !opening.isNew
    // The copy of an upload takes its place; one of a whole file lies beside it.
    const copied = goesOn && found.state !== 'open' ? found.stats.size : 0
    const { bytes: most } = uploadQuota(institution)
    const room: Room = { maxBytes: this.#files.maxBytes(institution), grow: (bytes, work) => this.#room.grow(bytes, most, work) }
    const about = { id, name, path, appends: opening.appends, room, ...(goesOn && { goesOnFrom: found.path }) }
    const upload = await this.#room.grow(copied, most, () => Upload.begin(about))
    if (upload === 'full') throw NO_ROOM
    this.#live.set(id, upload)
    for (const { state, path: earlier } of await this.#placesOf(name)) {
      if (state === 'open' && earlier < path) await this.#removeAt(earlier)
    }
    return upload
  }

  /** Its sender has closed it: whole, it goes where its name says. @throws {Refused} when it is not whole */
  async finish(upload: Upload, sender: Sender): Promise<void> {
    try {
      await upload.close()
      await this.#room.inTurn(() => this.#settle(upload, sender))
    } catch (error) {
      const reason = reasonOf(error)
      await this.#told(upload, sender, reason, error)
      throw reason === 'replaced' ? GONE : error
    } finally {
      this.#live.delete(upload.id)
    }
  }

  /** Its sender has gone. What is there stays, to be gone on with. */
  async interrupt(upload: Upload, sender: Sender): Promise<void> {
    this.#live.delete(upload.id)
    await upload.close().catch(() => {})
    await this.#told(upload, sender, 'no_close')
  }

  /** @param replaces whether what has the new name goes (posix-rename); by the draft it must not be there */
  rename(from: string, to: string, replaces: boolean, sender: Sender): Promise<void> {
    return this.#room.inTurn(() => this.#rename(from, to, replaces, sender))
  }

  async #rename(from: string, to: string, replaces: boolean, sender: Sender): Promise<void> {
    const fault = this.#files.nameFault(to)
    if (fault !== undefined) throw new Refused('PERMISSION_DENIED', fault)
    const found = await this.find(from)
    if (found === undefined) throw new Refused('NO_SUCH_FILE', NO_SUCH_FILE)
    if (from === to) return
    const isThere = (await this.find(to)) !== undefined
    if (isThere && !replaces) throw new Refused('FAILURE', 'there is a file of this name already')
    const files = isThere ? 0 : await this.#room.look()
    // An upload beside a whole file of its name becomes one more.
    if (files > uploadQuota(sender.institution).files) throw tooMany(files)
    switch (found.state) {
      case 'open':
        await this.#renameOpen(found.path, to)
        break
      case 'aside':
        await this.#lay(found, to, sender)
        // A table of this name may wait beside it.
        if (!this.#files.isTable(from)) await this.#files.withdraw(from, sender.institution)
        break
      case 'complete':
        await this.#lay(found, to, sender)
        await this.#files.withdraw(from, sender.institution)
        break
      default:
        found.state satisfies never
    }
  }

  /** All that has the name. */
  remove(name: string, sender: Sender): Promise<void> {
    return this.#room.inTurn(() => this.#remove(name, sender))
  }

  async #remove(name: string, { institution }: Sender): Promise<void> {
    const places = (await this.find(name)) === undefined ? [] : await this.#placesOf(name)
    if (places.length === 0) throw new Refused('NO_SUCH_FILE', NO_SUCH_FILE)
    for (const { path } of places) await this.#removeAt(path)
    if (places.some(({ state }) => state === 'complete')) await this.#files.withdraw(name, institution)
  }

  /** Of a complete file the size stays what it is. */
  async resize(name: string, size: number, { institution }: Sender): Promise<void> {
    const found = await this.find(name)
    if (found === undefined) throw new Refused('NO_SUCH_FILE', NO_SUCH_FILE)
    const live = this.#live.get(this.#idIn(found.path))
    if (live !== undefined) return await live.resize(size)
    const { size: before } = found.stats
    if (size === before) return
    if (found.state === 'complete') throw new Refused('PERMISSION_DENIED', 'the file is complete: upload it again')
    if (size > before) throw new Refused('PERMISSION_DENIED', 'a file grows by being written only')
    await this.#room.grow(size - before, uploadQuota(institution).bytes, () => truncate(found.path, size))
  }

  async setTimes(name: string, accessed: number, modified: number): Promise<void> {
    const found = await this.find(name)
    if (found === undefined) throw new Refused('NO_SUCH_FILE', NO_SUCH_FILE)
    await utimes(found.path, accessed, modified)
  }

  async #settle(upload: Upload, sender: Sender): Promise<void> {
    const { name, path, received: bytes, size } = upload
    const about = { ...sender, name, bytes }
    if (size > 0 && this.#files.isTable(name)) {
      const run = await this.#files.complete(path, name, sender.institution, sender.by)
      await rm(join(this.#folders.aside, name), { force: true })
      this.#onEnd({ ...about, kind: 'complete', run })
    } else {
      await renameForGood(path, join(this.#folders.aside, name))
      await this.#files.laidAside(name, sender.institution)
      this.#onEnd({ ...about, kind: 'aside' })
    }
  }

  /** Puts a whole file where its new name says. */
  async #lay({ path, stats }: Found, name: string, { institution, by }: Sender): Promise<void> {
    for (const place of await this.#placesOf(name)) if (place.state !== 'complete') await this.#removeAt(place.path)
    if (stats.size > 0 && this.#files.isTable(name)) {
      await this.#files.complete(path, name, institution, by)
    } else {
      await renameForGood(path, join(this.#folders.aside, name))
      await this.#files.withdraw(name, institution)
      await this.#files.laidAside(name, institution)
    }
  }

  /** Whoever still writes it is told, and what they have written takes no more room. */
  async #removeAt(path: string): Promise<void> {
    await this.#live.get(this.#idIn(path))?.giveUp(GONE)
    await rm(path, { force: true })
  }

  async #renameOpen(path: string, name: string): Promise<void> {
    const id = this.#idIn(path)
    const next = this.#openPath(id, name)
    await rename(path, next)
    const upload = this.#live.get(id)
    if (upload === undefined) return
    upload.name = name
    upload.path = next
  }

  async #told(upload: Upload, sender: Sender, reason: Interrupted['reason'], error?: unknown): Promise<void> {
    const { name, received: bytes, size } = upload
    this.#onEnd({ ...sender, name, bytes, kind: 'interrupted', reason })
    if (reason !== 'replaced' && this.#files.isTable(name)) {
      const isThere = (await statsOf(join(this.#folders.upload, name))) !== undefined
      const why = error instanceof Refused ? error.message : undefined
      await this.#files.remark(name, sender.institution, interruptedPage({ name, size, why, isThere })).catch(() => {})
    }
  }

  async #placesOf(name: string): Promise<Placed[]> {
    return (await this.#places())(name)
  }

  /** @returns where a name may be, in the order in which it is looked for there */
  async #places(): Promise<(name: string) => Placed[]> {
    const { incoming, aside, upload } = this.#folders
    const open = Map.groupBy(await readdir(incoming), (file) => partsOf(file)?.name)
    return (name) => [
      ...(open.get(name) ?? [])
        .sort()
        .reverse()
        .map((file) => ({ state: 'open', path: join(incoming, file) }) as const),
      { state: 'aside', path: join(aside, name) },
      { state: 'complete', path: join(upload, name) },
    ]
  }

  /** Of an upload; empty for a file that lies elsewhere. */
  #idIn(path: string): string {
    return partsOf(basename(path))?.id ?? ''
  }

  #openPath(id: string, name: string): string {
    return join(this.#folders.incoming, incomingName(id, name))
  }
}

async function firstThere(places: readonly Placed[]): Promise<Found | undefined> {
  for (const place of places) {
    const stats = await statsOf(place.path)
    if (stats !== undefined) return { ...place, stats }
  }
  return undefined
}

function reasonOf(error: unknown): Interrupted['reason'] {
  if (error === GONE || hasCode(error, 'ENOENT')) return 'replaced'
  return error instanceof Refused && isDiskFull(error.cause) ? 'disk_full' : 'failed'
}

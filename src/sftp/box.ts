/**
 * The tree that an institution sees: `/upload` to write to, `/reports` and `/archive` to read from. There are no links,
 * nothing can be made but files in `/upload`, and what waits there can be removed but not read.
 */
import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { constants, lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Entry } from './attributes.ts'
import type { BoxFolders } from './files-port.ts'
import { NO_SUCH_FILE, Refused } from './refused.ts'
import type { Uploads } from './uploads.ts'
import type { FolderName, Place } from './virtual-path.ts'
import { FOLDERS } from './virtual-path.ts'

type FilePlace = Extract<Place, { kind: 'file' }>

export class Box {
  readonly uploads: Uploads
  /** Of all connections of the institution to this process. */
  openHandles = 0
  /** What requests of all its connections hold in memory. */
  readonly held = { bytes: 0 }
  readonly #folders: BoxFolders

  constructor(folders: BoxFolders, uploads: Uploads) {
    this.#folders = folders
    this.uploads = uploads
  }

  /** @throws {Refused} when there is nothing */
  async entry(place: Place): Promise<Entry> {
    const found = await this.#entryAt(place)
    if (found === undefined) throw new Refused('NO_SUCH_FILE', NO_SUCH_FILE)
    return found
  }

  /** Names in a folder; their entries are asked for some at a time. */
  async names(place: Place): Promise<string[]> {
    if (place.kind === 'root') return [...FOLDERS]
    if (place.kind !== 'folder') throw new Refused('NO_SUCH_FILE', 'there is no such folder')
    return place.folder === 'upload' ? await this.uploads.names() : (await readdir(this.#folders[place.folder])).sort()
  }

  /** What has gone since the names were read is left out. */
  async entries(place: Place, names: readonly string[]): Promise<Entry[]> {
    const found = await this.#entriesIn(place, names)
    return found.filter((one) => one !== undefined)
  }

  async read(place: Place): Promise<FileHandle> {
    const { folder, name } = fileAt(place)
    if (folder === 'upload') {
      throw new Refused('PERMISSION_DENIED', 'files in /upload are not read back; /archive has them once they are gone through')
    }
    if (!isOneStep(name)) throw new Refused('NO_SUCH_FILE', NO_SUCH_FILE)
    const { O_RDONLY, O_NOFOLLOW = 0 } = constants
    return await open(join(this.#folders[folder], name), O_RDONLY | O_NOFOLLOW)
  }

  async #entryAt(place: Place): Promise<Entry | undefined> {
    switch (place.kind) {
      case 'root':
        return folderEntry('/', false)
      case 'folder':
        return folderEntry(place.folder, place.folder === 'upload')
      case 'file':
        return this.#fileEntry(place)
      case 'nowhere':
        return undefined
      default:
        return place satisfies never
    }
  }

  async #entriesIn(place: Place, names: readonly string[]): Promise<(Entry | undefined)[]> {
    if (place.kind === 'root') return names.map((name) => folderEntry(name, name === 'upload'))
    if (place.kind !== 'folder') return []
    const { folder } = place
    if (folder !== 'upload') return Promise.all(names.map((name) => this.#fileEntry({ kind: 'file', folder, name })))
    const found = await this.uploads.findAll(names)
    return names.map((name, index) => fileEntry(name, true, found[index]?.stats))
  }

  async #fileEntry({ folder, name }: FilePlace): Promise<Entry | undefined> {
    const isUpload = folder === 'upload'
    return fileEntry(name, isUpload, isUpload ? (await this.uploads.find(name))?.stats : await this.#statsIn(folder, name))
  }

  async #statsIn(folder: FolderName, name: string) {
    if (!isOneStep(name)) return
    const stats = await lstat(join(this.#folders[folder], name)).catch(() => undefined)
    return stats?.isFile() ? stats : undefined
  }
}

/** A name in `/upload`, for what can be done to nothing else. */
export function uploadAt(place: Place): string {
  const { folder, name } = fileAt(place)
  if (folder !== 'upload') throw new Refused('PERMISSION_DENIED', `/${folder} can be read only; upload to /upload`)
  return name
}

function fileAt(place: Place): FilePlace {
  if (place.kind === 'nowhere') throw new Refused('NO_SUCH_FILE', 'there are no folders but /upload, /reports and /archive')
  if (place.kind !== 'file') throw new Refused('FAILURE', 'this is a folder')
  return place
}

/** Whether a name, joined to a folder, is something in that folder, on every system. */
function isOneStep(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\:\p{Cc}]/u.test(name)
}

function fileEntry(name: string, isWritable: boolean, stats: Stats | undefined): Entry | undefined {
  return stats && { name, kind: 'file', isWritable, size: stats.size, modified: stats.mtimeMs }
}

function folderEntry(name: string, isWritable: boolean): Entry {
  return { name, kind: 'folder', isWritable, size: 0, modified: Date.now() }
}

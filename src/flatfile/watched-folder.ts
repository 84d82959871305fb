/**
 * A folder of an institution into which other programs put files, and what may be read there. Whoever fills it is not
 * trusted: a link may lead to files of the server or of another institution, and is never followed.
 */
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { lstat, open, readdir, realpath, rename } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'

/** A file as a look finds it. */
export type Sight = {
  readonly name: string
  readonly bytes: number
  readonly modifiedMs: number
  /** Of the last change of any kind: no sender can set it. */
  readonly changedMs: number
  readonly inode: number
  /** Neither a link nor a pipe, nor anything else that only looks like a file. */
  readonly isFile: boolean
}

/** Why a folder or a file of it is not read, for whoever has to mend it. */
export class NotReadable extends Error {
  override name = 'NotReadable'
}

/**
 * @param home the folder of the institution, made by the operator, who may have made it a link
 * @param folder of the settings, below it
 * @returns its true path; @throws {NotReadable} where it is not there or lies elsewhere
 */
export async function trueFolder(home: string, folder: string): Promise<string> {
  try {
    const base = await realpath(home)
    const path = await realpath(join(base, folder))
    const inside = relative(base, path)
    if (isAbsolute(inside) || inside.split(/[/\\]/)[0] === '..')
      throw new NotReadable(`${join(home, folder)} leads out of ${home}`)
    return path
  } catch (error) {
    if (error instanceof NotReadable) throw error
    throw new NotReadable(`${join(home, folder)} cannot be read: ${reasonOf(error)}`)
  }
}

/** Of a file whose name is not in UTF-8, by which it cannot be asked for. */
const NO_SIGHT: Omit<Sight, 'name'> = { bytes: 0, modifiedMs: 0, changedMs: 0, inode: 0, isFile: false }

/** What lies in it, whatever it is; what vanishes meanwhile is left out. */
export async function sightsIn(path: string): Promise<Sight[]> {
  const names = await readdir(path).catch((error) => {
    throw new NotReadable(`${path} cannot be read: ${reasonOf(error)}`)
  })
  const sights = names.map(async (name): Promise<Sight[]> => {
    const stats = await lstat(join(path, name)).catch(() => undefined)
    if (stats === undefined) return name.includes('\ufffd') ? [{ ...NO_SIGHT, name }] : []
    if (stats.isDirectory()) return []
    const { size, mtimeMs, ctimeMs, ino } = stats
    return [{ name, bytes: size, modifiedMs: mtimeMs, changedMs: ctimeMs, inode: ino, isFile: stats.isFile() }]
  })
  return (await Promise.all(sights)).flat()
}

/** In front of the name of a file that is being taken; one of a process that died is taken again. */
const TAKEN = '.taken.'

/** The name that a file had before it was claimed; undefined where it never was. */
export function claimedName(name: string): string | undefined {
  return name.startsWith(TAKEN) ? name.slice(TAKEN.length) : undefined
}

export type Claimed = AsyncDisposable & {
  readonly handle: FileHandle
  /** Where it lies now, out of sight of whoever looks for its name. */
  readonly path: string
}

/** Opens a file and moves it out of the way of a later one of its name. @throws {NotReadable} and leaves it as it is */
export async function claim(folder: string, name: string): Promise<Claimed> {
  const from = join(folder, name)
  const to = claimedName(name) === undefined ? join(folder, TAKEN + name) : from
  let handle: FileHandle | undefined
  try {
    // A pipe would never answer, a link lead away; a second name may be that of somebody else's file.
    handle = await open(from, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    const stats = await handle.stat()
    if (!stats.isFile()) throw new NotReadable('it is no file')
    if (stats.nlink > 1) throw new NotReadable('it is one file with another one (a hard link)')
    if (from !== to) await rename(from, to)
  } catch (error) {
    await handle?.close()
    throw notReadable(error)
  }
  const opened = handle
  return { handle: opened, path: to, [Symbol.asyncDispose]: () => opened.close() }
}

export function notReadable(error: unknown): NotReadable {
  return error instanceof NotReadable ? error : new NotReadable(reasonOf(error))
}

const REASONS: { readonly [code: string]: string } = {
  ENOENT: 'there is none',
  ELOOP: 'it is a link',
  EACCES: 'the server has no right to it',
  EPERM: 'the server has no right to it',
  ENOTDIR: 'it is no folder',
}

function reasonOf(error: unknown): string {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string }
  return REASONS[code] ?? message
}

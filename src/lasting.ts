/**
 * Files that are where they were put even after a power cut: on most file systems a new name in a folder is on the disk
 * only once the folder is, however safe what is in the file may be.
 */
import { randomUUID } from 'node:crypto'
import { link, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { hasCode } from './file-errors.ts'

/** Resolves when the file has its new name on the disk, within one file system. @param from whose content is there already */
export async function renameForGood(from: string, to: string): Promise<void> {
  await rename(from, to)
  await keepFolder(dirname(to))
}

/** Makes a file that its owner alone may read, whole or not at all. Of several that make it at once, the first one stays. */
export async function makeForGood(path: string, content: string): Promise<void> {
  const whole = `${path}.${randomUUID()}`
  try {
    await writeFile(whole, content, { flag: 'wx', mode: 0o600, flush: true })
    await link(whole, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(whole, { force: true })
  }
  await keepFolder(dirname(path))
}

/** Resolves when all names in the folder are on the disk. */
export async function keepFolder(path: string): Promise<void> {
  // Windows does not open folders, and keeps their names by itself.
  if (process.platform === 'win32') return
  await using folder = await open(path, 'r')
  await folder.sync().catch((error) => {
    // Some file systems, most of them on other machines, know no such thing.
    if (!hasCode(error, 'EINVAL') && !hasCode(error, 'ENOTSUP')) throw error
  })
}

/**
 * Small files that some senders put beside a file: `people.csv.done` (or `people.done`) says that it is whole,
 * `people.csv.sha256` what it should contain. They lie aside until the file is gone through, and go with it.
 */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { unlessMissing } from '../file-errors.ts'
import { headOf } from './encoding.ts'
import { CHECKSUM_END, DONE_ENDS } from './file-name.ts'
import type { Folders } from './folders.ts'
import { FileRefused } from './refusal.ts'

/** Of a companion: what it says fits in far less. */
const MOST_BYTES = 1024

/** Whether the sender has said that the file is whole. */
export async function isSaidDone(folders: Folders, file: string): Promise<boolean> {
  return (await beside(folders, file)).some((name) => DONE_ENDS.some((end) => name.toLowerCase().endsWith(end)))
}

/** What the sender says of the content; undefined when nothing was said. */
export async function checksumBeside(folders: Folders, file: string): Promise<string | undefined> {
  const name = (await beside(folders, file)).find(isChecksum)
  return name === undefined ? undefined : await saidIn(join(folders.aside, name))
}

/**
 * What stands beside a file becomes its run's, since more may come for a later file of its name at any moment.
 * @param folder of the run
 */
export async function takeCompanions(folders: Folders, file: string, folder: string): Promise<void> {
  for (const name of await beside(folders, file)) {
    const path = join(folders.aside, name)
    if (isChecksum(name)) await rename(path, checksumIn(folder)).catch(unlessMissing)
    else await rm(path, { force: true })
  }
}

/** What the sender said of the content of the file that a run has taken. */
export async function checksumTaken(folder: string): Promise<string | undefined> {
  return existsSync(checksumIn(folder)) ? await saidIn(checksumIn(folder)) : undefined
}

/** @param said as `sha256sum` writes it, or the digits alone; @throws {FileRefused} when the file is another one */
export async function compareChecksum(path: string, file: string, said: string): Promise<void> {
  const wanted = /\b[0-9a-f]{64}\b/i.exec(said)?.[0].toLowerCase()
  if (wanted === undefined) throw mismatch(file, 'holds no SHA-256, which is 64 hexadecimal digits')
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash)
  const found = hash.digest('hex')
  if (found !== wanted) throw mismatch(file, `says ${wanted}, and the file has ${found}: was the upload whole?`)
}

function mismatch(file: string, says: string): FileRefused {
  return new FileRefused('checksum_mismatch', `${file}${CHECKSUM_END} ${says}`)
}

export async function removeCompanions(folders: Folders, file: string): Promise<void> {
  for (const name of await beside(folders, file)) await rm(join(folders.aside, name), { force: true })
}

function checksumIn(folder: string): string {
  return join(folder, `file${CHECKSUM_END}`)
}

function isChecksum(name: string): boolean {
  return name.toLowerCase().endsWith(CHECKSUM_END)
}

async function saidIn(path: string): Promise<string> {
  return (await headOf(path, MOST_BYTES)).toString('latin1')
}

/** The file that a companion stands beside may be called so; in lower case. */
export function filesMeantBy(companion: string, files: readonly string[]): string[] {
  return files.filter((file) => namesBeside(file).has(companion.toLowerCase()))
}

async function beside({ aside }: Folders, file: string): Promise<string[]> {
  const names = namesBeside(file)
  return (await readdir(aside)).filter((name) => names.has(name.toLowerCase()))
}

function namesBeside(file: string): ReadonlySet<string> {
  const whole = file.toLowerCase()
  const stem = whole.replace(/\.[^.]*$/, '')
  return new Set([...DONE_ENDS.flatMap((end) => [whole + end, stem + end]), whole + CHECKSUM_END])
}

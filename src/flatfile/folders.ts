/**
 * Where the files of an institution lie: what comes in, what waits, what is being worked on, what is done, the reports.
 * All in one file system, so that a file is in one place or in the other and never half in both.
 */
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isoTime } from '../days.ts'
import { unlessMissing } from '../file-errors.ts'
import { keepFolder, renameForGood } from '../lasting.ts'

export type Folders = {
  /** Files on their way in, whoever brings them: nothing here is complete. */
  readonly incoming: string
  /** Whole files that are not gone through: of an unfinished name, without content, or beside another file. */
  readonly aside: string
  /** Complete files that wait for their run. */
  readonly upload: string
  /** One folder a run, gone when it is done. */
  readonly work: string
  /** One folder a check, gone when it is done. */
  readonly checks: string
  readonly archive: string
  readonly reports: string
}

export async function openFolders(dataDir: string, institution: string): Promise<Folders> {
  const root = join(dataDir, 'files', institution)
  const folders = {
    incoming: join(root, 'incoming'),
    aside: join(root, 'aside'),
    upload: join(root, 'upload'),
    work: join(root, 'work'),
    checks: join(root, 'checks'),
    archive: join(root, 'archive'),
    reports: join(root, 'reports'),
  }
  let areNew = false
  for (const folder of Object.values(folders)) {
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) areNew = true
  }
  // What lies in a folder is lost with the folder's own name.
  if (areNew) for (const above of [root, dirname(root), dataDir]) await keepFolder(above)
  return folders
}

/** `2026-11-24T030000.000Z_people.csv`: sorts by time, and contains the name as it was sent. */
export function datedName(name: string, now: number): string {
  return `${isoTime(now).slice(0, 23).replaceAll(':', '')}Z_${name}`
}

/** Where a file goes in the archive; of several of one name at one time none takes the place of another. */
export function archived(name: string, { archive }: Folders, now: number): string {
  for (let at = now; ; at++) {
    const path = join(archive, datedName(name, at))
    if (!existsSync(path)) return path
  }
}

/** The file of a run, in the folder of the run. */
export function fileIn(folder: string): string {
  return join(folder, 'file')
}

/** Done with: what was uploaded goes to the archive, and the folder of its run goes. */
export async function putAway(
  { _id, file, isTaken = false }: { readonly _id: string; readonly file: string; readonly isTaken?: boolean },
  folders: Folders,
  now: number,
): Promise<void> {
  const folder = join(folders.work, _id)
  if (isTaken) await renameForGood(fileIn(folder), archived(file, folders, now)).catch(unlessMissing)
  await rm(folder, { recursive: true, force: true })
}

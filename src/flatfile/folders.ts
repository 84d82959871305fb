/**
 * Where the files of an institution lie: what was uploaded, what is being worked on, what is done, and the reports.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

export type Folders = {
  readonly upload: string
  /** One folder a run, gone when it is done. */
  readonly work: string
  readonly archive: string
  readonly reports: string
}

export async function openFolders(dataDir: string, institution: string): Promise<Folders> {
  const root = join(dataDir, 'files', institution)
  const folders = {
    upload: join(root, 'upload'),
    work: join(root, 'work'),
    archive: join(root, 'archive'),
    reports: join(root, 'reports'),
  }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 })
  return folders
}

/** `2026-11-24T030000.000Z_people.csv`: sorts by time, and contains the name as it was sent. */
export function datedName(name: string, now: number): string {
  return `${new Date(now).toISOString().slice(0, 23).replaceAll(':', '')}Z_${name}`
}

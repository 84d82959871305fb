/**
 * How much an institution may have lying here before it is gone through, whichever way it sends it, and how much lies here.
 */
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Institution } from '../directory/institution.ts'
import { unlessMissing } from '../file-errors.ts'

export type Lying = { readonly bytes: number; readonly files: number }

const DEFAULT: Lying = { bytes: 2 * 1024 ** 3, files: 1000 }

export function uploadQuota({ settings }: Institution): Lying {
  return { ...DEFAULT, ...settings.sftp?.quota }
}

/** What lies in these folders, not counting what lies below them; what is moved on meanwhile may be left out. */
export async function measure(folders: readonly string[]): Promise<Lying> {
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

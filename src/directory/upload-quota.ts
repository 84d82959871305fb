/**
 * How much an institution may have lying here before it is gone through, whichever way it sends it.
 */
import type { Institution } from './institution.ts'

export type UploadQuota = { readonly bytes: number; readonly files: number }

const DEFAULT: UploadQuota = { bytes: 2 * 1024 ** 3, files: 1000 }

export function uploadQuota({ settings }: Institution): UploadQuota {
  return { ...DEFAULT, ...settings.sftp?.quota }
}

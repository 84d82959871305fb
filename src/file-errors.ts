/**
 * What the operating system says when it does not do what is asked, most often of a file.
 */
import { dirname } from 'node:path'

export type SystemError = Error & {
  readonly code: string
  readonly syscall: string
  readonly path?: string
  readonly dest?: string
}

/** A file that the server keeps for itself is not what it should be; the message says what to mend. */
export class KeptFileError extends Error {
  override name = 'KeptFileError'
}

/** Whether it comes from the operating system. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error
}

/** Whether the error carries this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** Whether there is no room left where it was to be written: on the disk, for this account, or in this file. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].some((code) => hasCode(error, code))
}

/** For `catch`: undefined where there is no such file; what else went wrong goes on. */
export function unlessMissing(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error
}

/** Why a file cannot be read, for the person who named it. */
export function unreadable(file: string, error: unknown): string {
  if (hasCode(error, 'ENOENT')) return `there is no file ${file}`
  return `${file} cannot be read: ${reasonOf(error)}`
}

/** Why a file cannot be written, likewise. */
export function unwritable(file: string, error: unknown): string {
  if (hasCode(error, 'ENOENT')) return `${file} cannot be written: there is no folder ${dirname(file)}`
  return `${file} cannot be written: ${reasonOf(error)}`
}

function reasonOf(error: unknown): string {
  if (hasCode(error, 'EISDIR')) return 'it is a folder'
  if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM')) return 'this account may not do that'
  return error instanceof Error ? error.message : String(error)
}

/**
 * What SQLite and the file system report, as the StoreError that the person who runs the server can act on.
 */
import type { StoreFault } from '../store.ts'
import { StoreError } from '../store.ts'

/** A StoreError as it travels between threads. */
export type Fault = { readonly fault: StoreFault; readonly message: string }

const LOCKED = 'another process keeps it locked: end that one, or wait until it is done'

/** SQLite's primary result codes, https://sqlite.org/rescode.html */
const CODES: { readonly [code: number]: readonly [StoreFault, string] } = {
  3: ['unusable', 'access to it is denied'],
  5: ['unavailable', LOCKED],
  6: ['unavailable', LOCKED],
  7: ['unavailable', 'there is not enough memory'],
  8: ['unusable', 'it is not writable: check the rights of the file and of its folder'],
  10: ['unusable', 'the disk reports an error, or has no room left: look at both'],
  11: ['unusable', 'it is damaged: restore it from a backup'],
  13: ['unusable', 'the disk is full: make room'],
  14: ['unusable', 'it cannot be opened: check that the folder exists and that this user may write there'],
  26: ['unusable', 'it is not a SQLite database'],
}

export function storeError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (isTooMuch(error)) return new StoreError('tooSlow', `the question is too large (${error.message})`, { cause: error })
  const [fault, says] = CODES[codeOf(error) & 0xff] ?? ['unusable', 'it failed']
  const reason = error instanceof Error ? error.message : String(error)
  return new StoreError(fault, `SQLite store ${path}: ${says} (${reason})`, { cause: error })
}

export function faultOf(path: string, error: unknown): Fault {
  const { fault, message } = storeError(path, error)
  return { fault, message }
}

/** Whether it would befall any other write just as well. */
export function isOfTheFile(error: unknown): boolean {
  return Object.hasOwn(CODES, codeOf(error) & 0xff)
}

/** Whether the statement itself was too much for SQLite: too deep, too long, too many values. */
function isTooMuch(error: unknown): error is Error {
  return codeOf(error) === 1 && error instanceof Error && /too (large|many|deep|long|big)|overflow/.test(error.message)
}

function codeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0
}

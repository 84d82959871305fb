/**
 * What is in a file that a command names, or on standard input where it is called `-`.
 */

import { readFile } from 'node:fs/promises'
import { buffer, text } from 'node:stream/consumers'
import { hasCode } from '../error-code.ts'
import { Refusal } from './command.ts'

/** @throws {Refusal} when it cannot be read, with the reason */
export async function contentOf(file: string): Promise<string> {
  return file === '-' ? text(process.stdin) : readFile(file, 'utf8').catch((error) => Promise.reject(unreadable(file, error)))
}

/** @throws {Refusal} as `contentOf` */
export async function bytesOf(file: string): Promise<Buffer> {
  return file === '-' ? buffer(process.stdin) : readFile(file).catch((error) => Promise.reject(unreadable(file, error)))
}

function unreadable(file: string, error: unknown): Refusal {
  return new Refusal(
    hasCode(error, 'ENOENT')
      ? `there is no file ${file}`
      : `${file} cannot be read: ${error instanceof Error ? error.message : error}`,
  )
}

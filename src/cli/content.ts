/**
 * What is in a file that a command names, or on standard input where it is called `-`.
 */
import { readFile } from 'node:fs/promises'
import { buffer, text } from 'node:stream/consumers'
import { unreadable } from '../file-errors.ts'
import { Refusal } from './command.ts'

/** @throws {Refusal} when it cannot be read, with the reason */
export async function contentOf(file: string): Promise<string> {
  return file === '-'
    ? text(process.stdin)
    : readFile(file, 'utf8').catch((error) => Promise.reject(new Refusal(unreadable(file, error))))
}

/** @throws {Refusal} as `contentOf` */
export async function bytesOf(file: string): Promise<Buffer> {
  return file === '-'
    ? buffer(process.stdin)
    : readFile(file).catch((error) => Promise.reject(new Refusal(unreadable(file, error))))
}

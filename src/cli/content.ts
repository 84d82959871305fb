/**
 * What is in a file that a command names, or on standard input where it is called `-`.
 */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { unreadable } from '../file-errors.ts'
import { Refusal } from './command.ts'

/** As PowerShell writes what is sent to a file. */
const WIDE = [
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
] as const

/**
 * Without its byte order mark.
 * @throws {Refusal} when it cannot be read, with the reason
 */
export async function contentOf(file: string): Promise<string> {
  const bytes = await bytesOf(file)
  const wide = WIDE.find(({ mark }) => bytes.subarray(0, 2).equals(mark))
  return new TextDecoder(wide?.encoding).decode(bytes)
}

/** @throws {Refusal} as `contentOf` */
export async function bytesOf(file: string): Promise<Buffer> {
  return file === '-'
    ? buffer(process.stdin)
    : readFile(file).catch((error) => Promise.reject(new Refusal(unreadable(file, error))))
}

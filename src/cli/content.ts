/**
 * What is in a file that a command names, or on standard input where it is called `-`.
 */
import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { unreadable } from '../file-errors.ts'
import { encodingByMark } from '../flatfile/encoding.ts'
import { Refusal } from './command.ts'

/**
 * Text in UTF-8, or in UTF-16, which PowerShell writes when it is told to send something to a file; without its byte order
 * mark.
 * @throws {Refusal} when it cannot be read, with the reason
 */
export async function contentOf(file: string): Promise<string> {
  const bytes = await bytesOf(file)
  return new TextDecoder(encodingByMark(bytes)?.name).decode(bytes)
}

/**
 * Likewise where every letter is kept: a file in another encoding is refused, which is else read with a mark in the place of
 * each letter that is not ASCII.
 * @throws {Refusal}
 */
export async function textOf(file: string): Promise<string> {
  const text = await contentOf(file)
  if (text.includes('\ufffd')) throw new Refusal(`${placeOf(file)} has letters that are not in UTF-8; save it as UTF-8`)
  return text
}

/** As messages call it. */
export function placeOf(file: string): string {
  return file === '-' ? 'standard input' : file
}

async function bytesOf(file: string): Promise<Buffer> {
  return file === '-'
    ? buffer(process.stdin)
    : readFile(file).catch((error) => Promise.reject(new Refusal(unreadable(file, error))))
}

/**
 * The text of a file that a command names, or of standard input where it is called `-`.
 */
import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { Refusal } from './command.ts'

/** @throws {Refusal} when it cannot be read, with the reason */
export async function contentOf(file: string): Promise<string> {
  if (file === '-') return textOf(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new Refusal(
      isMissing ? `there is no file ${file}` : `${file} cannot be read: ${error instanceof Error ? error.message : error}`,
    )
  }
}

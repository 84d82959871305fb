/**
 * Rows put down in a file of their own, for formats that give them once or slowly: written as they come, read as often
 * as wanted.
 */
import type { Growing } from './lines.ts'
import { linesOf, openLineWriter, readLines } from './lines.ts'
import type { Row } from './row.ts'

type Rows = AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>

/** Resolves when all rows stand in the file, which is made anew. @param isLasting whether it is to outlive a power cut */
export async function writeSpool(path: string, rows: Rows, isLasting = true): Promise<void> {
  const lines = openLineWriter(path, isLasting)
  try {
    for await (const batch of rows) await lines.write(linesOf(batch))
    await lines.close()
  } finally {
    lines.abandon()
  }
}

/** @param line as it stands there */
export function rowFrom(line: string): Row {
  return JSON.parse(line)
}

/** @param path as it was written; whole, if it does not grow */
export function readSpool(path: string, growing?: Growing): AsyncGenerator<readonly Row[]> {
  return readLines<Row>(path, growing)
}

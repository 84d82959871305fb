/**
 * Rows put down in a file of their own, for formats that give them once or slowly: written as they come, read as often
 * as wanted, never held in memory. One line of JSON a row.
 */

import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Row } from './row.ts'

/** Resolves when all rows stand in the file, which is made anew. */
export async function writeSpool(path: string, rows: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>): Promise<void> {
  const file = createWriteStream(path)
  const done = finished(file)
  // Awaited below; until then a full disk must not end the process.
  done.catch(() => {})
  for await (const batch of rows) {
    if (batch.length === 0) continue
    if (!file.write(`${batch.map((row) => JSON.stringify(row)).join('\n')}\n`)) await Promise.race([once(file, 'drain'), done])
  }
  file.end()
  await done
}

/** @param path as `writeSpool` made it, whole */
export async function* readSpool(path: string): AsyncGenerator<readonly Row[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of createReadStream(path, { highWaterMark: 64 * 1024 })) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield lines.map((line) => JSON.parse(line) as Row)
  }
}

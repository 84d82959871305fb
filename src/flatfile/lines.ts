/**
 * What a run puts down on its way and reads again: one object a line of JSON, never held in memory as a whole.
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** How many bytes may wait for the disk while more are made. */
const AHEAD = 1024 * 1024

/** How many bytes are read at a time. */
const PIECE = 64 * 1024

export type LineWriter = {
  /** Resolves when more can be taken. */
  write(text: string): Promise<void>
  /** So much of it can be read by others already. */
  readonly bytesWritten: number
  /** Resolves when all of it stands on the disk. */
  close(): Promise<void>
  /** Gives up what is not written yet. */
  abandon(): void
}

/**
 * Makes the file anew, readable by its owner alone.
 * @param isLasting whether it is to outlive a power cut
 */
export function openLineWriter(path: string, isLasting = true): LineWriter {
  const file = createWriteStream(path, { mode: 0o600, flush: isLasting, highWaterMark: AHEAD })
  const done = finished(file)
  // Awaited by close; until then a full disk must not end the process.
  done.catch(() => {})
  return {
    async write(text) {
      if (text !== '' && !file.write(text)) await Promise.race([once(file, 'drain'), done])
    },
    get bytesWritten() {
      return file.bytesWritten
    },
    async close() {
      file.end()
      await done
    },
    abandon: () => file.destroy(),
  }
}

export function linesOf(objects: readonly object[]): string {
  return objects.map((one) => `${JSON.stringify(one)}\n`).join('')
}

/** A file that somebody still writes. */
export type Growing = {
  /** How far it has come, in bytes, as soon as that is further than `from`; undefined when there is no more. */
  after(from: number): Promise<number | undefined>
}

/** Some at a time. @param path of a file that is whole, if it does not grow */
export async function* readLines<T>(path: string, growing?: Growing): AsyncGenerator<readonly T[]> {
  for await (const lines of readTexts(path, growing)) yield lines.map((line) => JSON.parse(line) as T)
}

/** The same as text, for what may not be looked at. */
export async function* readTexts(path: string, growing?: Growing): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of bytesOf(path, growing)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield lines
  }
}

async function* bytesOf(path: string, growing: Growing | undefined): AsyncGenerator<Buffer> {
  if (growing === undefined) return yield* createReadStream(path, { highWaterMark: PIECE })
  let from = 0
  for (;;) {
    const to = await growing.after(from)
    if (to === undefined) return
    yield* createReadStream(path, { start: from, end: to - 1, highWaterMark: PIECE })
    from = to
  }
}

/** The same in pieces of one size; the last may be smaller. */
export async function* inChunks<T>(pieces: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<readonly T[]> {
  const left: T[] = []
  for await (const piece of pieces) {
    for (const one of piece) left.push(one)
    while (left.length >= size) yield left.splice(0, size)
  }
  if (left.length > 0) yield left
}

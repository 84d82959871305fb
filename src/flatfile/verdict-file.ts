/**
 * Verdicts in a file, one line of JSON a row, in the order of the rows: the report for programs, and what a run keeps
 * of its plan. Never held in memory as a whole.
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import type { Row } from './row.ts'
import { readSpool } from './spool.ts'
import type { PlannedVerdict } from './verdict.ts'

export type LineWriter = {
  /** Resolves when more can be taken. */
  write(text: string): Promise<void>
  /** Resolves when all of it stands on the disk, for good. */
  close(): Promise<void>
  /** Gives up what is not written yet. */
  abandon(): void
}

/** Makes the file anew, readable by its owner alone. */
export function openLineWriter(path: string): LineWriter {
  const file = createWriteStream(path, { mode: 0o600, flush: true })
  const done = finished(file)
  // Awaited by close; until then a full disk must not end the process.
  done.catch(() => {})
  return {
    async write(text) {
      if (text !== '' && !file.write(text)) await Promise.race([once(file, 'drain'), done])
    },
    async close() {
      file.end()
      await done
      const written = await open(path, 'r')
      await written.sync()
      await written.close()
    },
    abandon: () => file.destroy(),
  }
}

export function lineOf(verdict: PlannedVerdict): string {
  return `${JSON.stringify(verdict)}\n`
}

export async function* readVerdicts(path: string): AsyncGenerator<PlannedVerdict> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as PlannedVerdict
  }
}

export type Judged = { readonly row: Row; readonly verdict: PlannedVerdict }

/**
 * The rows of a table beside the verdicts on them, some at a time.
 * @param spool where the rows were put down
 */
export async function* judgedRows(spool: string, path: string): AsyncGenerator<readonly Judged[]> {
  const verdicts = readVerdicts(path)
  try {
    for await (const rows of readSpool(spool)) {
      const judged: Judged[] = []
      for (const row of rows) {
        const { value: verdict } = await verdicts.next()
        if (verdict?.row !== row.number)
          throw new Error(`row ${row.number} has no verdict in ${path}: ${verdict?.row ?? 'it ends'}`)
        judged.push({ row, verdict })
      }
      yield judged
    }
  } finally {
    await verdicts.return(undefined)
  }
}

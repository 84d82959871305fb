/**
 * The thread that reads one large file: puts its rows down and says how far it has come, who is named again, and at the
 * end who is named at all. Started by `reading.ts` alone.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Scanned } from './key-scan.ts'
import { scanKeys } from './key-scan.ts'
import type { FileLimits } from './limits.ts'
import type { MentionsParts } from './mentions.ts'
import type { FileCode } from './refusal.ts'
import { FileRefused } from './refusal.ts'
import type { TableHead, TableOptions } from './table.ts'
import { openTable, tableHead } from './table.ts'

export type ReadingData = TableOptions & {
  readonly path: string
  readonly limits: FileLimits
  /** Where the rows are put down. */
  readonly spool: string
}

export type ReadingReply =
  | { readonly kind: 'opened'; readonly head: TableHead }
  | ({ readonly kind: 'scanned' } & Scanned)
  | { readonly kind: 'whole'; readonly rows: number; readonly bytes: number; readonly mentions: MentionsParts }
  | { readonly kind: 'refused'; readonly code: FileCode; readonly message: string; readonly field?: string }

if (parentPort !== null) await read(parentPort, workerData as ReadingData)

async function read(port: NonNullable<typeof parentPort>, options: ReadingData): Promise<void> {
  const reply = (message: ReadingReply, moved: readonly ArrayBuffer[] = []) => port.postMessage(message, moved)
  try {
    await using table = await openTable(options.path, options)
    reply({ kind: 'opened', head: tableHead(table) })
    const onScanned = (scanned: Scanned) => reply({ kind: 'scanned', ...scanned })
    const { rows, bytes, mentions } = await scanKeys(table, { ...options, onScanned })
    const { parts } = mentions
    reply({ kind: 'whole', rows, bytes, mentions: parts }, [parts.slots.buffer])
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    const { code, message, field } = error
    reply({ kind: 'refused', code, message, ...(field !== undefined && { field }) })
  }
}

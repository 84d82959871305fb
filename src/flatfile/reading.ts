/**
 * A file as it is read for the first time: its rows are put down, and can be planned while the rest is still read.
 *
 * What takes long is read by a thread of its own, beside the one that serves requests and plans. A small file is read at
 * once: starting a thread would take longer.
 */
import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { Asked } from './asked.ts'
import { headOf } from './encoding.ts'
import { scanKeys } from './key-scan.ts'
import type { Growing } from './lines.ts'
import { OLE2_MAGIC } from './ole2.ts'
import type { ReadingData, ReadingReply } from './reading-thread.ts'
import { FileRefused } from './refusal.ts'
import type { Row } from './row.ts'
import { readSpool } from './spool.ts'
import type { TableHead } from './table.ts'
import { openTable, tableHead } from './table.ts'

export type Reading = AsyncDisposable & {
  readonly head: TableHead
  /** Which rows name whom. */
  readonly asked: Asked
  /** How many rows the file has; undefined until all are read. */
  readonly count: number | undefined
  /**
   * The rows from the first on, in order, some at a time as they are read.
   * @throws {FileRefused} as soon as it is known that the file as a whole cannot be read
   */
  rows(): AsyncGenerator<readonly Row[]>
}

export type ReadingOptions = Omit<ReadingData, 'path'> & {
  /** Hears how many rows are read, of a file that is read before its first row is planned. */
  readonly onRows: (rows: number) => void
}

/** From how many bytes on a file has a thread of its own. */
const LARGE = 4 * 1024 * 1024

/** @throws {FileRefused} for a file of which no row can be used */
export async function openReading(path: string, options: ReadingOptions): Promise<Reading> {
  const isLarge = (await stat(path)).size >= LARGE
  // A workbook of the old kind is read in a process of its own already.
  const isBeside = isLarge && !(await headOf(path, OLE2_MAGIC.length)).equals(OLE2_MAGIC)
  return isBeside ? readBeside(path, options) : readHere(path, options)
}

async function readHere(path: string, options: ReadingOptions): Promise<Reading> {
  const { limits, spool, onRows } = options
  await using table = await openTable(path, options)
  const { rows: count, mentions } = await scanKeys(table, { limits, spool, onScanned: ({ rows }) => onRows(rows) })
  const asked = new Asked()
  asked.complete(mentions.parts)
  return { head: tableHead(table), asked, count, rows: () => readSpool(spool), [Symbol.asyncDispose]: async () => {} }
}

async function readBeside(path: string, { onRows: _, ...options }: ReadingOptions): Promise<Reading> {
  const url = new URL(import.meta.url.endsWith('.ts') ? './reading-thread.ts' : './reading-thread.js', import.meta.url)
  const worker = new Worker(url, { workerData: { path, ...options } satisfies ReadingData, name: 'reading' })
  const head = Promise.withResolvers<TableHead>()
  const asked = new Asked()
  const spool = new GrowingSpool()
  let count: number | undefined
  const fail = (error: Error) => {
    head.reject(error)
    spool.fail(error)
  }
  worker.on('message', (reply: ReadingReply) => {
    switch (reply.kind) {
      case 'opened':
        return head.resolve(reply.head)
      case 'scanned':
        for (const [name, row] of reply.again) asked.note(name, row)
        return spool.growTo(reply.bytes)
      case 'whole':
        count = reply.rows
        asked.complete(reply.mentions)
        return spool.end(reply.bytes)
      case 'refused':
        return fail(new FileRefused(reply.code, reply.message, reply.field === undefined ? {} : { field: reply.field }))
      default:
        return reply satisfies never
    }
  })
  worker.on('error', (error) => fail(error as Error))
  worker.on('exit', () => fail(new Error('the thread that reads the file has ended')))
  const dispose = async () => void (await worker.terminate())
  try {
    return {
      head: await head.promise,
      asked,
      get count() {
        return count
      },
      rows: () => readSpool(options.spool, spool),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** The rows that are put down, as far as they are. */
class GrowingSpool implements Growing {
  #bytes = 0
  #isWhole = false
  #failure: Error | undefined
  #hear = () => {}

  async after(from: number): Promise<number | undefined> {
    while (this.#failure === undefined && this.#bytes <= from && !this.#isWhole) {
      await new Promise<void>((resolve) => {
        this.#hear = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure
    return this.#bytes > from ? this.#bytes : undefined
  }

  growTo(bytes: number): void {
    this.#bytes = bytes
    this.#hear()
  }

  end(bytes: number): void {
    this.#isWhole = true
    this.growTo(bytes)
  }

  /** Of what is whole already nothing is lost. */
  fail(error: Error): void {
    if (!this.#isWhole) this.#failure ??= error
    this.#hear()
  }
}

/**
 * The writer thread: owns the only connection of this process that writes. A message is a group of calls, answered
 * after their commit; 'close' ends the thread with the log folded into the file. Between messages it tidies up.
 */
import type { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { Collection } from '../collections.ts'
import type { CallAnswer } from './commit.ts'
import { Committer } from './commit.ts'
import type { Fault } from './faults.ts'
import { faultOf } from './faults.ts'
import type { Message } from './message.ts'
import { unpacked } from './message.ts'
import type { WriterOptions } from './migrate.ts'
import { openForWriting } from './migrate.ts'
import { tablesOf } from './schema.ts'

export type WriterData = WriterOptions & {
  readonly collections: Readonly<Record<string, Collection>>
  /** How often what is outlived is cleared away, and the log with what was erased. */
  readonly tidyMs: number
}
export type WriterRequest = 'close' | Message
export type WriterReply = 'ready' | Fault | readonly CallAnswer[]

const port = parentPort
if (port !== null) serve(port, workerData as WriterData)

function serve(port: NonNullable<typeof parentPort>, options: WriterData): void {
  const reply = (message: WriterReply) => port.postMessage(message)
  try {
    const tables = tablesOf(options.collections)
    const db = openForWriting(options, tables)
    const committer = new Committer(db, options.path, tables)
    const tidying = tidyEvery(options.tidyMs, () => {
      const isMore = committer.sweep()
      if (!isMore) foldLog(db, options.busyMs)
      return isMore
    })
    port.on('message', (request: WriterRequest) => {
      if (request !== 'close') return reply(committer.commit(unpacked(request)))
      tidying.stop()
      foldLog(db, options.busyMs)
      db.close()
      port.close()
    })
    reply('ready')
  } catch (error) {
    reply(faultOf(options.path, error))
    port.close()
  }
}

/** The log into the file, and the log emptied: it holds what was written over. Where somebody is reading it, it stays for now. */
function foldLog(db: DatabaseSync, busyMs: number): void {
  try {
    db.exec('pragma busy_timeout = 0; pragma wal_checkpoint(truncate)')
  } finally {
    db.exec(`pragma busy_timeout = ${busyMs}`)
  }
}

/** @param tidy does a part of the work and says whether there is more: messages come in between */
function tidyEvery(ms: number, tidy: () => boolean): { stop(): void } {
  let next: NodeJS.Immediate | undefined
  const go = () => {
    clearImmediate(next)
    try {
      next = tidy() ? setImmediate(go) : undefined
    } catch {
      // The file or its disk: who writes is told, and there is another time.
    }
  }
  const timer = setInterval(go, ms)
  return {
    stop() {
      clearInterval(timer)
      clearImmediate(next)
    },
  }
}

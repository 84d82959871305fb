/**
 * The writer thread: owns the only connection of this process that writes. A message is a group of calls, answered
 * after their commit; 'close' ends the thread with the log folded into the file.
 */
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

export type WriterData = WriterOptions & { readonly collections: Readonly<Record<string, Collection>> }
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
    port.on('message', (request: WriterRequest) => {
      if (request !== 'close') return reply(committer.commit(unpacked(request)))
      // Another process may be reading: then the log stays, and whoever opens the file next reads it.
      db.exec('pragma busy_timeout = 0; pragma wal_checkpoint(truncate)')
      db.close()
      port.close()
    })
    reply('ready')
  } catch (error) {
    reply(faultOf(options.path, error))
    port.close()
  }
}

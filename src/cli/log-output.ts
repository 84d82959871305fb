/**
 * The log of a server on standard error: written behind the requests' back, all of it before the process ends.
 */
import { destination } from 'pino'
import type { Log } from '../observe/log.ts'
import { openLog } from '../observe/log.ts'
import { NOT_DONE } from './command.ts'

export function openLogOutput(level: string): Disposable & { readonly log: Log } {
  const stream = destination({ dest: 2, sync: false })
  // Whoever reads the log may go away: that is no reason to stop serving.
  stream.on('error', () => {})
  const flush = () => {
    try {
      stream.flushSync()
    } catch {
      // Nobody reads it any more.
    }
  }
  const log = openLog(level, stream)
  const end = (error: unknown) => {
    log.fatal({ err: error }, 'ended by a fault of the program')
    flush()
    process.exit(NOT_DONE)
  }
  process.on('uncaughtException', end)
  return {
    log,
    [Symbol.dispose]: () => {
      process.off('uncaughtException', end)
      flush()
    },
  }
}

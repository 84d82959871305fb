/**
 * The log: one JSON object a line, without personal data and without secrets. What is logged are ids, routes, counts
 * and times; never a URL with its query, a header, a body or a value.
 */
import type { DestinationStream } from 'pino'
import { pino } from 'pino'
import { errorWithoutValues } from './safe-error.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error' | 'fatal'

type Write = (about: object, message: string) => void

export type Log = { readonly [level in Level]: Write } & { isLevelEnabled(level: Level): boolean }

/** @param level of pino, or `silent` */
export function openLog(level: string, destination: DestinationStream): Log {
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: errorWithoutValues } }, destination)
}

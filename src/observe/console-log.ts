/**
 * The log where a platform gathers what is written to the console: the same lines, as objects that it can search.
 */
import type { Level, Log } from './log.ts'
import { errorWithoutValues } from './safe-error.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const satisfies readonly Level[]

/** @param least what is written: `trace` writes all of it, `silent` nothing */
export function openConsoleLog(least: Level | 'trace' | 'silent'): Log {
  const from = least === 'trace' ? 0 : least === 'silent' ? LEVELS.length : LEVELS.indexOf(least)
  const isLevelEnabled = (level: Level) => LEVELS.indexOf(level) >= from
  const at = (level: Level) => (about: object, message: string) => {
    if (isLevelEnabled(level)) write(level, { level, ...withoutValues(about), msg: message })
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal'), isLevelEnabled }
}

function withoutValues(about: object): object {
  return 'err' in about ? { ...about, err: errorWithoutValues(about.err) } : about
}

function write(level: Level, line: object): void {
  if (level === 'error' || level === 'fatal') console.error(line)
  else if (level === 'warn') console.warn(line)
  else console.log(line)
}

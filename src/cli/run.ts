/**
 * From the words on the command line to the command that does it. One place where errors become a line and exit code 1.
 */
import packageFile from '../../package.json' with { type: 'json' }
import { SealError } from '../auth/seal.ts'
import { ConfigError } from '../config.ts'
import { didYouMean } from '../directory/near-miss.ts'
import { isDiskFull, isSystemError, KeptFileError } from '../file-errors.ts'
import { StoreError } from '../store/store.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, Misuse, NOT_DONE, Refusal } from './command.ts'
import { MATRICULA } from './commands.ts'

/** @returns the exit code */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const path: string[] = []
  try {
    if (args[0] === '--version') {
      terminal.out(packageFile.version)
      return DONE
    }
    const words = args[0] === 'help' ? [...args.slice(1), '--help'] : args
    const command = find(MATRICULA, words, path)
    const rest = words.slice(path.length)
    if (!('run' in command) || asksForHelp(rest)) {
      terminal.out(helpOf(command))
      return DONE
    }
    return await command.run(rest, terminal)
  } catch (error) {
    const message = messageFor(error)
    if (message === undefined) throw error
    terminal.say(`matricula: ${message}`)
    if (error instanceof Misuse) terminal.say(`See: ${['matricula', ...path, '--help'].join(' ')}`)
    return NOT_DONE
  }
}

/** What to mend; undefined for any other error, of which the place in the code matters too. */
function messageFor(error: unknown): string | undefined {
  if ([Refusal, ConfigError, StoreError, SealError, KeptFileError].some((kind) => error instanceof kind))
    return (error as Error).message
  if (!isSystemError(error)) return undefined
  const why = `${error.message.replace(/^\w+: /, '').replace(/, .*$/s, '')} (${error.code})`
  if (isDiskFull(error))
    return `${why}: make room in DATA_DIR and wherever else this command writes; a file that was begun then goes on with matricula files run`
  if (error.path === undefined) return undefined
  const what = error.dest === undefined ? `${error.path} cannot be used` : `${error.path} cannot be moved to ${error.dest}`
  return `${what}: ${why}; DATA_DIR should be a folder that this account may write to`
}

/** Follows the words down to the command that runs; `path` becomes the words that led there. */
function find(command: Command, args: readonly string[], path: string[]): Command {
  if ('run' in command) return command
  const word = args[path.length]
  if (word === undefined) {
    if (path.length === 0) return command
    throw new Misuse(`what to do with ${path.join(' ')}? One of: ${Object.keys(command.commands).join(', ')}`)
  }
  if (word === '--help' || word === '-h' || word === 'help') return command
  const next = Object.hasOwn(command.commands, word) ? command.commands[word] : undefined
  if (next) {
    path.push(word)
    return find(next, args, path)
  }
  const isOption = word.startsWith('-')
  const names = isOption ? ['--help', ...(path.length === 0 ? ['--version'] : [])] : Object.keys(command.commands)
  const hint = didYouMean(word, names) || `; known: ${names.join(', ')}`
  throw new Misuse(`there is no ${isOption ? 'option' : 'command'} ${[...path, word].join(' ')}${hint}`)
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).some((word) => word === '--help' || word === '-h')
}

function helpOf(command: Command): string {
  if ('run' in command) return command.help
  const entries = Object.entries(command.commands)
  const width = Math.max(...entries.map(([name]) => name.length)) + 2
  return `${command.help}\n\nCommands:\n${entries.map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`).join('\n')}`
}

/**
 * What a command is, and how its arguments are read: every unknown option or word is an error with the near miss.
 */
import { parseArgs } from 'node:util'
import { didYouMean } from '../directory/near-miss.ts'

/** Where a command reads and writes: the process's own streams, or a test's. */
export type Terminal = {
  readonly environment: { readonly [name: string]: string | undefined }
  /** What was asked for, and nothing else. */
  out(line: string): void
  /** Remarks and errors. */
  say(line: string): void
}

export type Command = {
  /** One line for the list of commands. */
  readonly summary: string
  /** Usage, options and examples, for an administrator. */
  readonly help: string
} & (
  | {
      /** @returns the exit code */
      readonly run: (args: readonly string[], terminal: Terminal) => Promise<number>
    }
  | { readonly commands: { readonly [name: string]: Command } }
)

export const DONE = 0
export const NOT_DONE = 1

/** It cannot be done as asked; the message is for whoever typed it. */
export class Refusal extends Error {
  override name = 'Refusal'
}

/** It was not asked in a way that can be understood: the help says how. */
export class Misuse extends Refusal {
  override name = 'Misuse'
}

/** `texts`: may be given several times. */
type OptionKinds = { readonly [name: string]: 'text' | 'texts' | 'flag' }

type Values<O extends OptionKinds> = {
  readonly [K in keyof O]?: O[K] extends 'flag' ? true : O[K] extends 'texts' ? readonly string[] : string
}

type Arguments<O extends OptionKinds, W extends readonly string[]> = {
  readonly options: Values<O>
  readonly words: { readonly [I in keyof W]: string }
}

/**
 * @param words names of the positional arguments, in their order
 * @throws {Misuse} for an unknown option, an option without its value, a word too many or too few
 */
export function read<const O extends OptionKinds, const W extends readonly string[]>(
  args: readonly string[],
  { options, words }: { readonly options: O; readonly words: W },
): Arguments<O, W> {
  const found: string[] = []
  const values = new Map<string, string | true | readonly string[]>()
  for (const token of tokensOf(args, options)) {
    if (token.kind === 'positional') found.push(token.value)
    if (token.kind !== 'option') continue
    if (token.name === 'institution' && words.includes('ID'))
      throw new Misuse('there is no option --institution: the ID stands here without it')
    const value = optionValue(token, options)
    values.set(token.name, options[token.name] === 'texts' ? [values.get(token.name) ?? [], value].flat().map(String) : value)
  }
  if (found.length < words.length) throw new Misuse(`${words.slice(found.length).join(' and ')} is missing`)
  const surplus = found[words.length]
  if (surplus !== undefined) {
    const lacksInstitution = Object.hasOwn(options, 'institution') && !values.has('institution')
    throw new Misuse(`"${surplus}" is one word too many${lacksInstitution ? ` (did you mean "--institution ${surplus}"?)` : ''}`)
  }
  // Their number and kinds were checked above, which the compiler cannot follow.
  return { options: Object.fromEntries(values), words: found } as unknown as Arguments<O, W>
}

function tokensOf(args: readonly string[], options: OptionKinds) {
  const types = Object.entries(options).map(([name, kind]) => [name, { type: kind === 'flag' ? 'boolean' : 'string' }] as const)
  const settings = { strict: false, allowPositionals: true, tokens: true } as const
  return parseArgs({ args: [...args], options: Object.fromEntries(types), ...settings }).tokens
}

type OptionToken = {
  readonly name: string
  readonly rawName: string
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function optionValue({ name, rawName, value, inlineValue }: OptionToken, options: OptionKinds): string | true {
  const kind = Object.hasOwn(options, name) ? options[name] : undefined
  if (kind === undefined) {
    const near = didYouMean(
      rawName,
      Object.keys(options).map((option) => `--${option}`),
    )
    throw new Misuse(`there is no option ${rawName}${near}`)
  }
  if (kind === 'flag') {
    if (value !== undefined) throw new Misuse(`${rawName} takes no value`)
    return true
  }
  if (value === undefined || (!inlineValue && value.startsWith('--'))) throw new Misuse(`${rawName} needs a value`)
  return value
}

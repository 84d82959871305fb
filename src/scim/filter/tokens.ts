/**
 * The words of a filter or a path, found in one pass of linear time.
 */
import { ScimProblem } from '../errors.ts'

export type Token = {
  readonly kind: 'word' | 'text' | '(' | ')' | '[' | ']' | 'end'
  readonly text: string
  /** Where it begins, from 0. */
  readonly at: number
  /** Whether a space stands before it, or it is the first. */
  readonly isSpaced: boolean
}

const MAX_LENGTH = 8000

/** Spaces, brackets, a JSON string, anything else up to one of these. The alternatives never match the same text. */
const TOKEN = /( +)|([()[\]])|("(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-f]{4}))*")|([^ ()[\]"]+)/iuy

/** @returns the tokens and one that marks the end */
export function tokensOf(text: string): readonly Token[] | ScimProblem {
  if (text.length > MAX_LENGTH) {
    return new ScimProblem('invalidFilter', `the filter has ${text.length} characters, more than the ${MAX_LENGTH} allowed`)
  }
  const tokens: Token[] = []
  let isSpaced = true
  let at = 0
  while (at < text.length) {
    TOKEN.lastIndex = at
    const [found, space, bracket, string] = TOKEN.exec(text) ?? []
    if (found === undefined)
      return new ScimProblem('invalidFilter', `${place(at)} a text begins that is not a JSON string${hintFor(text, at)}`)
    if (space === undefined) tokens.push({ kind: kindOf(bracket, string), text: found, at, isSpaced })
    isSpaced = space !== undefined
    at += found.length
  }
  tokens.push({ kind: 'end', text: '', at, isSpaced })
  return tokens
}

export function place(at: number): string {
  return `at character ${at + 1}`
}

function kindOf(bracket: string | undefined, string: string | undefined): Token['kind'] {
  if (bracket !== undefined) return bracket as Token['kind']
  return string === undefined ? 'word' : 'text'
}

function hintFor(text: string, at: number): string {
  return text.includes('"', at + 1)
    ? ': check its escapes (\\" and \\\\) and control characters'
    : ': its closing quotation mark is missing'
}

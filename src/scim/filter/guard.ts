/**
 * The guard in front of the filter parser: refuses whatever the grammar does not allow (RFC 7644, section 3.4.2.2,
 * figure 1) and rewrites the rest so plainly that the parser cannot misread it: names become a0, a1, …, values "0",
 * "1", …. It was needed: given raw text, the parser doubles its time with each newline in an open string, keeps
 * escapes undecoded and takes much that is no filter.
 *
 * Beyond the grammar, and only here: `not(`, spaces within brackets, and `emails[type eq "work"].value eq "x"`, which
 * some clients send and which means one and the same element.
 */
import { didYouMean } from '../../directory/near-miss.ts'
import { ScimProblem } from '../errors.ts'
import type { FilterPath, Literal } from './node.ts'
import { COMPARISONS, readName } from './node.ts'
import type { Token } from './tokens.ts'
import { place, tokensOf } from './tokens.ts'

const MAX_DEPTH = 20
const MAX_TERMS = 200
const OPERATORS: ReadonlySet<string> = new Set([...COMPARISONS, 'pr'])
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i

/** A filter in plain form, and what its names and values stand for. */
export type Guarded = {
  readonly plain: string
  readonly names: readonly FilterPath[]
  readonly values: readonly Literal[]
}

/** @param isWithin whether the text stands inside the brackets of a value path */
export function guard(text: string, isWithin = false): Guarded | ScimProblem {
  const tokens = tokensOf(text)
  return tokens instanceof ScimProblem ? tokens : new Guard(tokens, isWithin).run()
}

type State = (token: Token, next: Token) => State | ScimProblem

class Guard {
  readonly #tokens: readonly Token[]
  readonly #isWithin: boolean
  readonly #out: string[] = []
  readonly #names: FilterPath[] = []
  readonly #values: Literal[] = []
  /** Open brackets, each with its place in the output. */
  readonly #open: { readonly kind: '(' | '['; readonly out: number }[] = []
  #terms = 0
  /** Whether the term being read belongs to the element of the value path before it. */
  #isSameElement = false

  constructor(tokens: readonly Token[], isWithin: boolean) {
    this.#tokens = tokens
    this.#isWithin = isWithin
  }

  run(): Guarded | ScimProblem {
    let state: State = this.#operand
    for (const [index, token] of this.#tokens.entries()) {
      if (token.kind === 'end') return this.#end(state, token)
      const next: State | ScimProblem = state.call(this, token, this.#tokens[index + 1] ?? token)
      if (next instanceof ScimProblem) return next
      state = next
    }
    throw new Error('the tokens have no end')
  }

  #end(state: State, token: Token): Guarded | ScimProblem {
    const open = this.#open.at(-1)
    if (this.#tokens.length === 1) return new ScimProblem('invalidFilter', 'the filter is empty')
    if (state !== this.#connective) return state.call(this, token, token) as ScimProblem
    if (open !== undefined) return this.#expected(token, open.kind === '(' ? '")"' : '"]"')
    return { plain: this.#out.join(' '), names: this.#names, values: this.#values }
  }

  /** An attribute, `not` or a bracket. */
  #operand(token: Token, next: Token): State | ScimProblem {
    if (token.kind === '(') return this.#enter('(', token)
    if (token.kind !== 'word') return this.#expected(token, 'an attribute')
    if (token.text.toLowerCase() === 'not') {
      if (next.kind !== '(') return this.#expected(next, '"(" after not')
      this.#out.push('not')
      return this.#operand
    }
    return this.#name(token, next)
  }

  #name(token: Token, next: Token): State | ScimProblem {
    const name = readName(token.text)
    if (name === undefined) return this.#expected(token, 'an attribute name')
    this.#addName(name)
    if (next.kind !== '[' || next.isSpaced) return this.#operator
    if (this.#isWithin || this.#open.some(({ kind }) => kind === '[')) {
      return this.#expected(next, 'no "[" within "[…]"')
    }
    if (name.sub !== undefined) return this.#expected(next, `no "[" after a sub-attribute`)
    return this.#openBracket
  }

  #openBracket(token: Token): State | ScimProblem {
    return this.#enter('[', token)
  }

  #operator(token: Token): State | ScimProblem {
    const operator = token.text.toLowerCase()
    if (token.kind !== 'word' || !OPERATORS.has(operator)) {
      const hint = token.kind === 'word' ? didYouMean(operator, OPERATORS) : ''
      return this.#expected(token, `one of ${[...OPERATORS].join(', ')}`, hint)
    }
    this.#out.push(operator)
    return operator === 'pr' ? this.#endTerm(token) : this.#value
  }

  #value(token: Token): State | ScimProblem {
    const value = token.isSpaced ? literalOf(token) : undefined
    if (value === undefined)
      return this.#expected(token, 'a space and a JSON value: text in double quotes, a number, true, false or null')
    this.#out.push(`"${this.#values.push(value) - 1}"`)
    return this.#endTerm(token)
  }

  #connective(token: Token, next: Token): State | ScimProblem {
    if (token.kind === ')' || token.kind === ']') return this.#leave(token, next)
    const word = token.text.toLowerCase()
    if (token.kind !== 'word' || (word !== 'and' && word !== 'or') || !token.isSpaced || !next.isSpaced) {
      return this.#expected(token, 'and, or, or the end, with spaces between')
    }
    this.#out.push(word)
    return this.#operand
  }

  /** `.value` directly after a value path. */
  #elementName(token: Token): State | ScimProblem {
    const name = readName(token.text.slice(1))
    if (name === undefined || name.urn !== undefined || name.sub !== undefined) return this.#expected(token, 'a sub-attribute')
    this.#addName(name)
    return this.#operator
  }

  #enter(kind: '(' | '[', token: Token): State | ScimProblem {
    if (this.#open.push({ kind, out: this.#out.length }) > MAX_DEPTH) {
      return new ScimProblem('invalidFilter', `${place(token.at)} the filter is nested more than ${MAX_DEPTH} deep`)
    }
    this.#out.push(kind)
    return this.#operand
  }

  #leave(token: Token, next: Token): State | ScimProblem {
    const open = this.#open.pop()
    if (open === undefined || (open.kind === '(') !== (token.kind === ')')) return this.#expected(token, 'no such bracket here')
    const isFollowed = token.kind === ']' && next.kind === 'word' && !next.isSpaced && next.text.startsWith('.')
    if (!isFollowed) {
      this.#out.push(token.kind)
      return this.#connective
    }
    this.#out[open.out] = '[ ('
    this.#out.push(') and')
    this.#isSameElement = true
    return this.#elementName
  }

  #endTerm(token: Token): State | ScimProblem {
    if (this.#isSameElement) this.#out.push(']')
    this.#isSameElement = false
    this.#terms += 1
    if (this.#terms <= MAX_TERMS) return this.#connective
    return new ScimProblem('invalidFilter', `${place(token.at)} the filter has more than the ${MAX_TERMS} comparisons allowed`)
  }

  #addName(name: FilterPath): void {
    this.#out.push(`a${this.#names.push(name) - 1}`)
  }

  #expected(token: Token, wanted: string, hint = ''): ScimProblem {
    const shown = token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text
    const found = token.kind === 'end' ? 'the filter ends' : token.kind === 'text' ? shown : JSON.stringify(shown)
    return new ScimProblem('invalidFilter', `${place(token.at)}, ${found}: expected ${wanted}${hint}`)
  }
}

function literalOf(token: Token): Literal | undefined {
  if (token.kind === 'text') return JSON.parse(token.text) as string
  if (token.kind !== 'word') return undefined
  if (token.text === 'true' || token.text === 'false') return token.text === 'true'
  if (token.text === 'null') return null
  return NUMBER.test(token.text) ? Number(token.text) : undefined
}

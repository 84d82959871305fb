/**
 * The dialogues of the suite as they are played. Their files (`cases/dialogues`) write some of it shorter: `written.ts`.
 */
import type { Json } from './json.ts'

/** What a server may do without: a check that needs it is then `not offered`, not failed. */
export type Need =
  | 'patch'
  | 'filter'
  | 'groups'
  | 'nested'
  | 'bulk'
  | 'sort'
  | 'etag'
  | 'cursor'
  | 'password'
  | 'enterprise'
  | 'campus'
  | 'rest'

/** `must`: what the RFC demands of every server, or what a client cannot work without; `should`: what is recommended. */
export type Level = 'must' | 'should'

type Texts = { readonly [name: string]: string }

export type Expectation = {
  readonly status: number | readonly number[]
  /** How many of the answers have a status, where one step sends several requests. */
  readonly counts?: { readonly [status: string]: number }
  /** Header -> regular expression, whatever its case. */
  readonly headers?: Texts
  /** Pointer -> value or matchers. */
  readonly json?: { readonly [pointer: string]: Json }
  readonly absent?: readonly string[]
  /** Pointer -> regular expression. */
  readonly matches?: Texts
  /** An answer without a body is fine as well. */
  readonly ifBody?: true
  /** Statuses by which a server says that it does not do this at all. */
  readonly unless?: readonly number[]
}

export type Step = {
  readonly method: string
  /** Relative to the base; the values of the query are written plainly and encoded when sent. */
  readonly path: string
  /** The path is a URL that the server gave: its path and query are asked of the server under test. */
  readonly here?: true
  readonly encode?: 'plus' | 'none'
  /** The SCIM token when absent. */
  readonly auth?: Auth
  /** Copies sent at once; `${n}` is 1, 2, … in them. */
  readonly times?: number
  readonly headers?: Texts
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: Json
  /** Variable -> pointer or `header:Name`, or several, of which the first that is there counts. */
  readonly save?: { readonly [name: string]: string | readonly string[] }
  readonly expect: Expectation
}

/** `lower`: the scheme in small letters. */
export type Auth = 'api' | 'none' | 'bad' | 'lower'

/** Beside what a check shows: who says so, and how much it weighs. */
export type About = {
  readonly id: string
  readonly dialect: string
  /** The section of the RFC that settles it. */
  readonly clause: string
  readonly level: Level
  readonly what: string
  /** The rule behind it, in plain words. */
  readonly why?: string
  /** Where a client is documented to do this. */
  readonly source?: string
}

export type Dialogue = About & {
  readonly needs: readonly Need[]
  /** Attributes that the server must declare and accept for this to mean anything, as `User.title`. */
  readonly attributes: readonly string[]
  /** Sent with every request of the dialogue; a step adds its own. */
  readonly headers?: Texts
  readonly steps: readonly Step[]
}

/** Whether playing it leaves the server as it is, whatever comes of it. */
export function changesNothing({ steps }: Pick<Dialogue, 'steps'>): boolean {
  return steps.every(({ method, path }) => method === 'GET' || (method === 'POST' && /\/\.search$/.test(path)))
}

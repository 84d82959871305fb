/**
 * The dialogues of the suite and the shape of their files (`cases/dialogue.schema.json`, explained in README.md).
 */
import { Ajv } from 'ajv'
import schema from './cases/dialogue.schema.json' with { type: 'json' }
import authentik from './cases/dialogues/authentik.json' with { type: 'json' }
import campus from './cases/dialogues/campus.json' with { type: 'json' }
import entra from './cases/dialogues/entra.json' with { type: 'json' }
import google from './cases/dialogues/google.json' with { type: 'json' }
import jumpcloud from './cases/dialogues/jumpcloud.json' with { type: 'json' }
import okta from './cases/dialogues/okta.json' with { type: 'json' }
import onelogin from './cases/dialogues/onelogin.json' with { type: 'json' }
import rfc from './cases/dialogues/rfc.json' with { type: 'json' }
import type { Json } from './json.ts'

/** What a server may do without: a dialogue that needs it is then `not offered`, not failed. */
export type Need = 'groups' | 'bulk' | 'sort' | 'etag' | 'enterprise' | 'campus' | 'rest'

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
}

export type Step = {
  readonly method: string
  /** Relative to the base; the values of the query are written plainly and encoded when sent. */
  readonly path: string
  /** The path is a URL that the server gave: its path and query are asked of the server under test. */
  readonly here?: true
  readonly encode?: 'plus' | 'none'
  /** The SCIM token when absent. */
  readonly auth?: 'api' | 'none' | 'bad'
  /** Copies sent at once; `${n}` is 1, 2, … in them. */
  readonly times?: number
  readonly headers?: Texts
  readonly body?: Json
  /** Variable -> pointer or `header:Name`, or several, of which the first that is there counts. */
  readonly save?: { readonly [name: string]: string | readonly string[] }
  readonly expect: Expectation
}

export type Dialogue = {
  readonly id: string
  readonly dialect: string
  /** The section of the RFC that settles it. */
  readonly clause: string
  readonly what: string
  /** Where a client is documented to do this. */
  readonly source?: string
  readonly needs?: readonly Need[]
  /** Sent with every request of the dialogue; a step adds its own. */
  readonly headers?: Texts
  readonly steps: readonly Step[]
}

type DialogueFile = {
  readonly dialect: string
  readonly about: string
  readonly headers?: Texts
  readonly dialogues: readonly Omit<Dialogue, 'dialect' | 'headers'>[]
}

const FILES: readonly unknown[] = [entra, okta, onelogin, authentik, jumpcloud, google, rfc, campus]

/** Every dialogue, by dialect, in the order in which a report shows them. */
export function readDialogues(files: readonly unknown[] = FILES): Dialogue[] {
  return parseFiles(files).flatMap(({ dialect, headers, dialogues }) =>
    dialogues.map((dialogue) => ({ ...dialogue, dialect, ...(headers === undefined ? {} : { headers }) })),
  )
}

/** Dialect -> what it is, in the same order. */
export function readDialects(files: readonly unknown[] = FILES): Map<string, string> {
  return new Map(parseFiles(files).map(({ dialect, about }) => [dialect, about]))
}

function parseFiles(files: readonly unknown[]): DialogueFile[] {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
  const isDialogueFile = ajv.compile<DialogueFile>(schema)
  return files.map((file) => {
    if (isDialogueFile(file)) return file
    throw new Error(`not a file of dialogues: ${ajv.errorsText(isDialogueFile.errors, { dataVar: '' })}`)
  })
}

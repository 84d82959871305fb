/**
 * The files of dialogues (`cases/dialogue.schema.json`, explained in README.md), and what they leave out because it is
 * always the same: the requests that make the resources of a dialogue, the frame of a PATCH, of an error, of a list.
 */
import { Ajv } from 'ajv'
import schema from './cases/dialogue.schema.json' with { type: 'json' }
import type { About, Dialogue, Expectation, Need, Step } from './dialogue.ts'
import type { Json, JsonObject } from './json.ts'
import { MESSAGES, SCHEMAS } from './urns.ts'

type WrittenExpectation = Partial<Expectation> & {
  /** The answer is a SCIM error: with this `scimType`, one of these, or (true) any or none. */
  readonly error?: true | string | readonly string[]
  /** The answer is a list of exactly these ids, in any order. */
  readonly found?: readonly string[]
}

type WrittenStep = Omit<Step, 'method' | 'expect'> & {
  readonly method?: string
  /** The operations of a PATCH. */
  readonly patch?: readonly Json[]
  readonly expect?: WrittenExpectation
}

type WrittenDialogue = Omit<About, 'dialect'> & {
  readonly needs?: readonly Need[]
  /** Variable for its id -> attributes. */
  readonly users?: { readonly [variable: string]: JsonObject }
  readonly groups?: { readonly [variable: string]: JsonObject }
  readonly steps: readonly WrittenStep[]
}

export type DialogueFile = {
  readonly dialect: string
  readonly about: string
  readonly headers?: { readonly [name: string]: string }
  readonly dialogues: readonly WrittenDialogue[]
}

const SUCCESS: { readonly [method: string]: readonly number[] } = {
  GET: [200],
  POST: [201],
  PUT: [200],
  PATCH: [200, 204],
  DELETE: [204],
}

/** @throws {Error} that says where a file is not of the shape */
export function parseFiles(files: readonly unknown[]): DialogueFile[] {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
  const isDialogueFile = ajv.compile<DialogueFile>(schema)
  return files.map((file) => {
    if (isDialogueFile(file)) return file
    throw new Error(`not a file of dialogues: ${ajv.errorsText(isDialogueFile.errors, { dataVar: '' })}`)
  })
}

/** The dialogues of a file, written out. */
export function writeOut({ dialect, headers, dialogues }: DialogueFile): Dialogue[] {
  return dialogues.map(({ users = {}, groups = {}, steps, needs = [], ...about }) => {
    const made = [...madeFirst('User', users), ...madeFirst('Group', groups)]
    const all = [...made, ...steps.map(writeOutStep)]
    return {
      ...about,
      dialect,
      needs: [...needs, ...(dialect === 'rfc' ? neededFor(all) : [])],
      attributes: [...attributesOf('User', users), ...attributesOf('Group', groups)],
      ...(headers === undefined ? {} : { headers }),
      steps: all,
    }
  })
}

/** A user is `userName` `${rand}-variable@campus.example`, a group `displayName` `${rand} variable`, unless said otherwise. */
export function creation(type: 'User' | 'Group', variable: string, attributes: JsonObject): Step {
  const name = type === 'User' ? { userName: `\${rand}-${variable}@campus.example` } : { displayName: `\${rand} ${variable}` }
  const schemas = [SCHEMAS[type], ...Object.keys(attributes).filter((name) => name.startsWith('urn:'))]
  return {
    method: 'POST',
    path: `/${type}s`,
    body: { schemas, ...name, ...attributes },
    save: { [variable]: '/id' },
    expect: { status: 201, json: { '/id': { $type: 'string', $not: '' } } },
  }
}

function madeFirst(type: 'User' | 'Group', resources: { readonly [variable: string]: JsonObject }): Step[] {
  return Object.entries(resources).map(([variable, attributes]) => creation(type, variable, attributes))
}

function writeOutStep({ patch, expect = {}, method = patch === undefined ? '' : 'PATCH', ...step }: WrittenStep): Step {
  return {
    ...step,
    method,
    ...(patch === undefined ? {} : { body: { schemas: [MESSAGES.patch], Operations: patch } }),
    expect: writeOutExpectation(expect, SUCCESS[method] ?? []),
  }
}

function writeOutExpectation(
  { error, found, json = {}, ...expect }: WrittenExpectation,
  success: readonly number[],
): Expectation {
  const status = expect.status ?? success
  return {
    ...expect,
    status,
    json: { ...(error === undefined ? {} : ofError(error, status)), ...(found === undefined ? {} : ofList(found)), ...json },
  }
}

function ofError(type: true | string | readonly string[], status: Expectation['status']): { [pointer: string]: Json } {
  return {
    '/schemas': { $contains: MESSAGES.error },
    '/status': { $in: [status].flat().map(String) },
    ...(type === true ? {} : { '/scimType': { $in: [type].flat() } }),
  }
}

function ofList(ids: readonly string[]): { [pointer: string]: Json } {
  return {
    '/schemas': { $contains: MESSAGES.list },
    '/totalResults': ids.length,
    '/Resources': { $set: ids.map((id) => ({ id })) },
  }
}

/** What a server may do without and shows in the requests themselves; clients send it whatever the server offers. */
function neededFor(steps: readonly Step[]): Need[] {
  return [
    ...(steps.some(({ method }) => method === 'PATCH') ? (['patch'] as const) : []),
    ...(steps.some(({ path }) => /[?&]filter=/.test(path)) ? (['filter'] as const) : []),
  ]
}

function attributesOf(type: 'User' | 'Group', resources: { readonly [variable: string]: JsonObject }): string[] {
  const names = Object.values(resources).flatMap((attributes) => Object.keys(attributes))
  return [...new Set(names.filter((name) => !name.startsWith('urn:')))].map((name) => `${type}.${name}`)
}

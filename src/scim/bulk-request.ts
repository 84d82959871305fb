/**
 * The body of POST /Bulk (RFC 7644, section 3.7) -> operations. What is wrong with one of them is that one's own failure;
 * only what is wrong with the whole refuses the whole.
 */
import { isObject } from '../directory/json.ts'
import { referenceInPath } from './bulk-references.ts'
import { ScimProblem } from './errors.ts'
import { byFoldedName } from './values.ts'

/** Told in ServiceProviderConfig. */
export const MAX_OPERATIONS = 1000
export const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024

export const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

/** An operation as it was sent; `problem`: why it cannot be done whatever the roll says. */
export type Operation = {
  /** As sent where it is none; empty where there is none. */
  readonly method: string
  /** Of a new resource, by which others of the request can name it. */
  readonly bulkId?: string
  readonly endpoint?: 'Users' | 'Groups'
  /** Of the resource; it may still be `bulkId:…`. */
  readonly id?: string
  readonly version?: string
  readonly data: unknown
  readonly problem?: ScimProblem
}

export type BulkRequest = {
  readonly operations: readonly Operation[]
  /** After so many failures the rest is not done. */
  readonly failOnErrors?: number
}

export function bulkRequestFrom(body: unknown): BulkRequest | ScimProblem {
  if (!isObject(body)) return new ScimProblem('invalidSyntax', 'the body must be a JSON object: a BulkRequest')
  const members = byFoldedName(body)
  const sent = members.get('operations')
  const failOnErrors = members.get('failonerrors') ?? undefined
  if (!Array.isArray(sent) || sent.length === 0)
    return new ScimProblem('invalidSyntax', 'Operations must be a list of at least one operation')
  if (sent.length > MAX_OPERATIONS)
    return new ScimProblem('tooLarge', `${sent.length} operations are more than the ${MAX_OPERATIONS} that fit in one request`)
  if (failOnErrors !== undefined && !isCount(failOnErrors))
    return new ScimProblem('invalidValue', 'failOnErrors must be a whole number above 0')
  const taken = new Set<string>()
  const operations = sent.map((one) => operationFrom(one, taken))
  return { operations, ...(failOnErrors === undefined ? {} : { failOnErrors }) }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}

const PATH = /^\/?(Users|Groups)(?:\/(bulkId:.+|[^/]+))?$/s

/** @param taken the bulkIds of the operations before this one */
function operationFrom(sent: unknown, taken: Set<string>): Operation {
  const told = byFoldedName(isObject(sent) ? sent : {})
  const method = textOf(told.get('method'))?.toUpperCase() ?? ''
  const bulkId = textOf(told.get('bulkid'))
  const version = textOf(told.get('version'))
  const [, endpoint, id] = PATH.exec(textOf(told.get('path')) ?? '') ?? []
  const isRepeated = bulkId !== undefined && method === 'POST' && taken.has(bulkId)
  if (bulkId !== undefined && method === 'POST') taken.add(bulkId)
  const problem = isObject(sent) ? (noTextIn(told) ?? problemOf(method, endpoint, id, isRepeated)) : NO_OBJECT
  return {
    method,
    ...(bulkId === undefined ? {} : { bulkId }),
    ...(endpoint === undefined ? {} : { endpoint: endpoint as 'Users' | 'Groups' }),
    ...(id === undefined ? {} : { id: referenceInPath(id) ?? id }),
    ...(version === undefined ? {} : { version }),
    data: told.get('data'),
    ...(problem === undefined ? {} : { problem }),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What is no text cannot be meant as something else: without its version an operation would be done to any. */
function noTextIn(told: ReadonlyMap<string, unknown>): ScimProblem | undefined {
  const name = ['bulkId', 'version'].find((one) => typeof (told.get(one.toLowerCase()) ?? '') !== 'string')
  return name === undefined ? undefined : new ScimProblem('invalidValue', `the ${name} of an operation must be a string`)
}

const NO_OBJECT = new ScimProblem('invalidSyntax', 'an operation must be an object with method, path and data')

function problemOf(
  method: string,
  endpoint: string | undefined,
  id: string | undefined,
  isRepeated: boolean,
): ScimProblem | undefined {
  if (method === '') return new ScimProblem('invalidSyntax', `an operation must have a method: ${METHODS.join(', ')}`)
  if (!METHODS.some((known) => known === method))
    return new ScimProblem('methodNotAllowed', `the method of an operation is one of ${METHODS.join(', ')}`)
  if (endpoint === undefined)
    return new ScimProblem('invalidPath', 'the path of an operation is /Users, /Groups, or one of these with an id')
  if ((method === 'POST') !== (id === undefined))
    return new ScimProblem('invalidPath', `${method} goes to /${endpoint}${method === 'POST' ? '' : '/ with an id'}`)
  return isRepeated ? new ScimProblem('invalidValue', 'an operation before this one has the same bulkId') : undefined
}

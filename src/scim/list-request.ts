/**
 * What a list or a search asks for (RFC 7644, sections 3.4.2 and 3.4.3), from a query string or from a SearchRequest.
 */
import type { Problem } from '../directory/change.ts'
import { isObject } from '../directory/json.ts'
import { problemIn, ScimProblem } from './errors.ts'
import { namesIn } from './projection.ts'
import { byFoldedName } from './values.ts'

export const LIST_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
export const DEFAULT_COUNT = 100
export const MAX_COUNT = 200

/** Further than this nobody pages by index, and every store can count so far. */
const MAX_START_INDEX = 2 ** 31 - 1

export type ListRequest = {
  readonly filter?: string
  readonly sortBy?: string
  readonly isDescending: boolean
  /** From 1. */
  readonly startIndex: number
  /** Empty for the first page; absent where pages go by index. */
  readonly cursor?: string
  /** 0 to MAX_COUNT. */
  readonly count: number
  readonly attributes: readonly string[]
  readonly excludedAttributes: readonly string[]
}

/** @param parameter reads one parameter of the query string */
export function listRequestFrom(parameter: (name: string) => string | undefined): ListRequest | ScimProblem {
  return read(parameter)
}

/** From the body of POST /.search; names ignore case. */
export function searchRequestFrom(body: unknown): ListRequest | ScimProblem {
  if (!isObject(body)) return new ScimProblem('invalidSyntax', 'the body must be a JSON object: a SearchRequest')
  const members = byFoldedName(body)
  return read((name) => members.get(name.toLowerCase()) ?? undefined)
}

function read(asked: (name: string) => unknown): ListRequest | ScimProblem {
  const faults: Problem[] = []
  const filter = textOf('filter', asked('filter'), faults)
  const sortBy = textOf('sortBy', asked('sortBy'), faults)
  const sortOrder = textOf('sortOrder', asked('sortOrder'), faults)?.toLowerCase() ?? 'ascending'
  if (sortOrder !== 'ascending' && sortOrder !== 'descending') {
    faults.push({ code: 'invalidValue', message: 'sortOrder must be ascending or descending' })
  }
  const cursor = textOf('cursor', asked('cursor'), faults)
  // Whoever asks for a cursor has no use for an index.
  const startIndex = cursor === undefined ? (wholeNumberOf('startIndex', asked('startIndex'), 'invalidValue', faults) ?? 1) : 1
  const code = cursor === undefined ? 'invalidValue' : 'invalidCount'
  const count = wholeNumberOf('count', asked('count'), code, faults) ?? DEFAULT_COUNT
  const request = {
    ...(filter === undefined ? {} : { filter }),
    ...(sortBy === undefined || sortBy === '' ? {} : { sortBy }),
    ...(cursor === undefined ? {} : { cursor }),
    isDescending: sortOrder === 'descending',
    startIndex: Math.min(Math.max(startIndex, 1), MAX_START_INDEX),
    count: Math.min(Math.max(count, 0), MAX_COUNT),
    attributes: namesOf('attributes', asked('attributes'), faults),
    excludedAttributes: namesOf('excludedAttributes', asked('excludedAttributes'), faults),
  }
  return faults.length > 0 ? problemIn(faults) : request
}

function textOf(name: string, value: unknown, faults: Problem[]): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  const code = name === 'filter' ? 'invalidFilter' : name === 'cursor' ? 'invalidCursor' : 'invalidValue'
  faults.push({ code, message: `${name} must be a string` })
  return undefined
}

function wholeNumberOf(name: string, value: unknown, code: string, faults: Problem[]): number | undefined {
  if (value === undefined || value === '') return undefined
  const number = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && !Number.isNaN(number) && (!Number.isFinite(number) || Number.isInteger(number))) return number
  faults.push({ code, message: `${name} must be a whole number` })
  return undefined
}

/** A list, or one text with commas: some clients send that in a body too. */
function namesOf(name: string, value: unknown, faults: Problem[]): readonly string[] {
  if (value === undefined || typeof value === 'string') return namesIn(value)
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.flatMap(namesIn)
  faults.push({ code: 'invalidValue', message: `${name} must be a list of attribute names` })
  return []
}

/**
 * Query strings: every parameter known, every value of its kind, or an answer that names all that is wrong.
 */
import type { Problem } from '../directory/change.ts'
import { timeOf } from '../directory/date-time.ts'
import { FIELDS, fieldNamed } from '../directory/fields.ts'
import { fieldIs } from '../directory/flat-search.ts'
import { isProblem, readValue } from '../directory/flat-values.ts'
import { ID } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import { didYouMean } from '../directory/near-miss.ts'
import type { Predicate, Scalar } from '../store/predicate.ts'
import { and } from '../store/predicate.ts'
import type { Answer } from './answers.ts'
import { problem, saidOf } from './answers.ts'

export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

/** Of the length of one value, and of all conditions of a question. */
const MAX_VALUE = 1024
const MAX_CONDITIONS = 40

/** A place in a list, behind which the next page begins. */
export type Cursor = { readonly id: string; readonly value?: number }

export type Page = { readonly limit: number; readonly after?: Cursor }

export type ListQuery = Page & {
  readonly where: Predicate
  /** Sorted by the time of the last change; else by id, which is the time of creation. */
  readonly byChange: boolean
}

/** Whether nothing is to be written. */
export function dryRunIn(query: URLSearchParams): boolean | Answer {
  const problems = strangers(query, ['dry_run'])
  const values = query.getAll('dry_run')
  const [value = 'false'] = values
  if (values.length > 1 || !['true', 'false'].includes(value)) {
    problems.push({ field: 'dry_run', code: 'value_invalid', message: 'dry_run should be true or false, once' })
  }
  return problems.length > 0 ? refused(problems) : value === 'true'
}

/** Without parameters: of a question that takes none. */
export function noneIn(query: URLSearchParams): Answer | undefined {
  const problems = strangers(query, [])
  return problems.length > 0 ? refused(problems) : undefined
}

const PAGING = ['limit', 'cursor'] as const

export function pageIn(query: URLSearchParams): Page | Answer {
  const problems = strangers(query, PAGING)
  const page = pagingFrom(query, problems)
  return problems.length > 0 ? refused(problems) : page
}

export function listQueryIn(query: URLSearchParams, institution: Institution): ListQuery | Answer {
  const problems: Problem[] = []
  const conditions: Predicate[] = []
  const page = pagingFrom(query, problems)
  for (const [name, value] of query) {
    if (name === 'limit' || name === 'cursor') continue
    if (conditions.length >= MAX_CONDITIONS) return refused([tooMany()])
    const condition = name === 'changed_since' ? changedSince(value) : fieldCondition(name, value, institution)
    if ('op' in condition) conditions.push(condition)
    else if (problems.length < MAX_CONDITIONS) problems.push(condition)
  }
  const byChange = query.has('changed_since')
  if (page.after !== undefined && (page.after.value !== undefined) !== byChange) problems.push(FOREIGN_CURSOR)
  if (problems.length > 0) return refused(problems)
  return { ...page, where: and(...conditions), byChange }
}

function fieldCondition(name: string, value: string, institution: Institution): Predicate | Problem {
  const field = fieldNamed(name)
  if (field === undefined) return stranger(name, [...PAGING, 'changed_since', ...FIELDS.map((one) => one.name)])
  if (value.length > MAX_VALUE) {
    return { field: name, code: 'value_too_long', message: `${name} is compared with at most ${MAX_VALUE} characters` }
  }
  // One tag, which is compared as text is.
  const read = readValue(field.type === 'tags' ? { ...field, type: 'string' } : field, value, institution)
  if (isProblem(read)) return read
  if (read !== undefined && read !== null) return fieldIs(field, read)
  return { field: name, code: 'value_invalid', message: `${name} is compared with nothing: give a value` }
}

function changedSince(value: string): Predicate | Problem {
  const time = timeIn(value)
  if (time !== undefined) return { op: 'ge', path: 'lastModified', value: time }
  const message = 'changed_since should be a time like 2026-11-24T03:00:00Z, with its zone'
  return { field: 'changed_since', code: 'value_invalid', message }
}

/** RFC 3339. A plus sign arrives as a space where a client did not encode it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i

function timeIn(value: string): number | undefined {
  const text = value.trim().replace(' ', '+')
  const time = TIME.test(text) ? timeOf(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

const FOREIGN_CURSOR = {
  field: 'cursor',
  code: 'value_invalid',
  message: 'cursor should be one that `next` of a page before had',
}

function pagingFrom(query: URLSearchParams, problems: Problem[]): Page {
  const limits = query.getAll('limit')
  const [asked = String(DEFAULT_LIMIT)] = limits
  const limit = /^\d{1,6}$/.test(asked) ? Number(asked) : 0
  if (limits.length > 1 || limit < 1 || limit > MAX_LIMIT) {
    problems.push({
      field: 'limit',
      code: 'value_invalid',
      message: `limit should be a whole number from 1 to ${MAX_LIMIT}, once`,
    })
  }
  const cursors = query.getAll('cursor')
  const after = cursors[0] === undefined ? undefined : cursorFrom(cursors[0])
  if (cursors.length > 1 || (cursors.length === 1 && after === undefined)) {
    problems.push(FOREIGN_CURSOR)
  }
  return { limit, ...(after === undefined ? {} : { after }) }
}

export function cursorTo({ id, value }: { readonly id: string; readonly value?: Scalar }): string {
  return Buffer.from(JSON.stringify(value === undefined ? [id] : [id, value])).toString('base64url')
}

function cursorFrom(text: string): Cursor | undefined {
  try {
    const [id, value, ...more] = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (typeof id !== 'string' || !ID.test(id) || more.length > 0) return undefined
    if (value === undefined) return { id }
    return Number.isSafeInteger(value) ? { id, value } : undefined
  } catch {
    return undefined
  }
}

function strangers(query: URLSearchParams, known: readonly string[]): Problem[] {
  const names = new Set([...query.keys()].filter((name) => !known.includes(name)))
  return [...names].slice(0, MAX_CONDITIONS).map((name) => stranger(name, known))
}

function stranger(name: string, known: readonly string[]): Problem {
  const field = name.slice(0, 64)
  return { field, code: 'parameter_unknown', message: `there is no parameter "${field}"${didYouMean(field, known)}` }
}

function tooMany(): Problem {
  return { code: 'too_many', message: `at most ${MAX_CONDITIONS} conditions can be asked at once` }
}

function refused(problems: readonly Problem[]): Answer {
  return problem('query', saidOf(problems), { problems })
}

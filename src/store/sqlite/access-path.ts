/**
 * Which index a question goes by: a key or an id, a value of a list, a value of an indexed path, or the order asked
 * for. Chosen here, with a look at how many documents there are, since SQLite without statistics chooses badly.
 */
import type { Predicate } from '../predicate.ts'
import { compile, declaredList } from './compile.ts'
import type { Fragment } from './fragment.ts'
import type { Question } from './reading.ts'
import type { List, Table } from './schema.ts'
import { columnOf, indexName } from './schema.ts'

export type AccessPath = {
  /** The list whose index leads; absent: an index of the documents. */
  readonly list?: List
  /** The index of the documents that must be gone by; absent: SQLite sees it from the order. */
  readonly index?: string
  /** What the index answers. */
  readonly by: Fragment
  /** What is left to be tested on each document. */
  readonly rest: readonly Predicate[]
  /** How many documents it leads to: a few, a page of them in the order asked for, or any number. */
  readonly reach: 'few' | 'page' | 'many'
}

/** As many documents as may be looked at without a deadline. */
export const FEW = 200

/** Tells whether a question that counts, up to one more than `FEW`, finds at most `FEW`. */
export type IsFew = (question: Question) => boolean

type Asked = {
  readonly table: Table
  readonly institution: string
  readonly parts: readonly Predicate[]
  readonly sortPath: string
  readonly isFew: IsFew
}
type OfPath = Predicate & { readonly path: string }
type ListPart = { readonly part: Predicate; readonly list: List; readonly where: Fragment }

/** What has to hold, condition by condition; an `in` of one value as the `eq` that an index answers in order. */
export function conjuncts(predicate: Predicate): Predicate[] {
  switch (predicate.op) {
    case 'and':
      return predicate.of.flatMap(conjuncts)
    case 'any':
      return [{ ...predicate, where: plain(predicate.where) }]
    default:
      return [plain(predicate)]
  }
}

function plain(predicate: Predicate): Predicate {
  if (predicate.op !== 'in') return predicate
  const [value, ...others] = predicate.values
  return value === undefined || others.length > 0 ? predicate : { op: 'eq', path: predicate.path, value }
}

export function accessPathOf(asked: Asked): AccessPath {
  const { table, institution, parts, sortPath } = asked
  const whole: AccessPath = {
    by: { sql: 'u.institution = ?', values: [institution] },
    rest: parts,
    reach: 'many',
  }
  const point = parts.find((part) => isPoint(table, part))
  if (point !== undefined) return { ...whole, reach: 'few', index: indexName(table, [point.path]) }
  const lists = parts.map((part) => listPart(table, part)).filter((found) => found !== undefined)
  const short = lists.find(({ list, where }) => asked.isFew(countList(list, institution, where)))
  if (short !== undefined) return byList(asked, short, 'few')
  const several = parts.find((part) => isOfFew(asked, part))
  if (several !== undefined) return bySeveral(asked, several)
  const values = parts.filter((part) => isIndexed(table, part))
  const rare = values.find((part) => asked.isFew(countValue(table, institution, part)))
  if (rare !== undefined) return { ...whole, reach: 'few', index: indexName(table, indexBy(table, rare.path) ?? []) }
  const [long] = lists
  if (long !== undefined && !isSortedBy(table, sortPath, values)) return byList(asked, long, 'many')
  if (long !== undefined && sortPath === '_id')
    return byList(asked, long, isTrueOfMost(asked, without(parts, long.part)) ? 'page' : 'many')
  const isPage =
    isSortedBy(table, sortPath, values) &&
    isTrueOfMost(
      asked,
      parts.filter((part) => !isInOrder(part, sortPath, values)),
    )
  return { ...whole, reach: isPage ? 'page' : 'many' }
}

/** A condition that a handful of documents satisfies: they are found by id or by unique key. */
function isPoint(table: Table, part: Predicate): part is OfPath {
  if (part.op !== 'eq' && part.op !== 'in') return false
  const isUnique = part.path === '_id' || columnOf(table, part.path)?.kind === 'key'
  return isUnique && (part.op !== 'in' || part.values.length <= FEW)
}

function isIndexed(table: Table, part: Predicate): part is OfPath {
  return part.op === 'eq' && indexBy(table, part.path) !== undefined
}

function indexBy(table: Table, path: string): readonly string[] | undefined {
  return table.indexes.find(([first]) => first === path)
}

/** Whether an index holds the documents in this order, be it behind one of these values. */
function isSortedBy(table: Table, sortPath: string, values: readonly Predicate[]): boolean {
  if (sortPath === '_id' && values.length === 0) return true
  return table.indexes.some((paths) => {
    const [first, second] = paths
    if (first === sortPath) return second === '_id'
    return second === sortPath && values.some((part) => part.op === 'eq' && part.path === first)
  })
}

/** Whether the index that gives the order answers this condition too: the value in front, or a range of the order. */
function isInOrder(part: Predicate, sortPath: string, values: readonly Predicate[]): boolean {
  if (values.length > 0) return values.length === 1 && values[0] === part
  return (part.op === 'gt' || part.op === 'ge' || part.op === 'lt' || part.op === 'le') && part.path === sortPath
}

/** Whether so few documents fail these conditions that a page is soon full. */
function isTrueOfMost({ table, institution, isFew }: Asked, rest: readonly Predicate[]): boolean {
  return rest.every((part) => {
    const excluded = part.op === 'not' ? listPart(table, part.of) : undefined
    return excluded !== undefined && isFew(countList(excluded.list, institution, excluded.where))
  })
}

function listPart(table: Table, part: Predicate): ListPart | undefined {
  const found = declaredList(table, part)
  return found?.isEqual === true ? { part, list: found.list, where: found.where } : undefined
}

function byList({ institution, parts }: Asked, { part, list, where }: ListPart, reach: AccessPath['reach']): AccessPath {
  return {
    list,
    by: { sql: `l.institution = ? and ${where.sql}`, values: [institution, ...where.values] },
    rest: without(parts, part),
    reach,
  }
}

/** Whether few documents have one of several values of a list. */
function isOfFew({ table, institution, isFew }: Asked, part: Predicate): boolean {
  const found = part.op === 'any' && part.where.op === 'in' ? declaredList(table, part) : undefined
  return found !== undefined && isFew(countList(found.list, institution, found.where))
}

/** By the documents that the list names, each once; the plus keeps SQLite from going through all of the institution. */
function bySeveral({ table, institution, parts }: Asked, part: Predicate): AccessPath {
  const { sql, values } = compile(table, institution, part)
  return {
    by: { sql: `+u.institution = ? and ${sql}`, values: [institution, ...values] },
    rest: without(parts, part),
    reach: 'few',
  }
}

function countList(list: List, institution: string, where: Fragment): Question {
  const sql = `select count(*) as answer from (select 1 from ${list.table} where institution = ? and ${where.sql} limit ${FEW + 1})`
  return { sql, values: [institution, ...where.values] }
}

function countValue(table: Table, institution: string, part: Predicate): Question {
  const where = compile(table, institution, part)
  const sql = `select count(*) as answer from (select 1 from ${table.sql} u where u.institution = ? and ${where.sql} limit ${FEW + 1})`
  return { sql, values: [institution, ...where.values] }
}

function without(parts: readonly Predicate[], part: Predicate): Predicate[] {
  return parts.filter((other) => other !== part)
}

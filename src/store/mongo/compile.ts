/**
 * Predicate -> MongoDB query: one case a node.
 *
 * A path in MongoDB wanders through lists by itself, and a list equals each of its elements; the neutral tree knows
 * neither, so a comparison also says that nothing on its way is a list. Values always stand behind an operator, so that
 * none can be one; `ne` and `not` are `$nor`, which makes the answer two-valued.
 */
import type { Document } from 'mongodb'
import type { Collection } from '../collections.ts'
import type { Leaf, Predicate, Scalar } from '../predicate.ts'
import { someElement } from './compile-expression.ts'
import { storedId } from './documents.ts'
import { asked, holdsAny, isFalse, isTrue } from './elements.ts'
import { checkedPath, checkPaths } from './paths.ts'
import { behind, containing, ending, starting } from './patterns.ts'
import type { Abilities } from './prepare.ts'

type Any = Extract<Predicate, { op: 'any' }>

/** Where paths begin: at a document, or at one element of a list. */
type Scope = {
  readonly abilities: Abilities
  readonly prefix: string
  /** Declared lists, whose values an index answers. */
  readonly lists: readonly string[]
  /** What ids begin with; absent inside elements, where `_id` is a field like any other. */
  readonly institution?: string
}

const NOWHERE: Document = { $nor: [{}] }

/** Lists longer than this are not looked through to their end where `$elemMatch` cannot be used. */
const MOST_ELEMENTS = 50

/** @throws {TypeError} when a path is none: whoever asks has to know the schema */
export function compile(institution: string, collection: Collection, where: Predicate, abilities: Abilities): Document {
  return node({ abilities, prefix: '', lists: collection.lists, institution }, where)
}

function node(scope: Scope, predicate: Predicate): Document {
  switch (predicate.op) {
    case 'and':
      return predicate.of.length === 0 ? {} : { $and: predicate.of.map((part) => node(scope, part)) }
    case 'or':
      return predicate.of.length === 0 ? NOWHERE : { $or: predicate.of.map((part) => node(scope, part)) }
    case 'not':
      return { $nor: [node(scope, predicate.of)] }
    case 'ne':
      return { $nor: [leaf(scope, { ...predicate, op: 'eq' })] }
    case 'any':
      return any(scope, predicate)
    default:
      return leaf(scope, predicate)
  }
}

function leaf(scope: Scope, predicate: Leaf): Document {
  if (predicate.path === '_id' && scope.institution !== undefined) return onId(scope.institution, predicate)
  const path = pathOf(scope, predicate.path)
  if (predicate.op === 'pr') return guarded(path, present(path))
  if (scope.institution !== undefined && isScalar(path)) return { [path]: condition(predicate) }
  return guarded(path, { [path]: { ...condition(predicate), $not: { $type: 'array' } } })
}

/** Keys and what the store itself needs are never lists, nor in one. */
function isScalar(path: string): boolean {
  return /^(keys\.\w+|version|institution|expires)$/.test(path)
}

/** Nothing above the last segment may be a list: MongoDB would look into each of its elements. */
function guarded(path: string, query: Document): Document {
  const guards = Object.fromEntries(parentsOf(path).map((parent) => [parent, { $not: { $type: 'array' } }]))
  return { ...guards, ...query }
}

function parentsOf(path: string): string[] {
  const segments = path.split('.')
  const parents = segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('.'))
  // `emails.3` is an element: above it there has to be a list.
  return parents.filter((_, index) => !/^\d+$/.test(segments[index + 1] ?? ''))
}

const OPERATORS = { eq: '$eq', ne: '$ne', gt: '$gt', ge: '$gte', lt: '$lt', le: '$lte' } as const

/** What the value at a path has to satisfy; comparisons hold between values of one type only. */
function condition(predicate: Exclude<Leaf, { op: 'pr' }>): Document {
  switch (predicate.op) {
    case 'eq':
    case 'ne':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return { [OPERATORS[predicate.op]]: predicate.value }
    case 'in':
      // One value as `eq` has it: FerretDB hands no `$in` on to its database.
      return predicate.values.length === 1 ? { $eq: predicate.values[0] } : { $in: predicate.values }
    case 'co':
      return matching(containing(predicate.value))
    case 'sw':
      return matching(starting(predicate.value))
    case 'ew':
      return matching(ending(predicate.value))
    default:
      return predicate satisfies never
  }
}

function matching(pattern: string): Document {
  return { $regex: pattern }
}

function present(path: string): Document {
  return {
    $or: [
      { [path]: { $exists: true, $not: { $type: 'array' }, $nin: [null, '', {}] } },
      { [path]: { $type: 'array', $not: { $size: 0 } } },
    ],
  }
}

/** The same questions about `institution:id`. */
function onId(institution: string, predicate: Leaf): Document {
  const whole = (value: Scalar): Scalar => (typeof value === 'string' ? storedId(institution, value) : value)
  switch (predicate.op) {
    case 'pr':
      return {}
    case 'in':
      return { _id: condition({ ...predicate, values: predicate.values.map(whole) }) }
    case 'co':
      return { _id: matching(behind(storedId(institution, ''), containing(predicate.value))) }
    case 'ew':
      return { _id: matching(behind(storedId(institution, ''), ending(predicate.value))) }
    case 'sw':
      return { _id: matching(starting(storedId(institution, predicate.value))) }
    default:
      return { _id: condition({ ...predicate, value: whole(predicate.value) }) }
  }
}

function any(scope: Scope, { path: list, where }: Any): Document {
  const path = pathOf(scope, list)
  const direct = whereIndexed(scope, path, where)
  if (direct !== undefined) return direct
  if (!scope.abilities.isMongo) return guarded(path, byPosition(scope, path, where))
  checkPaths(where)
  const scalars = someScalar(path, asked(where, 'scalar'))
  if (scalars === undefined || holdsAny(where)) return guarded(path, { $expr: someElement(`$${path}`, where) })
  return guarded(path, oneOf([...someObject(scope, path, asked(where, 'object')), ...scalars]))
}

/** One comparison with the elements of a declared list is what its index answers as it stands. */
function whereIndexed(scope: Scope, path: string, where: Predicate): Document | undefined {
  if (scope.institution === undefined || !scope.lists.includes(path)) return undefined
  switch (where.op) {
    case 'eq':
    case 'sw':
    case 'in':
      return where.path === '' ? { [path]: condition(where) } : undefined
    default:
      return undefined
  }
}

function someObject(scope: Scope, path: string, where: Predicate): Document[] {
  if (isFalse(where)) return []
  const isObject = { $type: 'object' }
  return [
    { [path]: { $elemMatch: isTrue(where) ? isObject : node({ abilities: scope.abilities, prefix: '', lists: [] }, where) } },
  ]
}

/** @returns undefined when it is more than one comparison, which is more than `$elemMatch` can ask of a scalar */
function someScalar(path: string, where: Predicate): Document[] | undefined {
  if (isFalse(where)) return []
  if (isTrue(where)) return [{ [path]: { $elemMatch: { $not: { $type: ['object', 'array'] } } } }]
  switch (where.op) {
    case 'and':
    case 'or':
    case 'not':
    case 'any':
    case 'ne':
    case 'pr':
      return undefined
    default:
      return [{ [path]: { $elemMatch: condition(where) } }]
  }
}

function byPosition(scope: Scope, path: string, where: Predicate): Document {
  const positions = Array.from({ length: MOST_ELEMENTS }, (_, position) => `${path}.${position}`)
  const inside = (element: string) => node({ abilities: scope.abilities, prefix: element, lists: [] }, where)
  const each = positions.map((element) => ({ $and: [{ [element]: { $exists: true } }, inside(element)] }))
  return { $and: [{ [path]: { $type: 'array' } }, { $or: each }] }
}

function oneOf(queries: readonly Document[]): Document {
  const [first, ...others] = queries
  if (first === undefined) return NOWHERE
  return others.length === 0 ? first : { $or: queries }
}

/** @throws {TypeError} see `compile` */
function pathOf(scope: Scope, path: string): string {
  if (path === '' && scope.prefix !== '') return scope.prefix
  return scope.prefix === '' ? checkedPath(path) : `${scope.prefix}.${checkedPath(path)}`
}

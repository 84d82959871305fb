/**
 * `any` as an aggregation expression, for what `$elemMatch` cannot say: several conditions on one scalar, a list within
 * an element. Expressions do not wander through lists, but no index answers them.
 */
import type { Document } from 'mongodb'
import type { Leaf, Predicate, Scalar } from '../predicate.ts'
import { containing, ending, starting } from './patterns.ts'

/** A variable, or a path that begins with one or with `$`. */
type Reference = string

/** Whether the list at `list` (`$search.tags`) has an element that satisfies `where`. Paths are checked already. */
export function someElement(list: Reference, where: Predicate, depth = 0): Document {
  const element = `element${depth}`
  const input = { $cond: [{ $isArray: [list] }, list, []] }
  const cond = expression(`$$${element}`, where, depth)
  return { $gt: [{ $size: { $filter: { input, as: element, cond } } }, 0] }
}

const OPERATORS = { gt: '$gt', ge: '$gte', lt: '$lt', le: '$lte' } as const

function expression(root: Reference, where: Predicate, depth: number): Document {
  switch (where.op) {
    case 'and':
      return { $and: where.of.map((part) => expression(root, part, depth)) }
    case 'or':
      return { $or: where.of.map((part) => expression(root, part, depth)) }
    case 'not':
      return { $not: [expression(root, where.of, depth)] }
    case 'ne':
      return { $not: [expression(root, { ...where, op: 'eq' }, depth)] }
    case 'any':
      return guarded(root, where.path, someElement(at(root, where.path), where.where, depth + 1))
    default:
      return guarded(root, where.path, leaf(at(root, where.path), where))
  }
}

function leaf(value: Reference, where: Leaf): Document {
  switch (where.op) {
    case 'eq':
    case 'ne':
      return { $eq: [value, { $literal: where.value }] }
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return { $and: [isOfType(value, where.value), { [OPERATORS[where.op]]: [value, { $literal: where.value }] }] }
    case 'in':
      return { $in: [value, { $literal: where.values }] }
    case 'pr':
      return { $not: [{ $or: [{ $in: [{ $type: value }, ABSENT] }, { $in: [value, { $literal: ['', [], {}] }] }] }] }
    case 'co':
      return matching(value, containing(where.value))
    case 'sw':
      return matching(value, starting(where.value))
    case 'ew':
      return matching(value, ending(where.value))
    default:
      return where satisfies never
  }
}

const ABSENT = ['missing', 'null', 'undefined'] as const

function at(root: Reference, path: string): Reference {
  return path === '' ? root : `${root}.${path}`
}

/** A path through a list is the list of what it finds there: the neutral tree finds nothing. */
function guarded(root: Reference, path: string, inner: Document): Document {
  const segments = path.split('.')
  const parents = segments.slice(1).map((_, index) => at(root, segments.slice(0, index + 1).join('.')))
  return parents.length === 0 ? inner : { $and: [...parents.map((parent) => ({ $not: [{ $isArray: [parent] }] })), inner] }
}

function matching(value: Reference, pattern: string): Document {
  const match = { $regexMatch: { input: value, regex: { $literal: pattern } } }
  return { $cond: [{ $eq: [{ $type: value }, 'string'] }, match, false] }
}

const NUMBERS = ['int', 'long', 'double', 'decimal'] as const

function isOfType(value: Reference, like: Scalar): Document {
  const types = typeof like === 'number' ? NUMBERS : [typeof like === 'string' ? 'string' : 'bool']
  return { $in: [{ $type: value }, types] }
}

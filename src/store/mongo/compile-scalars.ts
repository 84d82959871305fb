/**
 * `any` over a list of scalars. One comparison is an `$elemMatch`; several on the same element are an expression, since
 * the conditions of an `$elemMatch` on a scalar cannot be combined by `$or`, nor one kind of them be named twice.
 */
import type { Document } from 'mongodb'
import type { Predicate, Scalar } from '../predicate.ts'
import { isFalse, isTrue } from './elements.ts'
import { containing, ending, starting } from './patterns.ts'

const IS_SCALAR = { $not: { $type: ['object', 'array'] } } as const

/** @param where about the element itself only (`elements.ts`) */
export function someScalar(path: string, where: Predicate): Document[] {
  if (isFalse(where)) return []
  if (isTrue(where)) return [{ [path]: { $elemMatch: IS_SCALAR } }]
  switch (where.op) {
    case 'eq':
      return [{ [path]: { $elemMatch: { $eq: where.value } } }]
    case 'in':
      return [{ [path]: { $elemMatch: { $in: where.values } } }]
    case 'sw':
      return [{ [path]: { $elemMatch: { $regex: starting(where.value) } } }]
    case 'co':
      return [{ [path]: { $elemMatch: { $regex: containing(where.value) } } }]
    default:
      return [{ $expr: someElement(path, expression(where)) }]
  }
}

const ELEMENT = '$$element'

function someElement(path: string, cond: Document): Document {
  const input = { $cond: [{ $isArray: [`$${path}`] }, `$${path}`, []] }
  return { $gt: [{ $size: { $filter: { input, as: 'element', cond } } }, 0] }
}

const OPERATORS = { eq: '$eq', ne: '$ne', gt: '$gt', ge: '$gte', lt: '$lt', le: '$lte' } as const

function expression(where: Predicate): Document {
  switch (where.op) {
    case 'and':
      return { $and: where.of.map(expression) }
    case 'or':
      return { $or: where.of.map(expression) }
    case 'not':
      return { $not: [expression(where.of)] }
    case 'eq':
    case 'ne':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le': {
      const compared = { [OPERATORS[where.op]]: [ELEMENT, { $literal: where.value }] }
      return where.op === 'eq' || where.op === 'ne' ? compared : { $and: [isOfType(where.value), compared] }
    }
    case 'in':
      return { $in: [ELEMENT, { $literal: where.values }] }
    case 'pr':
      return { $not: [{ $in: [ELEMENT, { $literal: [null, '', [], {}] }] }] }
    case 'co':
      return matching(containing(where.value))
    case 'sw':
      return matching(starting(where.value))
    case 'ew':
      return matching(ending(where.value))
    case 'any':
      throw new TypeError('a scalar holds no list')
    default:
      return where satisfies never
  }
}

function matching(pattern: string): Document {
  return {
    $cond: [{ $eq: [{ $type: ELEMENT }, 'string'] }, { $regexMatch: { input: ELEMENT, regex: { $literal: pattern } } }, false],
  }
}

const NUMBERS = ['int', 'long', 'double', 'decimal'] as const

function isOfType(value: Scalar): Document {
  const types = typeof value === 'number' ? NUMBERS : [typeof value === 'string' ? 'string' : 'bool']
  return { $in: [{ $type: ELEMENT }, types] }
}

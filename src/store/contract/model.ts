/**
 * What a predicate and an order mean, in the plainest words: stores are compared with this.
 */
import type { Predicate, Scalar } from '../predicate.ts'
import type { Doc } from '../store.ts'
import { compareText } from './builders.ts'

export function satisfies(value: unknown, predicate: Predicate): boolean {
  switch (predicate.op) {
    case 'and':
      return predicate.of.every((part) => satisfies(value, part))
    case 'or':
      return predicate.of.some((part) => satisfies(value, part))
    case 'not':
      return !satisfies(value, predicate.of)
    case 'any': {
      const list = at(value, predicate.path)
      return Array.isArray(list) && list.some((element) => satisfies(element, predicate.where))
    }
    case 'pr':
      return isPresent(at(value, predicate.path))
    case 'in':
      return predicate.values.some((one) => compare(at(value, predicate.path), one) === 0)
    case 'co':
    case 'sw':
    case 'ew':
      return matches(at(value, predicate.path), predicate.op, predicate.value)
    case 'ne':
      return compare(at(value, predicate.path), predicate.value) !== 0
    default:
      return isInRange(compare(at(value, predicate.path), predicate.value), predicate.op)
  }
}

/** In the order of the port: by the value at the path, absent last, then by id; descending is exactly the reverse. */
export function inOrder(docs: readonly Doc[], path: string, descending: boolean): Doc[] {
  const sorted = docs.toSorted((one, other) => {
    const [a, b] = [at(one, path), at(other, path)].map(scalar)
    if (a !== undefined && b !== undefined) return compare(a, b) || compareText(one._id, other._id)
    return Number(a === undefined) - Number(b === undefined) || compareText(one._id, other._id)
  })
  return descending ? sorted.reverse() : sorted
}

export function at(value: unknown, path: string): unknown {
  if (path === '') return value
  return path.split('.').reduce<unknown>((inside, name) => {
    const isObject = typeof inside === 'object' && inside !== null && !Array.isArray(inside)
    return isObject && Object.hasOwn(inside, name) ? Reflect.get(inside, name) : undefined
  }, value)
}

export function scalar(value: unknown): Scalar | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/** NaN when the two cannot be compared. */
function compare(value: unknown, other: Scalar): number {
  if (typeof value === 'string' && typeof other === 'string') return compareText(value, other)
  return typeof value === typeof other && typeof value !== 'object' ? Number(value) - Number(other) : Number.NaN
}

function isInRange(difference: number, op: 'eq' | 'gt' | 'ge' | 'lt' | 'le'): boolean {
  switch (op) {
    case 'eq':
      return difference === 0
    case 'gt':
      return difference > 0
    case 'ge':
      return difference >= 0
    case 'lt':
      return difference < 0
    case 'le':
      return difference <= 0
    default:
      return op satisfies never
  }
}

function matches(value: unknown, op: 'co' | 'sw' | 'ew', part: string): boolean {
  if (typeof value !== 'string') return false
  if (op === 'co') return value.includes(part)
  return op === 'sw' ? value.startsWith(part) : value.endsWith(part)
}

function isPresent(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== ''
}

/**
 * A predicate asked of one value in memory: for constants, and for the elements that the filter of a PATCH path picks.
 */
import type { Predicate, Scalar } from '../../store/predicate.ts'

/** Answers as every store does: two-valued, text by code point. */
export function holds(predicate: Predicate, value: unknown): boolean {
  switch (predicate.op) {
    case 'and':
      return predicate.of.every((one) => holds(one, value))
    case 'or':
      return predicate.of.some((one) => holds(one, value))
    case 'not':
      return !holds(predicate.of, value)
    case 'any': {
      const list = at(value, predicate.path)
      return Array.isArray(list) && list.some((element) => holds(predicate.where, element))
    }
    case 'pr':
      return isPresent(at(value, predicate.path))
    case 'in':
      return predicate.values.includes(at(value, predicate.path) as Scalar)
    case 'ne':
      return at(value, predicate.path) !== predicate.value
    case 'co':
    case 'sw':
    case 'ew':
      return textHolds(predicate.op, at(value, predicate.path), predicate.value)
    case 'eq':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return orderHolds(predicate.op, at(value, predicate.path), predicate.value)
    default:
      return predicate satisfies never
  }
}

function at(value: unknown, path: string): unknown {
  if (path === '') return value
  let found = value
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as { readonly [name: string]: unknown })[name]
  }
  return found
}

function isPresent(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.keys(value).length > 0
}

function textHolds(op: 'co' | 'sw' | 'ew', found: unknown, wanted: string): boolean {
  if (typeof found !== 'string') return false
  return op === 'co' ? found.includes(wanted) : op === 'sw' ? found.startsWith(wanted) : found.endsWith(wanted)
}

function orderHolds(op: 'eq' | 'gt' | 'ge' | 'lt' | 'le', found: unknown, wanted: Scalar): boolean {
  if (typeof found !== typeof wanted) return false
  if (found === wanted) return op === 'eq' || op === 'ge' || op === 'le'
  if (op === 'eq' || typeof wanted === 'boolean') return false
  const isLess = typeof wanted === 'string' ? isBefore(found as string, wanted) : (found as number) < wanted
  return isLess === (op === 'lt' || op === 'le')
}

/** Code points, not UTF-16 units: these differ where surrogates meet U+E000 to U+FFFF. */
function isBefore(a: string, b: string): boolean {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (left !== right) return rank(left) < rank(right)
  }
  return a.length < b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

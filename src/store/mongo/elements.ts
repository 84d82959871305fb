/**
 * What is asked of one element of a list, taken apart by what the element is: of a scalar only the element itself can
 * be asked, of an object only its fields. What cannot hold is NOTHING, what has to hold is EVERYTHING.
 */
import type { Predicate } from '../predicate.ts'
import { EVERYTHING, NOTHING } from '../predicate.ts'

export type ElementKind = 'scalar' | 'object'

export function isTrue(predicate: Predicate): boolean {
  return predicate.op === 'and' && predicate.of.length === 0
}

export function isFalse(predicate: Predicate): boolean {
  return predicate.op === 'or' && predicate.of.length === 0
}

/** Whether a list within the element is asked about. */
export function holdsAny(predicate: Predicate): boolean {
  switch (predicate.op) {
    case 'and':
    case 'or':
      return predicate.of.some(holdsAny)
    case 'not':
      return holdsAny(predicate.of)
    default:
      return predicate.op === 'any'
  }
}

/** What is left of a question when every element is of this kind. */
export function asked(where: Predicate, kind: ElementKind): Predicate {
  switch (where.op) {
    case 'and': {
      const parts = where.of.map((part) => asked(part, kind)).filter((part) => !isTrue(part))
      return parts.some(isFalse) ? NOTHING : whole('and', parts)
    }
    case 'or': {
      const parts = where.of.map((part) => asked(part, kind)).filter((part) => !isFalse(part))
      return parts.some(isTrue) ? EVERYTHING : whole('or', parts)
    }
    case 'not':
      return negated(asked(where.of, kind))
    case 'ne':
      return concerns(where.path, kind) ? where : EVERYTHING
    case 'any':
      return kind === 'object' && where.path !== '' ? where : NOTHING
    case 'pr':
      if (kind === 'object' && where.path === '') return EVERYTHING
      return concerns(where.path, kind) ? where : NOTHING
    default:
      return concerns(where.path, kind) ? where : NOTHING
  }
}

function concerns(path: string, kind: ElementKind): boolean {
  return (path === '') === (kind === 'scalar')
}

function whole(op: 'and' | 'or', parts: readonly Predicate[]): Predicate {
  const [only, ...others] = parts
  return only !== undefined && others.length === 0 ? only : { op, of: parts }
}

function negated(predicate: Predicate): Predicate {
  if (isTrue(predicate)) return NOTHING
  return isFalse(predicate) ? EVERYTHING : { op: 'not', of: predicate }
}

/**
 * A condition on an element of a list, asked of the record that the element stands for.
 */
import type { Predicate } from '../../store/predicate.ts'
import { EVERYTHING, NOTHING } from '../../store/predicate.ts'
import { holds } from './holds.ts'

/** Where the record has the parts of an element, or what they are in each; folded. */
export type Parts = { readonly [part: string]: { readonly path: string } | { readonly constant: string } }

/** @returns undefined when it asks for a part that the record does not have as such; every element has all of its parts */
export function onRecord(where: Predicate, parts: Parts): Predicate | undefined {
  switch (where.op) {
    case 'and':
    case 'or': {
      const of = where.of.map((one) => onRecord(one, parts))
      return of.every((one) => one !== undefined) ? { op: where.op, of } : undefined
    }
    case 'not': {
      const of = onRecord(where.of, parts)
      return of === undefined ? undefined : { op: 'not', of }
    }
    case 'pr':
      return EVERYTHING
    case 'any':
      return undefined
    default: {
      const part = parts[where.path]
      if (part === undefined) return undefined
      if ('path' in part) return { ...where, path: part.path }
      return holds({ ...where, path: '' }, part.constant) ? EVERYTHING : NOTHING
    }
  }
}

/**
 * Filter text -> tree. The parser (scim2-parse-filter) sees only what the guard lets through, in plain form.
 */
import type { Filter } from 'scim2-parse-filter'
import { parse } from 'scim2-parse-filter'
import { ScimProblem } from '../errors.ts'
import type { Guarded } from './guard.ts'
import { guard } from './guard.ts'
import type { FilterNode, FilterPath } from './node.ts'

/** @returns the tree, or `invalidFilter` with the place where the text stops being a filter and what would be right there */
export function parseFilter(text: string): FilterNode | ScimProblem {
  return treeOf(guard(text))
}

/** The inside of `emails[…]`. */
export function parseValueFilter(text: string): FilterNode | ScimProblem {
  return treeOf(guard(text, true))
}

function treeOf(guarded: Guarded | ScimProblem): FilterNode | ScimProblem {
  return guarded instanceof ScimProblem ? guarded : restored(parse(guarded.plain), guarded)
}

/** Puts names and values back; depth and length are bounded by the guard. */
function restored(filter: Filter, guarded: Guarded): FilterNode {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { op: filter.op, of: filter.filters.map((one) => restored(one, guarded)) }
    case 'not':
      return { op: 'not', of: restored(filter.filter, guarded) }
    case '[]':
      return { op: 'any', path: nameAt(filter.attrPath, guarded), of: restored(filter.valFilter, guarded) }
    case 'pr':
      return { op: 'pr', path: nameAt(filter.attrPath, guarded) }
    default:
      return { op: filter.op, path: nameAt(filter.attrPath, guarded), value: guarded.values[Number(filter.compValue)] ?? null }
  }
}

function nameAt(plain: string, { names }: Guarded): FilterPath {
  const name = names[Number(plain.slice(1))]
  if (name === undefined) throw new Error(`the parser made up the name ${plain}`)
  return name
}

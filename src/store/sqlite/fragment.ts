/**
 * Pieces of SQL with the values of their places, in the order of the places.
 */
import type { SQLInputValue } from 'node:sqlite'

export type Fragment = { readonly sql: string; readonly values: readonly SQLInputValue[] }

// Bound: beside a constant SQLite leaves the other terms out, and then cannot use the index that a plan names.
export const TRUE: Fragment = { sql: '?', values: [1] }
const FALSE: Fragment = { sql: '?', values: [0] }

export function all(fragments: readonly Fragment[]): Fragment {
  return balanced(fragments, 'and', TRUE)
}

export function some(fragments: readonly Fragment[]): Fragment {
  return balanced(fragments, 'or', FALSE)
}

export function wrap(before: string, inner: Fragment, after: string): Fragment {
  return { sql: before + inner.sql + after, values: inner.values }
}

/** SQLite refuses chains of more than a thousand terms, as too deep: a balanced tree of them is not deep. */
function balanced(fragments: readonly Fragment[], operator: 'and' | 'or', none: Fragment): Fragment {
  const [first, second] = fragments
  if (first === undefined) return none
  if (second === undefined) return first
  const middle = Math.ceil(fragments.length / 2)
  const left = balanced(fragments.slice(0, middle), operator, none)
  const right = balanced(fragments.slice(middle), operator, none)
  return { sql: `(${left.sql} ${operator} ${right.sql})`, values: [...left.values, ...right.values] }
}

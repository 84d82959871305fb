/**
 * `members[…]` in a filter or a path: a group does not hold its members, so they are named one by one.
 */
import type { FilterNode } from './node.ts'
import { textOf } from './node.ts'

/** The id of a member, and what it is said to be (`User`, `Group`). */
export type MemberTerm = { readonly id: string; readonly types: readonly string[] }

/**
 * `value eq "…"`, perhaps with `and type eq "…"`, or several of these joined by `or`.
 * @returns undefined for anything else
 */
export function memberTerms(node: FilterNode): readonly MemberTerm[] | undefined {
  if (node.op === 'or') {
    const parts = node.of.map(memberTerms)
    return parts.some((part) => part === undefined) ? undefined : parts.flatMap((part) => part ?? [])
  }
  const terms = node.op === 'and' ? node.of : [node]
  const [id, ...others] = terms.flatMap((term) => textAt(term, 'value') ?? [])
  const types = terms.flatMap((term) => textAt(term, 'type') ?? [])
  const isAll = id !== undefined && others.length === 0 && terms.length === 1 + types.length
  return isAll ? [{ id, types }] : undefined
}

function textAt(node: FilterNode, name: string): string | undefined {
  const isAsked = node.op === 'eq' && textOf(node.path).toLowerCase() === name
  return isAsked && typeof node.value === 'string' ? node.value : undefined
}

/**
 * The filter of a PATCH path asked of one element, with the very meaning that it has in a search.
 */
import type { Attribute } from '../../directory/schema.ts'
import { foldElement } from '../../directory/search.ts'
import type { Json } from '../../directory/user.ts'
import type { Predicate } from '../../store/predicate.ts'
import { NOTHING } from '../../store/predicate.ts'
import { ScimProblem } from '../errors.ts'
import { holds } from './holds.ts'
import type { FilterNode } from './node.ts'
import { compileWithin } from './within.ts'

const compiled = new WeakMap<FilterNode, Predicate>()

/** @param filter of the list `attribute`, as `parsePatchPath` has it; any other matches nothing */
export function matchesElement(filter: FilterNode, element: Json, attribute: Attribute): boolean {
  return holds(compiled.get(filter) ?? compile(filter, attribute), foldElement(attribute, element))
}

function compile(filter: FilterNode, attribute: Attribute): Predicate {
  const predicate = compileWithin(filter, attribute, { isStored: false })
  const usable = predicate instanceof ScimProblem ? NOTHING : predicate
  compiled.set(filter, usable)
  return usable
}

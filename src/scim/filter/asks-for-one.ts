/**
 * Whether a filter asks for one resource: it holds an `eq` on what identifies people, or groups. Such a question finds
 * records that a list does not show, so that a client can link them.
 */
import { dottedName } from '../../directory/schema.ts'
import { ScimProblem } from '../errors.ts'
import type { ResourceType } from '../resource-type.ts'
import type { FilterNode, FilterPath } from './node.ts'
import { resolveInFilter } from './resolve.ts'

/** Whether the filter is such an `eq`, or an `and` of which one term is. */
export function asksForOne(type: ResourceType, node: FilterNode): boolean {
  switch (node.op) {
    case 'eq':
      return node.value !== null && type.identifying.has(nameOf(type, node.path))
    case 'and':
      return node.of.some((part) => asksForOne(type, part))
    case 'any':
      return type.identifying.has(`${nameOf(type, node.path)}.value`) && hasValueTerm(node.of)
    default:
      return false
  }
}

function hasValueTerm(node: FilterNode): boolean {
  if (node.op === 'and') return node.of.some(hasValueTerm)
  return node.op === 'eq' && node.value !== null && node.path.attr.toLowerCase() === 'value'
}

function nameOf({ schema }: ResourceType, path: FilterPath): string {
  const found = resolveInFilter(schema, path)
  return found instanceof ScimProblem ? '' : dottedName(found)
}

/**
 * Whether a filter asks for one person: it holds an `eq` on what identifies people. Such a question finds records that
 * a list does not show, so that a client can link them.
 */
import type { AttributePath } from '../../directory/schema.ts'
import { dottedName } from '../../directory/schema.ts'
import { ScimProblem } from '../errors.ts'
import type { FilterNode, FilterPath } from './node.ts'
import { resolveInFilter } from './resolve.ts'

const IDENTIFYING: ReadonlySet<string> = new Set([
  'id',
  'userName',
  'externalId',
  'emails',
  'emails.value',
  'campus.netid',
  'campus.netid2',
  'campus.netid3',
])

/** Whether the filter is such an `eq`, or an `and` of which one term is. */
export function asksForOne(node: FilterNode): boolean {
  switch (node.op) {
    case 'eq':
      return node.value !== null && IDENTIFYING.has(nameOf(node.path))
    case 'and':
      return node.of.some(asksForOne)
    case 'any':
      return nameOf(node.path) === 'emails' && hasValueTerm(node.of)
    default:
      return false
  }
}

function hasValueTerm(node: FilterNode): boolean {
  if (node.op === 'and') return node.of.some(hasValueTerm)
  return node.op === 'eq' && node.value !== null && node.path.attr.toLowerCase() === 'value'
}

function nameOf(path: FilterPath): string {
  const found: AttributePath | ScimProblem = resolveInFilter(path)
  return found instanceof ScimProblem ? '' : dottedName(found)
}

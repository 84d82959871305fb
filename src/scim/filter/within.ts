/**
 * The filter inside `emails[…]`: its names are parts of one element, and all of it is asked of that element.
 */
import { didYouMean } from '../../directory/near-miss.ts'
import type { Attribute } from '../../directory/schema.ts'
import { isSearchable, searchName } from '../../directory/search.ts'
import type { Predicate } from '../../store/predicate.ts'
import { ScimProblem } from '../errors.ts'
import { compare } from './literal.ts'
import type { Operand } from './logic.ts'
import { compileLogic } from './logic.ts'
import type { FilterNode } from './node.ts'
import { textOf } from './node.ts'

type Asked = {
  /** Whether a store will be asked, which does not know all that an element holds. */
  readonly isStored: boolean
}

/** @returns a predicate for one element of the list `attribute`, or `invalidFilter` */
export function compileWithin(node: FilterNode, attribute: Attribute, asked: Asked): Predicate | ScimProblem {
  return compileLogic(node, (operand) => compilePart(operand, attribute, asked))
}

function compilePart(node: Operand, attribute: Attribute, { isStored }: Asked): Predicate | ScimProblem {
  const written = textOf(node.path)
  if (node.op === 'any') return new ScimProblem('invalidFilter', `${written}[…] cannot stand within ${attribute.name}[…]`)
  const part = partOf(attribute, written.toLowerCase())
  const name = `${attribute.name}.${written}`
  if (part === undefined) {
    const known = [...attribute.subAttributes.values()].map((sub) => sub.name)
    return new ScimProblem('invalidFilter', `${attribute.name} has no part ${written}${didYouMean(written, known)}`)
  }
  // The elements of simple lists are stored as plain values.
  const path = attribute.type === 'complex' ? searchName(part) : ''
  if (node.op === 'pr') return { op: 'pr', path }
  if (isStored && !isSearchable(part) && node.value !== null)
    return new ScimProblem('invalidFilter', `${name} cannot be searched, but for pr`)
  return compare(node, part, path, name)
}

/** The elements of a simple list are their own `value`. */
function partOf(attribute: Attribute, name: string): Attribute | undefined {
  if (attribute.type === 'complex') return attribute.subAttributes.get(name)
  return name === 'value' ? attribute : undefined
}

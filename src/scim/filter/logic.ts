/**
 * `and`, `or` and `not` of a filter, compiled alike wherever its terms are compiled.
 */
import type { Predicate } from '../../store/predicate.ts'
import { ScimProblem } from '../errors.ts'
import type { FilterNode } from './node.ts'

/** What is joined: a comparison, `pr`, or the inside of brackets. */
export type Operand = Exclude<FilterNode, { readonly op: 'and' | 'or' | 'not' }>

/** All operands of a filter, in their order. */
export function operandsOf(node: FilterNode): readonly Operand[] {
  switch (node.op) {
    case 'and':
    case 'or':
      return node.of.flatMap(operandsOf)
    case 'not':
      return operandsOf(node.of)
    default:
      return [node]
  }
}

/** @returns the predicate, or the problem of the first operand that has one */
export function compileLogic(node: FilterNode, compile: (operand: Operand) => Predicate | ScimProblem): Predicate | ScimProblem {
  switch (node.op) {
    case 'and':
    case 'or': {
      const parts: Predicate[] = []
      for (const one of node.of) {
        const part = compileLogic(one, compile)
        if (part instanceof ScimProblem) return part
        parts.push(part)
      }
      return { op: node.op, of: parts }
    }
    case 'not': {
      const inner = compileLogic(node.of, compile)
      return inner instanceof ScimProblem ? inner : { op: 'not', of: inner }
    }
    default:
      return compile(node)
  }
}

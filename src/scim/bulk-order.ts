/**
 * In which order the operations of a bulk request are done: in the order of the request, but whatever makes a resource
 * that one before it names goes before that one, so that the result is what the sequence says (RFC 7644, section 3.7).
 * Where resources name each other in a circle, the first is made without, and told when what it names is made.
 */
import { cut, referencesIn } from './bulk-references.ts'
import type { BulkRequest, Operation } from './bulk-request.ts'

export type Step = {
  /** Of the operation in the request. */
  readonly index: number
  /** The operation whose turn it is: this one, or one before it that names what this one makes. */
  readonly turn: number
  /** As sent; where a resource is made in two steps, each with its part of the data. */
  readonly operation: Operation
  readonly references: ReadonlySet<string>
  /** Whether it is the rest of a resource that was made without what did not exist yet. */
  readonly isRest: boolean
}

/** Steps in lists that can go together: of what one of a list makes, no other of that list names anything. */
export function listsOf({ operations, failOnErrors }: BulkRequest): Step[][] {
  const lists: Step[][] = []
  const made = new Set<string>()
  let isOpen = false
  for (const step of stepsOf(operations)) {
    const { endpoint, bulkId } = step.operation
    const isAlone = failOnErrors !== undefined || step.isRest || endpoint === 'Groups'
    const isNext = !isOpen || isAlone || [...step.references].some((reference) => made.has(reference))
    if (isNext) {
      lists.push([])
      made.clear()
    }
    lists.at(-1)?.push(step)
    if (bulkId !== undefined) made.add(bulkId)
    isOpen = !isAlone
  }
  return lists
}

function stepsOf(operations: readonly Operation[]): Step[] {
  const makers = makersAmong(operations)
  const references = operations.map(({ id, data }) => referencesIn([id, data]))
  const steps: Step[] = []
  const reached = new Set<number>()
  const placed = new Set<number>()
  /** What resources in a circle are made without. */
  const rests = new Map<number, Step>()
  let turn = 0

  function place(step: Step): void {
    steps.push(step)
    placed.add(step.index)
  }

  /** Whoever is reached again before it has its place needs itself. */
  function placeWithout(index: number): void {
    const operation = operations[index] as Operation
    const waiting = [...makers].filter(([, maker]) => !placed.has(maker)).map(([bulkId]) => bulkId)
    const { now, later } = cut(operation.data, new Set(waiting))
    place({ index, turn, operation: { ...operation, data: now }, references: referencesIn(now), isRest: false })
    rests.set(index, { index, turn, operation: { ...operation, data: later }, references: referencesIn(later), isRest: true })
  }

  function reach(index: number): void {
    if (placed.has(index)) return
    if (reached.has(index)) placeWithout(index)
    else {
      reached.add(index)
      placeAfterMakers(index)
    }
  }

  function placeAfterMakers(index: number): void {
    const named = references[index] as ReadonlySet<string>
    for (const bulkId of named) {
      const maker = makers.get(bulkId)
      if (maker !== undefined) reach(maker)
    }
    const rest = rests.get(index)
    if (rest === undefined) place({ index, turn, operation: operations[index] as Operation, references: named, isRest: false })
    else steps.push(rest)
  }

  for (; turn < operations.length; turn++) reach(turn)
  return steps
}

/** Which operation makes the resource of a bulkId. */
function makersAmong(operations: readonly Operation[]): Map<string, number> {
  const makers = new Map<string, number>()
  for (const [index, { method, bulkId, problem }] of operations.entries()) {
    if (method === 'POST' && bulkId !== undefined && problem === undefined) makers.set(bulkId, index)
  }
  return makers
}

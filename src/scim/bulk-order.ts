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
  for (const step of new Places(operations).all()) {
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

/** Puts operations in their places, each behind what makes the resources that it names. */
class Places {
  readonly #operations: readonly Operation[]
  readonly #references: readonly ReadonlySet<string>[]
  readonly #makers: ReadonlyMap<string, number>
  readonly #steps: Step[] = []
  readonly #reached = new Set<number>()
  readonly #placed = new Set<number>()
  /** What resources in a circle are made without. */
  readonly #rests = new Map<number, Step>()
  #turn = 0

  constructor(operations: readonly Operation[]) {
    this.#operations = operations
    this.#references = operations.map(({ id, data }) => referencesIn([id, data]))
    this.#makers = makersAmong(operations)
  }

  all(): readonly Step[] {
    for (; this.#turn < this.#operations.length; this.#turn++) this.#reach(this.#turn)
    return this.#steps
  }

  /** Whoever is reached again before it has its place needs itself. */
  #reach(index: number): void {
    if (this.#placed.has(index)) return
    if (this.#reached.has(index)) this.#placeWithout(index)
    else {
      this.#reached.add(index)
      this.#placeBehindMakers(index)
    }
  }

  #placeBehindMakers(index: number): void {
    const references = this.#references[index] as ReadonlySet<string>
    for (const bulkId of references) {
      const maker = this.#makers.get(bulkId)
      if (maker !== undefined) this.#reach(maker)
    }
    const rest = this.#rests.get(index)
    if (rest !== undefined) this.#steps.push(rest)
    else this.#place(this.#stepOf(index, this.#operations[index] as Operation, references))
  }

  #placeWithout(index: number): void {
    const operation = this.#operations[index] as Operation
    const waiting = [...this.#makers].filter(([, maker]) => !this.#placed.has(maker)).map(([bulkId]) => bulkId)
    const { now, later } = cut(operation.data, new Set(waiting))
    this.#place(this.#stepOf(index, { ...operation, data: now }, referencesIn(now)))
    this.#rests.set(index, { ...this.#stepOf(index, { ...operation, data: later }, referencesIn(later)), isRest: true })
  }

  #stepOf(index: number, operation: Operation, references: ReadonlySet<string>): Step {
    return { index, turn: this.#turn, operation, references, isRest: false }
  }

  #place(step: Step): void {
    this.#steps.push(step)
    this.#placed.add(step.index)
  }
}

/** Which operation makes the resource of a bulkId. */
function makersAmong(operations: readonly Operation[]): Map<string, number> {
  const makers = new Map<string, number>()
  for (const [index, { method, bulkId, problem }] of operations.entries()) {
    if (method === 'POST' && bulkId !== undefined && problem === undefined) makers.set(bulkId, index)
  }
  return makers
}

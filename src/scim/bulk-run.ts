/**
 * Carries out the operations of a bulk request (RFC 7644, section 3.7). Each is a write of its own: what one fails at
 * harms no other. Users that follow each other go together, as one batch. What goes before its turn, and finds its name
 * still taken, is put off until its turn, and so is what names it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { gathering } from '../directory/gathering.ts'
import type { Roll } from '../directory/roll.ts'
import { SLICE } from '../directory/slice.ts'
import type { Step } from './bulk-order.ts'
import { listsOf } from './bulk-order.ts'
import { resolved } from './bulk-references.ts'
import type { BulkRequest, Method, Operation } from './bulk-request.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { fitsIn } from './etag.ts'
import type { Asked } from './exchange.ts'
import { dropGroup, patchGroup, postGroup, putGroup } from './group-operations.ts'
import { etagOf } from './render.ts'
import type { Ready } from './user-operations.ts'
import { readyDelete, readyPatch, readyPost, readyPut } from './user-operations.ts'

export type Result = {
  readonly operation: Operation
  readonly status: number
  /** `/Users/ID`, where there is, or was, such a resource. */
  readonly path?: string
  readonly version?: string
  readonly problem?: ScimProblem
}

/** So many are made ready, and go as one list, before others get their turn on the thread. */
const TURN = SLICE

/** @returns the results of what was done, in the order of the request: with failOnErrors it may be less than all */
export function runBulk(roll: Roll, caller: Caller, request: BulkRequest): Promise<Result[]> {
  return new BulkRun(roll, caller, request).run()
}

class BulkRun {
  readonly #roll: Roll
  readonly #caller: Caller
  readonly #request: BulkRequest
  readonly #results: Result[] = []
  /** Ids of what was made, by bulkId. */
  readonly #ids = new Map<string, string>()
  /** Steps that are put off: what could not be made before its turn, and what waits for that. */
  readonly #waiting: Step[] = []
  /** What they are about. */
  readonly #late = new Set<string>()
  /** The first operation that is put off until its own turn. */
  #again = Number.POSITIVE_INFINITY
  #failures = 0

  constructor(roll: Roll, caller: Caller, request: BulkRequest) {
    this.#roll = { ...roll, gate: gathering(roll.gate) }
    this.#caller = caller
    this.#request = request
  }

  async run(): Promise<Result[]> {
    for (const list of listsOf(this.#request)) await this.#inTurn(list)
    await this.#catchUp(Number.POSITIVE_INFINITY)
    return this.#results.filter((result) => result !== undefined)
  }

  async #inTurn(list: readonly Step[]): Promise<void> {
    for (let left = list, [first] = left; first !== undefined; [first] = left) {
      await this.#catchUp(first.turn)
      const next = left.filter(({ turn }) => turn <= this.#again)
      left = left.slice(next.length)
      // Who was made without what it names is told of it, or says so, also where nothing else is done any more.
      if (first.isRest || !this.#isOver()) await this.#go(next)
    }
  }

  /** Does what was put off and whose turn has come. */
  async #catchUp(turn: number): Promise<void> {
    if (this.#again >= turn) return
    this.#again = Number.POSITIVE_INFINITY
    this.#late.clear()
    for (const waiting of this.#waiting.splice(0)) {
      const step = { ...waiting, turn }
      if (step.index < turn) await this.#go([step])
      else this.#putOff(step)
    }
  }

  async #go(list: readonly Step[]): Promise<void> {
    const ready = list.filter((step) => !this.#isPutOff(step))
    const rest = ready.find(({ isRest }) => isRest)
    await (rest === undefined ? this.#together(ready) : this.#tell(rest))
  }

  /** Puts off what names, or is about, something that is put off itself. */
  #isPutOff(step: Step): boolean {
    if (this.#late.size === 0) return false
    const names = [subjectOf(step), ...[...step.references].map((bulkId) => `bulkId:${bulkId}`)]
    const isLate = names.some((name) => this.#late.has(name))
    if (isLate) this.#putOff(step)
    return isLate
  }

  #putOff(step: Step): void {
    this.#waiting.push(step)
    this.#late.add(subjectOf(step))
    if (step.index > step.turn) this.#again = Math.min(this.#again, step.index)
  }

  #isOver(): boolean {
    return this.#failures >= (this.#request.failOnErrors ?? Number.POSITIVE_INFINITY)
  }

  async #together(some: readonly Step[]): Promise<void> {
    const begun: Promise<Result>[] = []
    for (let from = 0; from < some.length; from += TURN) {
      if (from > 0) await nextTurn()
      // Some have to read something first: all are handed in when all are ready, so that none overtakes another.
      const ready = await Promise.all(some.slice(from, from + TURN).map((step) => this.#ready(step)))
      for (const begin of ready) {
        const result = begin()
        // Whoever waits for all of them hears of a failure; meanwhile it is no stray one.
        result.catch(() => {})
        begun.push(result)
      }
    }
    const results = await Promise.all(begun)
    for (const [position, step] of some.entries()) this.#record(step, results[position] as Result)
  }

  #record(step: Step, result: Result): void {
    const { index, turn, operation } = step
    // Before its turn somebody may still bear the name, whom an operation between deletes or renames.
    if (index > turn && result.problem?.code === 'uniqueness') {
      this.#putOff(step)
      return
    }
    this.#results[index] = result
    if (result.problem !== undefined) this.#failures += 1
    else if (operation.method === 'POST' && operation.bulkId !== undefined)
      this.#ids.set(operation.bulkId, result.path?.split('/').at(-1) ?? '')
  }

  /** @returns what hands the operation in, before it returns, and tells what became of it */
  async #ready({ operation, references }: Pick<Step, 'operation' | 'references'>): Promise<() => Promise<Result>> {
    const missing = [...references].find((bulkId) => !this.#ids.has(bulkId))
    const problem = operation.problem ?? (missing === undefined ? undefined : unknown(missing))
    if (problem !== undefined) return async () => ({ operation, status: problem.status, problem })
    const id = operation.id === undefined ? '' : String(resolved(operation.id, this.#ids))
    const data = references.size === 0 ? operation.data : resolved(operation.data, this.#ids)
    const asked: Asked = { caller: this.#caller, body: data, ifVersion: fitsIn(operation.version) }
    const method = operation.method as Method
    if (operation.endpoint === 'Groups') return async () => resultOf(operation, id, await GROUPS[method](this.#roll, asked, id))
    const write = await USERS[method](this.#roll, asked, id)
    return async () => resultOf(operation, id, write instanceof ScimProblem ? write : await write())
  }

  async #tell({ index, operation: { data }, references }: Step): Promise<void> {
    const made = this.#results[index]
    if (made === undefined || made.problem !== undefined) return
    const body = { Operations: [{ op: 'add', value: data }] }
    const operation = { ...made.operation, method: 'PATCH', id: made.path?.split('/').at(-1) ?? '', data: body }
    const carryOut = await this.#ready({ operation, references })
    const { problem, version } = await carryOut()
    if (problem === undefined) {
      this.#results[index] = { ...made, ...(version === undefined ? {} : { version }) }
      return
    }
    const unresolved = new ScimProblem('unresolved', `made, but for what it refers to: ${problem.detail}`)
    this.#results[index] = { ...made, status: unresolved.status, problem: unresolved }
    this.#failures += 1
  }
}

function resultOf(operation: Operation, id: string, written: Awaited<Written>): Result {
  const { method } = operation
  const path = `/${operation.endpoint}`
  if (written instanceof ScimProblem) {
    return { operation, status: written.status, problem: written, ...(method === 'POST' ? {} : { path: `${path}/${id}` }) }
  }
  const status = method === 'POST' ? 201 : method === 'DELETE' ? 204 : 200
  if (written === undefined) return { operation, status, path: `${path}/${id}` }
  const version = method === 'DELETE' ? {} : { version: etagOf(written) }
  return { operation, status, path: `${path}/${written._id}`, ...version }
}

/** What a step is about: a resource that it makes, or one that there is. */
function subjectOf({ index, operation: { method, bulkId, endpoint, id } }: Step): string {
  if (method !== 'POST') return `${endpoint}/${id}`
  return bulkId === undefined ? String(index) : `bulkId:${bulkId}`
}

function unknown(bulkId: string): ScimProblem {
  return new ScimProblem('invalidValue', `no operation of this request has made bulkId:${bulkId.slice(0, 64)}`)
}

type Written = Promise<{ readonly _id: string; readonly version: string } | ScimProblem | undefined>
type Writers<Made> = { readonly [M in Method]: (roll: Roll, asked: Asked, id: string) => Made }

const USERS: Writers<Ready> = { POST: readyPost, PUT: readyPut, PATCH: readyPatch, DELETE: readyDelete }
const GROUPS: Writers<Written> = { POST: postGroup, PUT: putGroup, PATCH: patchGroup, DELETE: dropGroup }

/**
 * What waits for the writer thread: requests before batches, all that waits in one message. Requests that arrive during a
 * commit share the next one; a batch is sent while the thread is at the one before it, so that it need not wait for more.
 */
import type { Lane } from '../store.ts'
import { StoreError } from '../store.ts'
import type { Answer, CallAnswer, Job } from './commit.ts'

/** A batch takes 5 to 20 ms at this size, and a request may have to wait for as many as are under way. */
const SLICE = 200
const MOST_UNDER_WAY = 2
/** A document with more tags, members and other values of lists than these takes as long as several. */
const VALUES = 20

type Call = {
  /** Emptied once they are sent. */
  readonly jobs: Job[]
  readonly resolve: (answers: readonly Answer[]) => void
  readonly reject: (error: Error) => void
}

export class WriteQueue {
  readonly #send: (calls: readonly (readonly Job[])[]) => Promise<readonly CallAnswer[]>
  readonly #lanes: Readonly<Record<Lane, Call[]>> = { request: [], batch: [] }
  readonly #open = new Set<Promise<unknown>>()
  #isDue = false
  /** Groups that were sent and are not answered yet. */
  #underWay = 0

  /** @param send has taken all that it needs of the jobs when it returns its promise */
  constructor(send: (calls: readonly (readonly Job[])[]) => Promise<readonly CallAnswer[]>) {
    this.#send = send
  }

  /**
   * Each slice is one transaction; when one fails the later ones are not tried.
   * @param jobs are taken out of the list as they are sent: kept until the answer comes, their texts would be copied by
   * the garbage collector meanwhile
   */
  add(jobs: Job[], lane: Lane): Promise<Answer[]> {
    const done = this.#slices(jobs, lane).finally(() => this.#open.delete(done))
    this.#open.add(done)
    return done
  }

  /** Resolves when everything accepted so far is done or refused. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#open)
  }

  async #slices(jobs: Job[], lane: Lane): Promise<Answer[]> {
    const answers: Answer[] = []
    do answers.push(...(await this.#call(jobs.splice(0, howManyFit(jobs, weightOf)), lane)))
    while (jobs.length > 0)
    return answers
  }

  #call(jobs: Job[], lane: Lane): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.#lanes[lane].push({ jobs, resolve, reject })
      if (this.#isDue) return
      this.#isDue = true
      // What else arrives in this turn of the loop goes along.
      setImmediate(() => {
        this.#isDue = false
        this.#sendWhatWaits()
      })
    })
  }

  #sendWhatWaits(): void {
    const { request, batch } = this.#lanes
    while (request.length + batch.length > 0 && this.#underWay < (request.length > 0 ? 1 : MOST_UNDER_WAY)) {
      this.#underWay++
      void this.#commit(this.#group()).then(() => {
        this.#underWay--
        this.#sendWhatWaits()
      })
    }
  }

  #group(): Call[] {
    const { request, batch } = this.#lanes
    const lane = request.length > 0 ? request : batch
    const fit = howManyFit(lane, ({ jobs }) => jobs.reduce((sum, job) => sum + weightOf(job), 0))
    return lane.splice(0, fit)
  }

  async #commit(group: readonly Call[]): Promise<void> {
    try {
      const sent = this.#send(group.map((call) => call.jobs))
      for (const { jobs } of group) jobs.length = 0
      const answers = await sent
      for (const [at, call] of group.entries()) settle(call, answers[at])
    } catch (error) {
      for (const call of group) call.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

/** @returns how many of them, from the first, make a slice: one at least, if there is one */
function howManyFit<T>(all: readonly T[], weigh: (one: T) => number): number {
  let weight = 0
  const next = all.findIndex((one, index) => {
    weight += weigh(one)
    return index > 0 && weight > SLICE
  })
  return next < 0 ? all.length : next
}

function weightOf(job: Job): number {
  const lists = 'row' in job ? job.row.lists : []
  return Math.max(1, lists.reduce((sum, { length }) => sum + length, 0) / VALUES)
}

function settle(call: Call, answer: CallAnswer | undefined): void {
  if (answer === undefined) call.reject(new StoreError('unavailable', 'the writer thread gave no answer'))
  else if ('fault' in answer) call.reject(new StoreError(answer.fault, answer.message))
  else call.resolve(answer)
}

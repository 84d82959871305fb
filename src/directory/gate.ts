/**
 * Gathers what arrives while a batch is under way into the next one: concurrent requests become batches by themselves,
 * and many changes of one record become one write. No timers: whoever comes alone goes at once.
 * Batches of files have their own lane behind requests.
 */
import type { Store } from '../store/store.ts'
import type { ApplyOptions } from './apply.ts'
import { apply } from './apply.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'

/** Of requests in one batch, and of a file's changes in one. */
const MOST = 200

export type Gate = {
  /** One change, as part of whatever batch goes next. */
  submit(institution: Institution, change: Change): Promise<Outcome>
  /** Any number of changes in their order, in batches of 200 at most, behind the requests. */
  batch(institution: Institution, changes: readonly Change[]): Promise<Outcome[]>
}

type Waiting = {
  readonly changes: readonly Change[]
  readonly resolve: (outcomes: Outcome[]) => void
  readonly reject: (error: unknown) => void
}

type Queue = { institution: Institution; readonly requests: Waiting[]; readonly batches: Waiting[]; isRunning: boolean }

/** @param observe is told of every batch: how many changes, what became of them */
export function openGate(
  store: Store,
  observe?: (changes: readonly Change[], outcomes: readonly Outcome[]) => void,
  options: ApplyOptions = {},
): Gate {
  const queues = new Map<string, Queue>()

  function enqueue(institution: Institution, lane: 'requests' | 'batches', changes: readonly Change[]): Promise<Outcome[]> {
    const queue = queues.get(institution._id) ?? { institution, requests: [], batches: [], isRunning: false }
    queues.set(institution._id, queue)
    queue.institution = institution
    return new Promise((resolve, reject) => {
      queue[lane].push({ changes, resolve, reject })
      if (!queue.isRunning) void run(queue)
    })
  }

  async function run(queue: Queue): Promise<void> {
    queue.isRunning = true
    while (queue.requests.length > 0 || queue.batches.length > 0) {
      if (queue.requests.length > 0) await together(queue, queue.requests.splice(0, MOST), 'request')
      else await together(queue, queue.batches.splice(0, 1), 'batch')
    }
    queue.isRunning = false
    queues.delete(queue.institution._id)
  }

  async function together(queue: Queue, waiting: readonly Waiting[], lane: 'request' | 'batch'): Promise<void> {
    const changes = waiting.flatMap((one) => one.changes)
    try {
      const outcomes = await apply(store, queue.institution, changes, { ...options, lane })
      observe?.(changes, outcomes)
      let from = 0
      for (const one of waiting) {
        one.resolve(outcomes.slice(from, from + one.changes.length))
        from += one.changes.length
      }
    } catch (error) {
      for (const one of waiting) one.reject(error)
    }
  }

  return {
    async submit(institution, change) {
      const [outcome] = await enqueue(institution, 'requests', [change])
      return outcome as Outcome
    },
    async batch(institution, changes) {
      const outcomes: Outcome[] = []
      for (let from = 0; from < changes.length; from += MOST) {
        outcomes.push(...(await enqueue(institution, 'batches', changes.slice(from, from + MOST))))
      }
      return outcomes
    },
  }
}

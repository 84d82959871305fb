/**
 * Gathers what arrives while a batch is under way into the next one: concurrent requests become batches by themselves,
 * and many changes of one record become one write. No timers: whoever comes alone goes at once.
 * Batches of files have a lane of their own: a request never waits for one. Where both meet on a person, the store's
 * versions decide as they do between processes.
 */
import type { Lane, Store } from '../store/store.ts'
import type { ApplyOptions } from './apply.ts'
import { apply } from './apply.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'

/** Of changes that go together, as whole calls: more than one call only within this. */
const MOST = { request: 200, batch: 1000 } as const satisfies Record<Lane, number>

export type Gate = {
  /** One change, as part of whatever batch goes next. */
  submit(institution: Institution, change: Change): Promise<Outcome>
  /** Any number of changes in their order, in the lane of batches. */
  batch(institution: Institution, changes: readonly Change[]): Promise<Outcome[]>
}

type Waiting = {
  readonly changes: readonly Change[]
  readonly resolve: (outcomes: Outcome[]) => void
  readonly reject: (error: unknown) => void
}

type Queue = { institution: Institution; readonly lane: Lane; readonly waiting: Waiting[] }

/** @param observe is told of every batch: how many changes, what became of them */
export function openGate(
  store: Store,
  observe?: (changes: readonly Change[], outcomes: readonly Outcome[]) => void,
  options: ApplyOptions = {},
): Gate {
  const queues = new Map<string, Queue>()

  function enqueue(institution: Institution, lane: Lane, changes: readonly Change[]): Promise<Outcome[]> {
    const name = `${lane} ${institution._id}`
    const known = queues.get(name)
    const queue = known ?? { institution, lane, waiting: [] }
    queue.institution = institution
    return new Promise((resolve, reject) => {
      queue.waiting.push({ changes, resolve, reject })
      if (known !== undefined) return
      queues.set(name, queue)
      void run(queue, name)
    })
  }

  async function run(queue: Queue, name: string): Promise<void> {
    while (queue.waiting.length > 0) await together(queue, queue.waiting.splice(0, callsWithin(queue)))
    queues.delete(name)
  }

  async function together({ institution, lane }: Queue, calls: readonly Waiting[]): Promise<void> {
    const changes = calls.flatMap((one) => one.changes)
    try {
      const outcomes = await apply(store, institution, changes, { ...options, lane })
      observe?.(changes, outcomes)
      let from = 0
      for (const one of calls) {
        one.resolve(outcomes.slice(from, from + one.changes.length))
        from += one.changes.length
      }
    } catch (error) {
      for (const one of calls) one.reject(error)
    }
  }

  return {
    async submit(institution, change) {
      const [outcome] = await enqueue(institution, 'request', [change])
      return outcome as Outcome
    },
    async batch(institution, changes) {
      const outcomes: Outcome[] = []
      for (let from = 0; from < changes.length; from += MOST.batch) {
        outcomes.push(...(await enqueue(institution, 'batch', changes.slice(from, from + MOST.batch))))
      }
      return outcomes
    },
  }
}

/** How many of the waiting calls go together: the first, and more while there is room. */
function callsWithin({ lane, waiting }: Queue): number {
  let changes = 0
  const over = waiting.findIndex((one, index) => {
    changes += one.changes.length
    return index > 0 && changes > MOST[lane]
  })
  return over < 0 ? waiting.length : over
}

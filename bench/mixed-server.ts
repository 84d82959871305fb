/**
 * The server of the mixed benchmark: as `matricula serve` runs it, and told by its parent when to upsert people in batches.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change } from '../src/directory/change.ts'
import { openGate } from '../src/directory/gate.ts'
import type { Institution } from '../src/directory/institution.ts'
import type { Store } from '../src/store/store.ts'
import type { Done, Order } from './mixed.ts'
import { upsertOf } from './roll.ts'
import { serveAndObey } from './serving-child.ts'

const BATCH = 200
/** How many changes are made ready at once: a channel would do this on another thread, or as gently. */
const SLICE = 20

async function upsert(store: Store, institution: Institution, { from, users }: Order): Promise<Done> {
  const gate = openGate(store)
  const began = performance.now()
  for (let first = from; first < from + users; first += BATCH) {
    const changes: Change[] = []
    for (let number = first; number < Math.min(first + BATCH, from + users); number++) {
      if (changes.length % SLICE === 0) await nextTurn()
      changes.push(upsertOf(number))
    }
    const outcomes = await gate.batch(institution, changes)
    const other = outcomes.find(({ kind }) => kind !== 'created')
    if (other !== undefined) throw new Error(`expected created, got ${other.kind}`)
  }
  return { seconds: (performance.now() - began) / 1000 }
}

await serveAndObey((order: Order, { server, institution }) => upsert(server.store, institution, order))

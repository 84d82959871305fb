/**
 * One attempt at a list of changes: planned slice by slice, each slice while the one before it is being written.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Lane, Store } from '../store/store.ts'
import type { Change } from './change.ts'
import type { Institution } from './institution.ts'
import type { Plan } from './plan.ts'
import { plan } from './plan.ts'
import { Wanted } from './wanted.ts'
import { wavesOf } from './waves.ts'
import type { Entry } from './working-set.ts'
import { WorkingSet } from './working-set.ts'

/** How many changes are looked up and written together. */
export const SLICE = 200
/** How many changes are planned before others get their turn on the thread. */
const TURN = 20

export type Attempt = {
  /** One a change, in order. */
  readonly plans: readonly Plan[]
  /** Ids of records that could not be written: plans that rest on one of them did not come true. */
  readonly failed: ReadonlySet<string>
}

export async function attempt(options: {
  readonly store: Store
  readonly institution: Institution
  readonly changes: readonly Change[]
  readonly lane: Lane
  readonly dryRun: boolean
  readonly now: () => number
}): Promise<Attempt> {
  const { store, changes, lane, dryRun, now } = options
  const done = new WorkingSet([])
  const plans: Plan[] = []
  const failed = new Set<string>()
  let writing: Promise<void> = Promise.resolve()
  for (let from = 0; from < changes.length; from += SLICE) {
    const planning = planSlice({ ...options, changes: changes.slice(from, from + SLICE), done, now: now() })
    // Both are waited for, so that a failure of one leaves nothing running behind.
    const [slice] = await Promise.all([planning, writing])
    slice.set.settle()
    plans.push(...slice.plans)
    if (dryRun) continue
    writing = write(store, slice.entries, lane, now()).then((ids) => {
      for (const id of ids) failed.add(id)
    })
    // Whoever waits for it hears of its failure; meanwhile it is no stray one.
    writing.catch(() => {})
  }
  await writing
  return { plans, failed }
}

/** `set` holds what the slice does, not yet settled upon what was done before it. */
type Slice = { readonly plans: readonly Plan[]; readonly entries: readonly Entry[]; readonly set: WorkingSet }

/** Plans on what the store holds of all that the changes name; once more when their results name keys not looked up yet. */
export async function planSlice(options: {
  readonly store: Store
  readonly institution: Institution
  readonly changes: readonly Change[]
  readonly done: WorkingSet
  readonly now: number
}): Promise<Slice> {
  const { store, institution, changes, done, now } = options
  const wanted = Wanted.by(changes)
  let users = await wanted.lookUp(store, institution._id)
  for (;;) {
    const set = new WorkingSet(users, done)
    const plans: Plan[] = []
    for (const [index, change] of changes.entries()) {
      if (index > 0 && index % TURN === 0) await nextTurn()
      plans.push(plan(change, { institution, set, now }))
    }
    const entries = set.changed()
    const more = wanted.lacking(entries.flatMap(newKeys))
    const found = (await more.lookUp(store, institution._id)).filter((user) => set.byId(user._id) === undefined)
    if (found.length === 0) return { plans, entries, set }
    wanted.merge(more)
    users = [...users, ...found]
  }
}

function newKeys({ stored, next }: Entry): [string, string][] {
  return Object.entries(next.keys).filter(([key, value]) => stored?.keys[key] !== value)
}

/** Writes wave by wave. @returns the ids that could not be written, and those that would have come after them */
async function write(store: Store, entries: readonly Entry[], lane: Lane, now: number): Promise<readonly string[]> {
  const failed: string[] = []
  const waves = wavesOf(entries, now)
  for (const [index, wave] of waves.entries()) {
    const results = await store.write(
      wave.map((planned) => planned.write),
      lane,
    )
    for (const [position, { id }] of wave.entries()) if (results[position]?.kind !== 'ok') failed.push(id)
    if (failed.length > 0) return [...failed, ...waves.slice(index + 1).flatMap((later) => later.map(({ id }) => id))]
  }
  return failed
}

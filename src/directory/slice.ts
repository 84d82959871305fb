/**
 * So many changes as are looked up, planned and written together: in a constant number of round trips to the store.
 */
import type { Lane, Store } from '../store/store.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import { userSchemaOf } from './own-extension.ts'
import type { Plan } from './plan.ts'
import { plan } from './plan.ts'
import { sharing } from './sharing.ts'
import { Wanted } from './wanted.ts'
import type { Planned } from './waves.ts'
import { wavesOf } from './waves.ts'
import type { Entry } from './working-set.ts'
import { WorkingSet } from './working-set.ts'

/** How many changes make a slice, at most. */
export const SLICE = 100

export type Slice = {
  /** One a change, in order; fewer than changes where one record has more events than are stored together. */
  readonly plans: readonly Plan[]
  readonly entries: readonly Entry[]
  /** What the slice does, not yet handed down to what was done before it. */
  readonly set: WorkingSet
}

/**
 * Plans on what the store holds of all that the changes name; once more when their results name keys not looked up yet.
 * Of people whom nobody knew (`ifKnown`) nothing is looked up: the store refuses those of whom somebody has a key.
 */
export async function planSlice(options: {
  readonly store: Store
  readonly institution: Institution
  readonly changes: readonly Change[]
  /** What slices before it will have done. */
  readonly done: WorkingSet
  /** Epoch milliseconds. */
  readonly now: number
}): Promise<Slice> {
  const { store, institution, changes, done, now } = options
  const wanted = Wanted.by(changes)
  let users = await wanted.lookUp(store, institution._id)
  for (;;) {
    const set = new WorkingSet(users, done)
    const plans: Plan[] = []
    const turn = sharing()
    for (const change of changes) {
      await turn()
      plans.push(plan(change, { institution, set, now }))
      if (set.isFull) break
    }
    if (plans.some(({ outcome }, at) => isKnown(changes[at], outcome))) {
      return planSlice({ ...options, changes: changes.map((change) => change.ifKnown?.() ?? change) })
    }
    const entries = set.changed()
    const made = new Set(plans.flatMap(({ restsOn }, at) => (changes[at]?.ifKnown === undefined ? [] : restsOn)))
    const more = wanted.lacking(entries.filter(({ next }) => !made.has(next._id)))
    const found = (await more.lookUp(store, institution._id)).filter((user) => set.byId(user._id) === undefined)
    if (found.length === 0) return { plans, entries, set }
    wanted.merge(more)
    users = [...users, ...found]
  }
}

/** Whether one of the keys of somebody whom nobody knew belongs to a record of this slice, or of one before it. */
function isKnown(change: Change | undefined, { kind }: Outcome): boolean {
  return change?.ifKnown !== undefined && kind !== 'created'
}

/** A slice that is being written. */
export type Writing = {
  /** Whether the store has all of it already, so that what is written next comes after it. */
  readonly isHandedIn: boolean
  /** The ids of records that could not be written, and of those that would have come after them. */
  readonly written: Promise<readonly string[]>
}

/** Writes wave by wave, and no wave before the last one of the slice before. */
export function writeSlice(options: {
  readonly store: Store
  readonly institution: Institution
  readonly entries: readonly Entry[]
  readonly before: Writing | undefined
  readonly lane: Lane
  /** Epoch milliseconds. */
  readonly now: number
}): Writing {
  const { store, institution, entries, before, lane, now } = options
  const waves = wavesOf(entries, now, userSchemaOf(institution.settings))
  const isNext = before === undefined || before.isHandedIn
  const write = () => writeWaves(waves, store, lane)
  return { isHandedIn: isNext && waves.length < 2, written: isNext ? write() : before.written.then(write, write) }
}

async function writeWaves(waves: readonly (readonly Planned[])[], store: Store, lane: Lane): Promise<readonly string[]> {
  const failed: string[] = []
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

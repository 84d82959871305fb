/**
 * What a list of changes of any length would do, told piece by piece, with nothing written.
 *
 * Each piece is planned on what the pieces before it will have done. Of that only so much is remembered as the rest of
 * the list can ask for: whoever hands in the changes knows which keys come again, so a long list needs little memory.
 */
import type { Store } from '../store/store.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import { planSlice, SLICE } from './slice.ts'
import type { Entry } from './working-set.ts'
import { namesOf, WorkingSet } from './working-set.ts'

export type Rehearsal = {
  /** @param changes those that follow what was planned before; each of several about one person sees the ones before it */
  plan(changes: readonly Change[]): Promise<Outcome[]>
  /** Whether a record that the last outcomes name does not exist yet: one of the changes would make it. */
  isNew(id: string): boolean
}

type Kept = { readonly names: Set<string>; until: number }

export type RehearsalOptions = {
  readonly store: Store
  readonly institution: Institution
  /** Epoch milliseconds. */
  readonly now: () => number
  /**
   * The row of the last change that names this key (`email:ada@uni.edu`, folded), or a later one; 0 when none does.
   * Every change has its row, and rows ascend.
   */
  readonly lastAsked: (name: string) => number
}

export function openRehearsal(options: RehearsalOptions): Rehearsal {
  const { now, lastAsked } = options
  const done = new WorkingSet([])
  const kept = new Map<string, Kept>()
  const leaving = new Map<number, string[]>()
  /** Ids of records that do not exist yet: those remembered, and those of the last plan. */
  const made = new Set<string>()
  let lastMade: string[] = []
  let row = 0

  /** Remembers the record as long as somebody will ask for a key that it has, or had. */
  function remember({ stored, next }: Entry): void {
    const names = [...(kept.get(next._id)?.names ?? namesOf(stored)), ...namesOf(next)]
    let until = 0
    for (const name of names) until = Math.max(until, lastAsked(name))
    if (until <= row) {
      forget(next._id)
      return
    }
    kept.set(next._id, { names: new Set(names), until })
    done.know(next)
    const leaves = Math.floor(until / SLICE)
    const others = leaving.get(leaves)
    if (others === undefined) leaving.set(leaves, [next._id])
    else others.push(next._id)
  }

  function note(id: string): void {
    made.add(id)
    lastMade.push(id)
  }

  function forget(id: string): void {
    kept.delete(id)
    done.forget(id)
  }

  function forgetPassed(from: number): void {
    for (let slice = Math.floor(from / SLICE); slice < Math.floor(row / SLICE); slice++) {
      for (const id of leaving.get(slice) ?? []) if ((kept.get(id)?.until ?? Infinity) <= row) forget(id)
      leaving.delete(slice)
    }
  }

  async function planNext(changes: readonly Change[]): Promise<Outcome[]> {
    const { plans, entries } = await planSlice({ ...options, changes, done, now: now() })
    const before = row
    row = changes[plans.length - 1]?.row ?? row
    for (const { stored, next } of entries) if (stored === undefined) note(next._id)
    for (const entry of entries) remember(entry)
    forgetPassed(before)
    return plans.map(({ outcome }) => outcome)
  }

  return {
    isNew: (id) => made.has(id),
    async plan(changes) {
      for (const id of lastMade) if (!kept.has(id)) made.delete(id)
      lastMade = []
      const outcomes: Outcome[] = []
      while (outcomes.length < changes.length) {
        outcomes.push(...(await planNext(changes.slice(outcomes.length, outcomes.length + SLICE))))
      }
      return outcomes
    },
  }
}

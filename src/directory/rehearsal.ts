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

type Kept = { readonly names: Set<string>; until: number }

export type RehearsalOptions = {
  readonly store: Store
  readonly institution: Institution
  /** Epoch milliseconds. */
  readonly now: () => number
  /**
   * The row of the last change that names this key (`email:ada@uni.edu`, folded), or a later one; any up to `row`, or 0,
   * when none comes after that. Every change has its row, and rows ascend.
   */
  readonly lastAsked: (name: string, row: number) => number
}

export class Rehearsal {
  readonly #options: RehearsalOptions
  /** What the changes so far will have done, as far as it is remembered. */
  readonly #done = new WorkingSet([])
  readonly #kept = new Map<string, Kept>()
  /** Ids of what is remembered, by the slice of the list that asks for it last. */
  readonly #leaving = new Map<number, string[]>()
  /** Ids of records that do not exist yet: those remembered, and those of the last plan. */
  readonly #made = new Set<string>()
  #lastMade: string[] = []
  #row = 0

  constructor(options: RehearsalOptions) {
    this.#options = options
  }

  /** Whether a record that the last outcomes name does not exist yet: one of the changes would make it. */
  isNew(id: string): boolean {
    return this.#made.has(id)
  }

  /** @param changes those that follow what was planned before; each of several about one person sees the ones before it */
  async plan(changes: readonly Change[]): Promise<Outcome[]> {
    for (const id of this.#lastMade) if (!this.#kept.has(id)) this.#made.delete(id)
    this.#lastMade = []
    const outcomes: Outcome[] = []
    while (outcomes.length < changes.length) {
      outcomes.push(...(await this.#planNext(changes.slice(outcomes.length, outcomes.length + SLICE))))
    }
    return outcomes
  }

  async #planNext(changes: readonly Change[]): Promise<Outcome[]> {
    const { plans, entries } = await planSlice({ ...this.#options, changes, done: this.#done, now: this.#options.now() })
    const before = this.#row
    this.#row = changes[plans.length - 1]?.row ?? this.#row
    for (const { stored, next } of entries) if (stored === undefined) this.#note(next._id)
    for (const entry of entries) this.#remember(entry)
    this.#forgetPassed(before)
    return plans.map(({ outcome }) => outcome)
  }

  #note(id: string): void {
    this.#made.add(id)
    this.#lastMade.push(id)
  }

  /** Remembers the record as long as somebody will ask for a key that it has, or had. */
  #remember({ stored, next }: Entry): void {
    const names = [...(this.#kept.get(next._id)?.names ?? namesOf(stored)), ...namesOf(next)]
    let until = 0
    for (const name of names) until = Math.max(until, this.#options.lastAsked(name, this.#row))
    if (until <= this.#row) {
      this.#forget(next._id)
      return
    }
    this.#kept.set(next._id, { names: new Set(names), until })
    this.#done.know(next)
    const leaves = Math.floor(until / SLICE)
    const others = this.#leaving.get(leaves)
    if (others === undefined) this.#leaving.set(leaves, [next._id])
    else others.push(next._id)
  }

  #forgetPassed(from: number): void {
    for (let slice = Math.floor(from / SLICE); slice < Math.floor(this.#row / SLICE); slice++) {
      for (const id of this.#leaving.get(slice) ?? []) if ((this.#kept.get(id)?.until ?? Infinity) <= this.#row) this.#forget(id)
      this.#leaving.delete(slice)
    }
  }

  #forget(id: string): void {
    this.#kept.delete(id)
    this.#done.forget(id)
  }
}

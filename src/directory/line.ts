/**
 * Changes of one institution in their order, however many come: whatever waits goes in slices, and the next slice is
 * planned while those before it are being written. No timers: what comes alone goes at once.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Lane, Store } from '../store/store.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import type { Plan } from './plan.ts'
import type { Slice, Writing } from './slice.ts'
import { planSlice, SLICE, writeSlice } from './slice.ts'
import { WorkingSet } from './working-set.ts'

/** Slices being written: the store has the next ones at hand when it is done with one, and commits them together. */
export const MOST_OPEN = 3
const PATIENCE_MS = 5_000
const LONGEST_PAUSE_MS = 200

export type LineOptions = {
  readonly lane?: Lane
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** 0 to 1. */
  readonly random?: () => number
  /** How long a change that loses every race is tried again; 5 s when absent. */
  readonly patienceMs?: number
  /** Whether all calls are pieces of one list: when one fails, so do those that come later. */
  readonly isOneList?: boolean
  /** Is told of changes that went together, and what became of them. */
  readonly observe?: (changes: readonly Change[], outcomes: readonly Outcome[]) => void
}

const DEFAULTS = { patienceMs: PATIENCE_MS, isOneList: false, observe: () => {} }

type Call = {
  readonly changes: readonly Change[]
  readonly outcomes: Outcome[]
  /** How many changes are taken into slices, and how many have their outcome. */
  taken: number
  told: number
  isFailed: boolean
  readonly resolve: (outcomes: Outcome[]) => void
  readonly reject: (error: unknown) => void
}

/** One change of a call. */
type Item = { readonly call: Call; readonly index: number; readonly change: Change }

/** A slice that is being written. */
type Open = Pick<Slice, 'plans' | 'entries'> & Writing & { readonly items: readonly Item[] }

export class Line {
  readonly #store: Store
  readonly #options: Required<LineOptions>
  #institution: Institution
  readonly #waiting: Call[] = []
  readonly #open: Open[] = []
  /** What the open slices will have done. */
  #done = new WorkingSet([])
  #isRunning = false
  /** Ends the wait for what is being written. */
  #hearOfMore = () => {}
  /** Of a list that is given up. */
  #failure: { readonly error: unknown } | undefined

  constructor(store: Store, institution: Institution, options: LineOptions = {}) {
    this.#store = store
    this.#institution = institution
    this.#options = { lane: 'request', now: Date.now, random: Math.random, ...DEFAULTS, ...options }
  }

  /**
   * @param changes come after all that was handed in before: of several about one person each sees what those did
   * @param institution with its settings as they are now
   * @returns what became of each; `busy` for those that lost every race for as long as there is patience
   * @throws {StoreError} when the store failed: some changes may be done, each wholly or not at all
   */
  apply(changes: readonly Change[], institution: Institution): Promise<Outcome[]> {
    this.#institution = institution
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error)
      if (changes.length === 0) return resolve([])
      this.#waiting.push({ changes, outcomes: [], taken: 0, told: 0, isFailed: false, resolve, reject })
      if (this.#isRunning) this.#hearOfMore()
      else void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting.length > 0 || this.#open.length > 0) {
      const hasRoom = this.#open.length < MOST_OPEN
      if (this.#waiting.length > 0 && hasRoom) await this.#planNext()
      else if (!hasRoom || (await this.#isWrittenFirst())) await this.#finishOldest()
    }
    this.#isRunning = false
  }

  /** Whether the oldest slice is written before there is more to plan. */
  #isWrittenFirst(): Promise<boolean> {
    return new Promise((resolve) => {
      const written = () => resolve(true)
      this.#open[0]?.written.then(written, written)
      this.#hearOfMore = () => resolve(false)
    })
  }

  async #planNext(): Promise<void> {
    const items = this.#take()
    try {
      const open = await this.#begin(items)
      this.#open.push(open)
      this.#putBack(items.slice(open.items.length))
    } catch (error) {
      this.#fail(items, error)
    }
  }

  /** What waits longest, as much as makes a slice. */
  #take(): Item[] {
    const items: Item[] = []
    for (let [call] = this.#waiting; call !== undefined && items.length < SLICE; [call] = this.#waiting) {
      const until = call.isFailed ? call.taken : Math.min(call.changes.length, call.taken + SLICE - items.length)
      for (; call.taken < until; call.taken++) {
        items.push({ call, index: call.taken, change: call.changes[call.taken] as Change })
      }
      if (call.isFailed || call.taken === call.changes.length) this.#waiting.shift()
    }
    return items
  }

  /** The last of what was taken. */
  #putBack(items: readonly Item[]): void {
    for (const { call } of items.toReversed()) {
      call.taken--
      if (this.#waiting[0] !== call) this.#waiting.unshift(call)
    }
  }

  /**
   * Plans on what the open slices will have done, and begins to write.
   * @returns with the items that are planned: the first of these, or all
   */
  async #begin(items: readonly Item[]): Promise<Open> {
    const { lane, now } = this.#options
    const [store, institution, done] = [this.#store, this.#institution, this.#done]
    const changes = items.map(({ change }) => change)
    const { plans, entries, set } = await planSlice({ store, institution, changes, done, now: now() })
    set.handDown()
    const writing = writeSlice({ store, institution, entries, before: this.#open.at(-1), lane, now: now() })
    // Whoever waits for it hears of its failure; meanwhile it is no stray one.
    writing.written.catch(() => {})
    return { items: items.slice(0, plans.length), plans, entries, ...writing }
  }

  async #finishOldest(): Promise<void> {
    const oldest = this.#open.shift() as Open
    const failed = new Set<string>()
    const lost = await this.#finish(oldest, failed)
    if (failed.size === 0) {
      for (const { next } of oldest.entries) if (this.#done.byId(next._id) === next) this.#done.forget(next._id)
      return
    }
    // Lost changes are made good before others are planned: the order holds.
    for (const later of this.#open.splice(0)) lost.push(...(await this.#finish(later, failed)))
    await this.#makeGood(lost)
    this.#done = new WorkingSet([])
  }

  /**
   * Waits until the slice is written, and tells what came true of it.
   * @param failed ids of records that could not be written, those of this slice added: what rests on one is lost
   * @returns what is lost
   */
  async #finish({ items, plans, entries, written }: Open, failed: Set<string>): Promise<Item[]> {
    try {
      for (const id of await written) failed.add(id)
    } catch (error) {
      for (const { next } of entries) failed.add(next._id)
      return this.#fail(items, error)
    }
    const isLost = items.map((_, at) => (plans[at] as Plan).restsOn.some((id) => failed.has(id)))
    const told = items.filter((_, at) => !isLost[at])
    this.#tell(
      told,
      plans.flatMap(({ outcome }, at) => (isLost[at] ? [] : [outcome])),
    )
    return items.filter((_, at) => isLost[at])
  }

  /** Plans what lost a race again on the records as they now are, until it wins or the deadline comes. */
  async #makeGood(lost: readonly Item[]): Promise<void> {
    const { now, random, patienceMs } = this.#options
    const deadline = now() + patienceMs
    let left = lost
      .filter(({ call }) => !call.isFailed)
      .map((item) => ({ ...item, change: item.change.ifKnown?.() ?? item.change }))
    for (let tries = 1; left.length > 0 && now() < deadline; tries++) {
      await wait(random() * Math.min(2 ** tries, LONGEST_PAUSE_MS))
      const items = left.slice(0, SLICE)
      this.#done = new WorkingSet([])
      const again = await this.#begin(items).then(
        async (open) => [...(await this.#finish(open, new Set())), ...items.slice(open.items.length)],
        (error) => this.#fail(items, error),
      )
      if (again.length < items.length) tries = 0
      left = [...again, ...left.slice(SLICE)]
    }
    this.#tell(
      left,
      left.map(() => ({ kind: 'busy' })),
    )
  }

  #tell(items: readonly Item[], outcomes: readonly Outcome[]): void {
    if (items.length === 0) return
    this.#options.observe(
      items.map(({ change }) => change),
      outcomes,
    )
    for (const [at, { call, index }] of items.entries()) {
      call.outcomes[index] = outcomes[at] as Outcome
      call.told += 1
      if (call.told === call.changes.length) call.resolve(call.outcomes)
    }
  }

  /** @returns nothing that is left to be done */
  #fail(items: readonly Item[], error: unknown): never[] {
    const calls = new Set(items.map(({ call }) => call))
    if (this.#options.isOneList) {
      this.#failure = { error }
      for (const open of this.#open) for (const { call } of open.items) calls.add(call)
      for (const call of this.#waiting) calls.add(call)
    }
    for (const call of calls) {
      call.isFailed = true
      call.reject(error)
    }
    return []
  }
}

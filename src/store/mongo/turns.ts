/**
 * One writer at a time, over all processes, for servers whose updates are not atomic: FerretDB 1 reads a document,
 * changes it and writes it back, and of two writers that meet there one is lost. Inserting is atomic everywhere, so
 * turns are numbered documents: whoever inserts the next number has the turn.
 *
 * A turn that does not beat for its lease, by the clock of whoever waits, belongs to nobody: its process has died.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Collection, Db } from 'mongodb'
import type { Lane } from '../store.ts'
import { isDuplicate } from './faults.ts'

/** Does a piece of work while nobody else does. */
export type Exclusive = <T>(work: () => Promise<T>, lane?: Lane) => Promise<T>

type Turn = { readonly _id: number; readonly beats: number; readonly isOver: boolean }

type Job = { readonly lane: Lane; readonly run: () => Promise<void>; readonly fail: (reason: unknown) => void }

const LEASE_MS = 1500
const BEATS_IN_LEASE = 5
/** After this long the turn goes round, though work is left. */
const FAIR_MS = 50

export class Turns {
  readonly #turns: Collection<Turn>
  readonly #leaseMs: number
  readonly #jobs: Job[] = []
  #isRunning = false
  #running: Promise<void> = Promise.resolve()

  constructor(db: Db, leaseMs = LEASE_MS) {
    this.#turns = db.collection<Turn>('turns')
    this.#leaseMs = leaseMs
  }

  readonly exclusive: Exclusive = <T>(work: () => Promise<T>, lane: Lane = 'request') => {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#jobs.push({ lane, run: () => work().then(resolve, reject), fail: reject })
    if (!this.#isRunning) this.#running = this.#work()
    return promise
  }

  /** Resolves when the turn that is had is given back: whoever closes before lets the next one wait for its lease. */
  ended(): Promise<void> {
    return this.#running
  }

  async #work(): Promise<void> {
    this.#isRunning = true
    try {
      while (this.#jobs.length > 0) await this.#turn()
    } catch (error) {
      for (const { fail } of this.#jobs.splice(0)) fail(error)
    } finally {
      this.#isRunning = false
    }
  }

  async #turn(): Promise<void> {
    const number = await this.#begin()
    const until = performance.now() + FAIR_MS
    const heart = new Heart(this.#turns, number, this.#leaseMs / BEATS_IN_LEASE)
    try {
      for (let job = this.#next(); job !== undefined; job = performance.now() < until ? this.#next() : undefined) await job.run()
    } finally {
      await heart.stop()
      await this.#turns.updateOne({ _id: number }, { $set: { isOver: true } })
    }
  }

  #next(): Job | undefined {
    const index = this.#jobs.findIndex(({ lane }) => lane === 'request')
    return this.#jobs.splice(Math.max(index, 0), 1)[0]
  }

  /** @returns the number of the turn, which is this process's alone */
  async #begin(): Promise<number> {
    let seen: Turn | undefined
    let since = 0
    for (;;) {
      const last = await this.#last()
      if (last?._id !== seen?._id || last?.beats !== seen?.beats) since = performance.now()
      seen = last
      if (last === undefined || last.isOver || performance.now() - since > this.#leaseMs) {
        const number = (last?._id ?? 0) + 1
        if (await this.#claim(number)) return number
      }
      await delay(2 + Math.random() * 8)
    }
  }

  async #last(): Promise<Turn | undefined> {
    return (await this.#turns.find().sort({ _id: -1 }).limit(1).next()) ?? undefined
  }

  async #claim(number: number): Promise<boolean> {
    try {
      await this.#turns.insertOne({ _id: number, beats: 0, isOver: false })
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
    // The number may have been given long ago, and cleared away since.
    if ((await this.#last())?._id === number) {
      await this.#turns.deleteMany({ _id: { $lt: number } })
      return true
    }
    await this.#turns.deleteOne({ _id: number })
    return false
  }
}

class Heart {
  readonly #timer: NodeJS.Timeout
  #last: Promise<unknown> = Promise.resolve()

  constructor(turns: Collection<Turn>, number: number, beatMs: number) {
    const beat = () => turns.updateOne({ _id: number }, { $inc: { beats: 1 } }).catch(() => undefined)
    this.#timer = setInterval(() => {
      this.#last = this.#last.then(beat)
    }, beatMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#last
  }
}

/**
 * The part of the roll that a batch touches, as it will be when the changes planned so far are done.
 *
 * Sets lie upon each other: one slice of a batch is planned on a set of its own, over what the slices before it will
 * have done, and can be thrown away and planned anew.
 */
import type { Doc } from '../store/store.ts'
import type { Key, Keys, User } from './user.ts'

export type Entry = {
  /** As the store has it, or will have it when the slices before are written; absent for a new person. */
  readonly stored: User | undefined
  next: User
  /** Keys of the record between two of its changes. */
  between?: Keys[]
  /** Of the changes that made `next` of `stored`, in order; empty when nothing differs. */
  readonly events: Doc[]
  /** How long the events are as JSON, in characters, once there are several. */
  length?: number
}

/** Of a record's events so many characters are stored together, and one more event: MongoDB holds both in one document of 16 MB. */
const MAX_LENGTH = 1024 * 1024

export class WorkingSet {
  readonly #beneath: WorkingSet | undefined
  readonly #entries = new Map<string, Entry>()
  /** By key and value; undefined where the key was freed here. */
  readonly #holders = new Map<string, Map<string, Entry | undefined>>()
  #isFull = false

  /** @param users as the store has them; those that lie beneath already are newer there */
  constructor(users: readonly User[], beneath?: WorkingSet) {
    this.#beneath = beneath
    for (const user of users) if (beneath?.byId(user._id) === undefined) this.#take({ stored: user, next: user, events: [] })
  }

  /** Whether one record has so many events that no more changes should go with these. */
  get isFull(): boolean {
    return this.#isFull
  }

  byId(id: string): User | undefined {
    return this.#entry(id)?.next
  }

  holder = (key: Key, value: string): User | undefined => this.#holderOf(key, value)?.next

  /** Takes the record as it is after one more change. */
  put(user: User, event: Doc): void {
    const known = this.#entry(user._id)
    const before = known?.next.keys
    for (const key in before) {
      const value = before[key] as string
      if (this.#holderOf(key, value)?.next._id === user._id) this.#hold(key, value, undefined)
    }
    const own = this.#entries.get(user._id)
    if (own === undefined) {
      this.#take({ stored: known?.next, next: user, events: [event] })
      return
    }
    if (own.events.length > 0) {
      own.between = [...(own.between ?? []), own.next.keys]
      own.length = (own.length ?? lengthOf(own.events)) + lengthOf([event])
      if (own.length > MAX_LENGTH) this.#isFull = true
    }
    own.next = user
    own.events.push(event)
    this.#holdAll(own)
  }

  /** Takes the record as if the store had it so. */
  know(user: User): void {
    this.forget(user._id)
    this.#take({ stored: user, next: user, events: [] })
  }

  /** What is asked of the record from now on is for the store to answer. */
  forget(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    for (const key in entry.next.keys) {
      const holders = this.#holders.get(key)
      const value = entry.next.keys[key] as string
      if (holders?.get(value) === entry) holders.delete(value)
    }
  }

  /** What has to be written. */
  changed(): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.events.length > 0)
  }

  /** Gives what changed to the set beneath, as written: what is planned next builds on it. */
  handDown(): void {
    const beneath = this.#beneath
    if (beneath === undefined) return
    for (const [key, holders] of this.#holders) {
      for (const [value, entry] of holders) if (entry === undefined) beneath.#holders.get(key)?.delete(value)
    }
    for (const { next, events } of this.#entries.values())
      if (events.length > 0) beneath.#take({ stored: next, next, events: [] })
  }

  #entry(id: string): Entry | undefined {
    const own = this.#entries.get(id)
    return own !== undefined || this.#beneath === undefined ? own : this.#beneath.#entry(id)
  }

  #holderOf(key: string, value: string): Entry | undefined {
    const holders = this.#holders.get(key)
    const own = holders?.get(value)
    if (own !== undefined || this.#beneath === undefined || holders?.has(value)) return own
    return this.#beneath.#holderOf(key, value)
  }

  #take(entry: Entry): void {
    this.#entries.set(entry.next._id, entry)
    this.#holdAll(entry)
  }

  #holdAll(entry: Entry): void {
    const { keys } = entry.next
    for (const key in keys) this.#hold(key, keys[key] as string, entry)
  }

  #hold(key: string, value: string, entry: Entry | undefined): void {
    const holders = this.#holders.get(key)
    if (holders === undefined) this.#holders.set(key, new Map([[value, entry]]))
    else holders.set(value, entry)
  }
}

function lengthOf(events: readonly Doc[]): number {
  return JSON.stringify(events).length
}

/** `netid:jdoe`, one for each key of the record: what no two records may share. */
export function namesOf(user: User | undefined): string[] {
  const names: string[] = []
  for (const key in user?.keys) names.push(`${key}:${user.keys[key]}`)
  return names
}

/**
 * The part of the roll that one batch touches, as it will be when the changes planned so far are done.
 */
import type { Doc } from '../store/store.ts'
import type { Key, User } from './user.ts'

export type Entry = {
  /** As the store has it; absent for a person that this batch makes. */
  readonly stored: User | undefined
  next: User
  /** Of the changes that made `next` of `stored`, in order; empty when nothing differs. */
  readonly events: Doc[]
}

export class WorkingSet {
  readonly #entries = new Map<string, Entry>()
  readonly #holders = new Map<string, Entry>()

  constructor(users: readonly User[]) {
    for (const user of users) this.#add({ stored: user, next: user, events: [] })
  }

  byId(id: string): User | undefined {
    return this.#entries.get(id)?.next
  }

  holder = (key: Key, value: string): User | undefined => this.#holders.get(`${key}:${value}`)?.next

  /** Takes the record as it is after one more change. */
  put(user: User, event: Doc): void {
    const entry = this.#entries.get(user._id)
    if (entry === undefined) {
      this.#add({ stored: undefined, next: user, events: [event] })
      return
    }
    for (const name of namesOf(entry.next)) if (this.#holders.get(name) === entry) this.#holders.delete(name)
    entry.next = user
    entry.events.push(event)
    for (const name of namesOf(user)) this.#holders.set(name, entry)
  }

  /** What has to be written. */
  changed(): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.events.length > 0)
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.next._id, entry)
    for (const name of namesOf(entry.next)) this.#holders.set(name, entry)
  }
}

/** `netid:jdoe`, one for each key of the record: what no two records may share. */
export function namesOf(user: User | undefined): string[] {
  return Object.entries(user?.keys ?? {}).map(([key, value]) => `${key}:${value}`)
}

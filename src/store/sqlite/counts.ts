/**
 * Counters: how many documents a collection holds for an institution, and how many have each value of a counted list.
 * What a transaction changes is gathered in memory and written once, at its end.
 */
import type { Scalar } from '../predicate.ts'
import { bound } from './row.ts'
import type { Statements } from './statements.ts'

/** Stands for "all documents" in place of a list's path. */
export const TOTAL = ''

export const READ_COUNT = 'select n as answer from counts where collection = ? and institution = ? and list = ? and value = ?'

const ADD = `insert into counts (collection, institution, list, value, n) values (?, ?, ?, ?, ?)
  on conflict do update set n = n + excluded.n`

type Counter = readonly [collection: string, institution: string, list: string, value: Scalar]

export class Counts {
  readonly #statements: Statements
  readonly #changes = new Map<string, { counter: Counter; by: number }>()

  constructor(statements: Statements) {
    this.#statements = statements
  }

  add(counter: Counter, by: 1 | -1): void {
    const name = JSON.stringify(counter)
    const change = this.#changes.get(name)
    if (change === undefined) this.#changes.set(name, { counter, by })
    else change.by += by
  }

  /** Writes what was gathered; inside the transaction that it belongs to. */
  flush(): void {
    for (const { counter, by } of this.#changes.values()) {
      const [collection, institution, list, value] = counter
      if (by !== 0) this.#statements.of(ADD).run(collection, institution, list, bound(value), by)
    }
    this.#changes.clear()
  }

  forget(): void {
    this.#changes.clear()
  }
}

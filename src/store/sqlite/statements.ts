/**
 * Prepared statements by their text, for one connection; the least recently used go first.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

const MOST = 300
/** A longer text is a question that hardly comes twice. */
const LONGEST = 20_000

export class Statements {
  readonly #db: DatabaseSync
  readonly #kept = new Map<string, StatementSync>()

  readonly #givesArrays: boolean

  /** @param givesArrays whether rows come as lists of values, which are cheaper to make than objects */
  constructor(db: DatabaseSync, givesArrays = false) {
    this.#db = db
    this.#givesArrays = givesArrays
  }

  of(sql: string): StatementSync {
    const known = this.#kept.get(sql)
    if (known !== undefined && this.#kept.size < MOST) return known
    const statement = known ?? this.#db.prepare(sql)
    if (known === undefined && this.#givesArrays) statement.setReturnArrays(true)
    if (sql.length > LONGEST) return statement
    this.#kept.delete(sql)
    this.#kept.set(sql, statement)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST) break
      this.#kept.delete(oldest)
    }
    return statement
  }
}

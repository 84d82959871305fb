/**
 * A connection that only reads, and the one way to ask it.
 */
import type { SQLInputValue } from 'node:sqlite'
import { DatabaseSync } from 'node:sqlite'
import type { Statements } from './statements.ts'

/** A statement whose only column is called `answer`. */
export type Question = { readonly sql: string; readonly values: readonly SQLInputValue[] }

/** Documents as text or as bytes, or one number. */
export type Answers = readonly (string | number | Uint8Array)[]

export function openForReading(path: string, cacheMB: number): DatabaseSync {
  // The main thread waits here, with all its requests: not for long.
  const db = new DatabaseSync(path, { readOnly: true, timeout: 250 })
  db.exec(`pragma cache_size = ${-1024 * cacheMB}`)
  return db
}

/** @param statements that give arrays */
export function answersTo(statements: Statements, { sql, values }: Question): Answers {
  const rows = statements.of(sql).all(...values) as unknown as readonly (readonly [string | number | Uint8Array])[]
  return rows.map(([answer]) => answer)
}

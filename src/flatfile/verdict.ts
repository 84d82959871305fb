/**
 * What became of a row, or would become of it: one line of the report.
 */
import type { Change, Draft, Outcome } from '../directory/change.ts'
import { fieldsWithheld } from '../directory/flat-told.ts'
import type { CellProblem } from './cells.ts'

export const ROW_OUTCOMES = ['created', 'updated', 'unchanged', 'conflict', 'invalid'] as const
export type RowOutcome = (typeof ROW_OUTCOMES)[number]

export type Verdict = {
  readonly row: number
  readonly outcome: RowOutcome
  /** Null where there is no record, or none yet. */
  readonly id: string | null
  readonly matched_on: string | null
  readonly problems: readonly CellProblem[]
  /** Fields that a higher-ranked source keeps, where there are any. */
  readonly withheld?: readonly string[]
}

/**
 * `standsFor`: the id that a person has within the plan, where the file makes them and comes back to them.
 * `draft`: what the row makes of somebody whom neither the roll nor another row knows.
 */
export type PlannedVerdict = Verdict & { readonly standsFor?: string; readonly draft?: Draft }

/** The verdict without what only the run itself needs. */
export function toldVerdict({ standsFor: _, draft: __, ...verdict }: PlannedVerdict): Verdict {
  return verdict
}

export type Counts = { readonly [outcome in RowOutcome]: number }

export const NO_COUNTS: Counts = { created: 0, updated: 0, unchanged: 0, conflict: 0, invalid: 0 }

type ColumnOf = (field: string | undefined) => { readonly column?: string }

export type Telling = {
  readonly columnOf: ColumnOf
  /** Whether a record does not exist yet, so that its id says nothing. */
  readonly isNew: (id: string) => boolean
}

export function refusedRow(row: number, problems: readonly CellProblem[], outcome: 'conflict' | 'invalid' = 'invalid'): Verdict {
  return { row, outcome, id: null, matched_on: null, problems }
}

/** A change of a row, and what became of it. */
export type Done = { readonly change: Change; readonly outcome: Outcome }

export function verdictOf(row: number, { change, outcome }: Done, { columnOf, isNew }: Telling): Verdict {
  switch (outcome.kind) {
    case 'created':
    case 'updated':
    case 'unchanged': {
      const id = isNew(outcome.user._id) ? null : outcome.user._id
      const told = { row, outcome: outcome.kind, id, matched_on: outcome.matchedOn ?? null, problems: [] }
      const withheld = fieldsWithheld(change, outcome)
      return withheld.length === 0 ? told : { ...told, withheld }
    }
    case 'conflict': {
      const { code, records, message } = outcome
      const field = outcome.key === 'userName' ? 'email' : outcome.key
      const named = records.map((id) => (isNew(id) ? 'one that an earlier row makes' : id)).join(' and ')
      const told = `${message} (${records.length > 1 ? 'records' : 'record'} ${named})`
      return refusedRow(row, [{ ...columnOf(field), field, code, message: told }], 'conflict')
    }
    case 'invalid':
    case 'denied':
      return refusedRow(
        row,
        outcome.problems.map((problem) => ({ ...columnOf(problem.field), ...problem })),
      )
    case 'missing':
      return refusedRow(row, [NOBODY])
    case 'stale':
    case 'busy':
      return refusedRow(row, [BUSY])
    default:
      return outcome satisfies never
  }
}

const NOBODY: CellProblem = {
  code: 'person_unknown',
  message: 'nobody with these keys is known, and this file creates nobody (mode update)',
}

const BUSY: CellProblem = { code: 'busy', message: 'others kept changing this person: send the row again' }

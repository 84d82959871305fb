/**
 * People who are missing from the file of a roster, as the report tells them: lines without a row.
 */
import type { Change, Outcome } from '../directory/change.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import { fieldsWithheld } from '../directory/flat-told.ts'
import type { Source, User } from '../directory/user.ts'
import { MATCH_KEYS } from '../directory/user.ts'
import type { CellProblem } from './cells.ts'
import type { FileSource } from './file-source.ts'

export const MISSING_OUTCOMES = ['deactivated', 'missing'] as const

export type MissingVerdict = {
  readonly row: null
  readonly outcome: (typeof MISSING_OUTCOMES)[number]
  readonly id: string
  readonly matched_on: null
  readonly problems: readonly CellProblem[]
  readonly withheld?: readonly string[]
  /** Who it is, by the fields that find and name a person. */
  readonly person: { readonly [field: string]: string }
}

/** What a run keeps of it beside: how often in a row, and whether the record is written. */
export type PlannedMissing = MissingVerdict & { readonly times: number; readonly isWritten: boolean }

const TOLD = [...MATCH_KEYS, 'first_name', 'last_name', 'account_type']

/** @param user as it was before */
export function missingVerdict(options: {
  readonly user: User
  readonly change: Change
  readonly outcome: Outcome
  readonly times: number
  readonly file: Pick<FileSource, 'deactivateAfter'>
  /** Another source whose roster the person is on. */
  readonly keeper: Source | undefined
}): PlannedMissing {
  const { user, change, outcome, times, file, keeper } = options
  const withheld = 'user' in outcome ? fieldsWithheld(change, outcome) : []
  const isOff = isActive(user) && 'user' in outcome && !isActive(outcome.user)
  const message =
    times < file.deactivateAfter
      ? notYet(times, file.deactivateAfter)
      : letGo(times, { isOff, wasActive: isActive(user), keeper })
  return {
    row: null,
    outcome: isOff ? 'deactivated' : 'missing',
    id: user._id,
    matched_on: null,
    problems: [{ code: 'missing_from_file', message }, ...problemsOf(outcome)],
    ...(withheld.length > 0 && { withheld }),
    person: personOf(user),
    times,
    isWritten: outcome.kind === 'updated',
  }
}

function notYet(times: number, limit: number): string {
  return `missing from ${filesText(times)}: nothing is done before ${limit} in a row`
}

function letGo(
  times: number,
  { isOff, wasActive, keeper }: { readonly isOff: boolean; readonly wasActive: boolean; readonly keeper: Source | undefined },
): string {
  const missing = `missing from ${filesText(times)}`
  if (isOff) return `${missing}: to keep the person, empty the cell "outcome" and send this row with the file`
  if (wasActive && keeper !== undefined) return `${missing}, but stays active: the person is on the roster of ${keeper}`
  return wasActive ? `${missing}, but stays active` : `${missing}, and was inactive already`
}

function filesText(times: number): string {
  return times === 1 ? 'this file' : `${times} files in a row`
}

function problemsOf(outcome: Outcome): readonly CellProblem[] {
  if (outcome.kind === 'busy') return [{ code: 'busy', message: 'others kept changing this person: the next file tries again' }]
  return outcome.kind === 'invalid' || outcome.kind === 'denied' ? outcome.problems : []
}

function personOf({ resource }: User): MissingVerdict['person'] {
  const flat = flatUserOf(resource)
  return Object.fromEntries(TOLD.flatMap((field) => (flat[field] === undefined ? [] : [[field, String(flat[field])]])))
}

function isActive({ resource }: User): boolean {
  return resource.active !== false
}

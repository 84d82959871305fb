/**
 * What became of a change, as the caller sees it: one answer, or one result of many.
 */
import type { Change, Outcome, Problem } from '../directory/change.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import { fieldsChanged, fieldsWithheld } from '../directory/flat-told.ts'
import type { Answer } from './answers.ts'
import { answer, problem, saidOf } from './answers.ts'
import type { Exchange } from './deps.ts'

/** A change that was carried out or refused, or what was wrong with what was sent. */
export type Told = { readonly change: Change; readonly outcome: Outcome } | { readonly problems: readonly Problem[] }

export type Result = {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'conflict' | 'invalid' | 'denied' | 'failed'
  readonly [member: string]: unknown
}

/** @param isDryRun a record that would be made has no id, and no place where it could be found */
export function answerTo(told: Told, { base }: Exchange, isDryRun: boolean): Answer {
  if ('problems' in told) return problem('invalid', saidOf(told.problems), { outcome: 'invalid', problems: told.problems })
  const { outcome } = told
  switch (outcome.kind) {
    case 'created':
    case 'updated':
    case 'unchanged': {
      const id = isDryRun && outcome.kind === 'created' ? null : outcome.user._id
      const body = {
        outcome: outcome.kind,
        id,
        matched_on: outcome.matchedOn ?? null,
        changed: fieldsChanged(outcome),
        withheld: fieldsWithheld(told.change, outcome),
        user: flatUserOf(outcome.user.resource),
      }
      if (outcome.kind !== 'created' || isDryRun) return answer(200, body)
      return answer(201, body, { location: `${base}/users/${outcome.user._id}` })
    }
    case 'conflict':
      return problem('conflict', outcome.message, conflictMembers(outcome))
    case 'invalid':
    case 'denied':
      return problem(outcome.kind, saidOf(outcome.problems), { outcome: outcome.kind, problems: outcome.problems })
    case 'missing':
      return problem('not_found', NOBODY.message, { problems: [NOBODY] })
    case 'stale':
      return problem('stale')
    case 'busy':
      return problem('unavailable', BUSY.message, {}, { 'retry-after': '1' })
    default:
      return outcome satisfies never
  }
}

/** Of many: what became of each, and its id or what is wrong. @param isDryRun as for one */
export function resultsOf(told: readonly Told[], isDryRun: boolean): Result[] {
  const made = new Set(isDryRun ? told.flatMap(madeBy) : [])
  return told.map((one) => resultOf(one, made))
}

function madeBy(told: Told): string[] {
  return 'outcome' in told && told.outcome.kind === 'created' ? [told.outcome.user._id] : []
}

/** @param made ids of records that do not exist */
function resultOf(told: Told, made: ReadonlySet<string>): Result {
  if ('problems' in told) return { outcome: 'invalid', problems: told.problems }
  const { outcome } = told
  switch (outcome.kind) {
    case 'created':
    case 'updated':
    case 'unchanged': {
      const withheld = fieldsWithheld(told.change, outcome)
      const id = made.has(outcome.user._id) ? null : outcome.user._id
      return { outcome: outcome.kind, id, ...(withheld.length > 0 && { withheld }) }
    }
    case 'conflict':
      return conflictMembers({ ...outcome, records: outcome.records.filter((id) => !made.has(id)) })
    case 'invalid':
    case 'denied':
      return { outcome: outcome.kind, problems: outcome.problems }
    case 'missing':
      return { outcome: 'invalid', problems: [NOBODY] }
    case 'stale':
    case 'busy':
      return { outcome: 'failed', problems: [BUSY] }
    default:
      return outcome satisfies never
  }
}

const NOBODY: Problem = { field: 'id', code: 'id_unknown', message: 'there is nobody with this id' }
const BUSY: Problem = { code: 'busy', message: 'others are changing this person: send it again' }

function conflictMembers({ code, key, records, message }: Extract<Outcome, { readonly kind: 'conflict' }>): Result {
  return { outcome: 'conflict', code, key, records, problems: [{ field: key, code, message }] }
}

/**
 * The list of all checks: each dialogue, each filter. What a check is, before and after it ran.
 */

import type { Need } from './dialogue.ts'
import { readDialogues } from './dialogue.ts'
import type { Target } from './exchange.ts'
import type { FilterCase, GeneratedFilter } from './filter-cases.ts'
import { readFilterCases } from './filter-cases.ts'
import type { FilterUsers } from './filter-users.ts'
import { playFilter, playGenerated } from './filters.ts'
import { shorten } from './json.ts'
import type { Fault } from './judge.ts'
import { play } from './play.ts'

type About = {
  readonly id: string
  readonly dialect: string
  /** The section of the RFC that settles it. */
  readonly clause: string
  readonly what: string
  /** Where a client is documented to do this. */
  readonly source?: string
}

export type Check = About & {
  readonly needs: readonly Need[]
  /** Resolves to what went wrong: nothing when the check passed. */
  readonly run: () => Promise<Fault[]>
}

export type CheckResult = About & {
  readonly verdict: 'passed' | 'failed' | 'not offered'
  /** What the server lacks, where it was not played. */
  readonly reason?: string
  readonly faults: readonly Fault[]
  readonly tookMs: number
}

/** Every check of the suite, in the order of a report. */
export function listChecks(target: Target, users: FilterUsers): Check[] {
  return [...listDialogues(target), ...listFilters(target, users)]
}

function listDialogues(target: Target): Check[] {
  return readDialogues().map((dialogue) => {
    const { id, dialect, clause, what, source, needs = [] } = dialogue
    const run = () => play(dialogue, target)
    return { id, dialect, clause, what, needs, run, ...(source === undefined ? {} : { source }) }
  })
}

function listFilters(target: Target, users: FilterUsers): Check[] {
  const { dialect, clause, cases, generated } = readFilterCases()
  const plain = cases
    .filter(({ level }) => level !== 'parse')
    .map((one): Check => {
      const { id, needs = [] } = one
      return {
        id: `${dialect}/filter-${id}`,
        dialect,
        clause,
        what: sayFilter(one),
        needs,
        run: () => playFilter(one, users, target),
      }
    })
  const long = generated.map((one, index): Check => {
    const id = `${dialect}/filter-g${String(index + 1).padStart(3, '0')}`
    return { id, dialect, clause, what: sayGenerated(one), needs: [], run: () => playGenerated(one, users, target) }
  })
  return [...plain, ...long]
}

function sayFilter({ filter, note }: FilterCase): string {
  const text = shorten(JSON.stringify(filter).slice(1, -1).replaceAll('\\"', '"'), 100)
  return note === undefined ? text : `${text}: ${note}`
}

function sayGenerated({ name, times }: GeneratedFilter): string {
  return `${name}, ${times} times, is answered in time`
}

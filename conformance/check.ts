/**
 * The list of all checks: each dialogue, each filter, each check in code. What a check is, before and after it ran.
 */
import { CODED_CHECKS } from './checks/all.ts'
import type { About, Need } from './dialogue.ts'
import { changesNothing } from './dialogue.ts'
import { readDialogues } from './dialogue-files.ts'
import type { Target } from './exchange.ts'
import type { FilterCase, GeneratedFilter } from './filter-cases.ts'
import { readFilterCases } from './filter-cases.ts'
import type { FilterUsers } from './filter-users.ts'
import { needsUsers, playFilter, playGenerated } from './filters.ts'
import { shorten } from './json.ts'
import type { Fault } from './judge.ts'
import type { Played } from './play.ts'
import { converse, play } from './play.ts'
import { sectionOf } from './sections.ts'

export type Check = About & {
  readonly needs: readonly Need[]
  /** Attributes that the server must declare and accept for the check to mean anything, as `User.title`. */
  readonly attributes: readonly string[]
  /** Whether it leaves the server as it is, whatever comes of it, and does not try its strength either. */
  readonly isReadOnly: boolean
  readonly run: () => Promise<Played>
}

export type CheckResult = About & {
  readonly verdict: 'passed' | 'failed' | 'not offered'
  /** What the server lacks, where it was not played. */
  readonly reason?: string
  readonly faults: readonly Fault[]
  readonly tookMs: number
}

/**
 * Every check of the suite, in the order of a report: the RFCs section by section, then client by client. What tries the
 * strength of the server comes last, since a server that breaks down under it would fail whatever comes after.
 */
export function listChecks(target: Target, users: FilterUsers): Check[] {
  const all = [...listDialogues(target), ...listCoded(target), ...listFilters(target, users)]
  const ofRfc = all.filter(({ dialect }) => dialect === 'rfc')
  const place = ({ clause }: Check) => sectionOf(clause).place
  return [
    ...ofRfc.toSorted((a, b) => place(a) - place(b)),
    ...all.filter(({ dialect }) => dialect !== 'rfc'),
    ...listLongFilters(target, users),
  ]
}

function listDialogues(target: Target): Check[] {
  return readDialogues().map((dialogue) => {
    const { steps: _, headers: __, ...about } = dialogue
    return { ...about, isReadOnly: changesNothing(dialogue), run: () => play(dialogue, target) }
  })
}

function listCoded(target: Target): Check[] {
  return CODED_CHECKS.map(({ run, needs = [], attributes = [], isReadOnly = false, ...about }) => {
    return { ...about, dialect: 'rfc', needs, attributes, isReadOnly, run: () => converse(target, run) }
  })
}

function listFilters(target: Target, users: FilterUsers): Check[] {
  const { dialect, clause, cases } = readFilterCases()
  return cases
    .filter(({ level }) => level !== 'parse')
    .map((one): Check => {
      const { id, needs = [], level } = one
      return {
        dialect,
        clause,
        attributes: [],
        id: `${dialect}/filter-${id}`,
        level: level === 'must' ? 'must' : 'should',
        what: sayFilter(one),
        needs: ['filter', ...needs],
        isReadOnly: !needsUsers(one),
        run: () => playFilter(one, users, target),
      }
    })
}

function listLongFilters(target: Target, users: FilterUsers): Check[] {
  const { dialect, clause, generated } = readFilterCases()
  return generated.map((one, index): Check => {
    const id = `${dialect}/filter-g${String(index + 1).padStart(3, '0')}`
    const what = sayGenerated(one)
    const run = () => playGenerated(one, users, target)
    return { dialect, clause, attributes: [], id, level: 'should', what, needs: ['filter'], isReadOnly: false, run }
  })
}

function sayFilter({ filter, note }: FilterCase): string {
  const text = shorten(JSON.stringify(filter).slice(1, -1).replaceAll('\\"', '"'), 100)
  return note === undefined ? text : `${text}: ${note}`
}

function sayGenerated({ name, times }: GeneratedFilter): string {
  return `${name}, ${times} times, is answered in time`
}

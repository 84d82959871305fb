/**
 * What a file does, in numbers: what thresholds are judged on and summaries show.
 */
import type { Outcome } from '../directory/change.ts'
import type { Slot, User } from '../directory/user.ts'
import { MATCH_KEYS, NETIDS } from '../directory/user.ts'
import type { Missing, MissingPlan } from './roster.ts'
import type { Counts, RowOutcome, Verdict } from './verdict.ts'
import { NO_COUNTS } from './verdict.ts'

/** What a run that was interrupted cannot count any more: of rows that are done nobody knows what the record was before. */
export type Planned = {
  readonly rows: number
  readonly deactivated: number
  readonly keysChanged: number
  readonly notLooked?: string
  readonly garbled?: string
  readonly zerosLost?: ZerosLost
}

/** In how many rows, and in which first. */
export type ZerosLost = {
  readonly rows: number
  readonly first: { readonly row: number; readonly was: string; readonly is: string }
}

export class Tally {
  readonly #counts: { [outcome in RowOutcome]: number } = { ...NO_COUNTS }
  readonly #problems = new Map<string, number>()
  rows = 0
  /** Rows that change what is known of a person, and do not only take the person onto a roster. */
  changed = 0
  /** Rows that turn an active person inactive. */
  deactivated = 0
  /** Rows that give a person another value for a match key. */
  keysChanged = 0
  /** Those of them whose netid is the one on the roll without the zeros in front, as spreadsheets leave it. */
  zerosLost: ZerosLost | undefined
  /** Of a roster: who is missing from the file. */
  missing: Missing | MissingPlan | undefined
  /** Why nobody was looked for, though the file is a roster. */
  notLooked: string | undefined
  /** What is to be said of letters that a wrong encoding has made. */
  garbled: string | undefined

  /** @param outcome where the row came as far as the directory */
  add(verdict: Verdict, outcome?: Outcome): void {
    this.rows++
    this.#counts[verdict.outcome]++
    const [first] = verdict.problems
    if (first !== undefined) this.#problems.set(first.code, (this.#problems.get(first.code) ?? 0) + 1)
    if (outcome?.kind !== 'updated') return
    const { before, user, changed } = outcome
    if (before === undefined) return
    if (!isTakenOnly(changed)) this.changed++
    if (before.resource.active !== false && user.resource.active === false) this.deactivated++
    if (MATCH_KEYS.some((key) => before.keys[key] !== undefined && before.keys[key] !== user.keys[key])) this.keysChanged++
    const lost = zerosLost(before, user)
    if (lost !== undefined) this.#noteZerosLost({ row: verdict.row, ...lost })
  }

  #noteZerosLost(lost: ZerosLost['first']): void {
    const { rows, first } = this.zerosLost ?? { rows: 0, first: lost }
    this.zerosLost = { rows: rows + 1, first }
  }

  get planned(): Planned {
    const { rows, deactivated, keysChanged, notLooked, garbled, zerosLost } = this
    return {
      rows,
      deactivated,
      keysChanged,
      ...(notLooked !== undefined && { notLooked }),
      ...(garbled !== undefined && { garbled }),
      ...(zerosLost !== undefined && { zerosLost }),
    }
  }

  get counts(): Counts {
    return { ...this.#counts }
  }

  get refused(): number {
    return this.#counts.conflict + this.#counts.invalid
  }

  /** Refused rows by the code of what is wrong first, most frequent first. */
  get problems(): { readonly [code: string]: number } {
    return Object.fromEntries([...this.#problems].sort(([, a], [, b]) => b - a))
  }
}

function zerosLost(before: Pick<User, 'keys'>, after: Pick<User, 'keys'>): { was: string; is: string } | undefined {
  for (const netid of NETIDS) {
    const [was, is] = [before.keys[netid], after.keys[netid]]
    if (was !== undefined && is !== undefined && was.length > is.length && was.replace(/^0+/, '') === is) return { was, is }
  }
  return undefined
}

function isTakenOnly(changed: readonly Slot[]): boolean {
  return changed.length > 0 && changed.every((slot) => slot.startsWith('binding['))
}

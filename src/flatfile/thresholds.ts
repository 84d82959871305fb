/**
 * What a file may do before somebody has to look at it: judged on the plan, not on the file. A truncated export, or one
 * whose status column has turned to 0, is caught here.
 */
import type { FileSettings, Threshold } from '../directory/settings.ts'
import type { Tally } from './tally.ts'

const DEFAULT_THRESHOLDS: { readonly [threshold in Threshold]: Bound } = {
  invalid: { percent: 20, atLeast: 21 },
  updated: { percent: 75, atLeast: 1 },
  deactivated: { percent: 10, atLeast: 6 },
  keysChanged: { percent: 5, atLeast: 6 },
  shrunk: { percent: 40, atLeast: 1 },
}

/** Crossed by more than `percent` of the rows, if they are `atLeast` so many. */
type Bound = { readonly percent: number; readonly atLeast: number }

/** Of fewer rows than this a share says nothing. */
const FEWEST_ROWS = 20

export type Hold = { readonly code: HoldCode; readonly message: string }

export type HoldCode = 'too_many_refused' | 'too_many_updated' | 'too_many_deactivated' | 'too_many_keys_changed' | 'shrunk'

/** The gravest first. */
const CODES: { readonly [threshold in Threshold]: HoldCode } = {
  deactivated: 'too_many_deactivated',
  shrunk: 'shrunk',
  keysChanged: 'too_many_keys_changed',
  invalid: 'too_many_refused',
  updated: 'too_many_updated',
}

/** What a plan is held against. */
export type Yardstick = {
  readonly settings?: FileSettings['thresholds']
  /** How many rows the last processed file of the same name had; absent where that says nothing. */
  readonly lastRows?: number
  /** Of a file that tells of changes alone: how many people there are, since all of its rows change somebody. */
  readonly people?: number
}

/**
 * @returns why the file waits for approval: the gravest reason by its code, all of them in the message
 */
export function holdFor(tally: Tally, { settings = {}, ...given }: Yardstick): Hold | undefined {
  // Who is missing against the last file is counted by that file.
  const isSmall = (threshold: Threshold, of: number) => of < FEWEST_ROWS || (threshold !== 'shrunk' && tally.rows < FEWEST_ROWS)
  const crossed = (Object.keys(CODES) as Threshold[]).flatMap((threshold) => {
    const bound = { ...DEFAULT_THRESHOLDS[threshold], ...settings[threshold] }
    const measured = measure(threshold, tally, given)
    const { count, of } = measured
    if (isSmall(threshold, of) || count < bound.atLeast || (count * 100) / of <= bound.percent) return []
    return [{ code: CODES[threshold], sentence: sentence(threshold, measured, bound) }]
  })
  const [first] = crossed
  if (first === undefined) return undefined
  return { code: first.code, message: crossed.map(({ sentence: one }) => one).join('; ') }
}

/** `50 of 100 rows`, and what they do. */
type Measured = { readonly count: number; readonly of: number; readonly who: 'rows' | 'people'; readonly what: string }

function measure(threshold: Threshold, tally: Tally, { lastRows, people }: Omit<Yardstick, 'settings'>): Measured {
  const rows = { of: tally.rows, who: 'rows' } as const
  const roll = people === undefined ? rows : ({ of: people, who: 'people' } as const)
  switch (threshold) {
    case 'invalid':
      return { ...rows, count: tally.refused, what: 'cannot be used' }
    case 'updated':
      return { ...roll, count: tally.changed, what: people === undefined ? 'would change people' : 'would be changed' }
    case 'deactivated':
      return deactivated(tally, people)
    case 'keysChanged':
      return { ...roll, count: tally.keysChanged, what: keysChanged(people) }
    case 'shrunk':
      return shrunk(tally, lastRows)
    default:
      return threshold satisfies never
  }
}

function keysChanged(people: number | undefined): string {
  return `would ${people === undefined ? 'give people' : 'get'} another netid or e-mail address`
}

function deactivated({ rows, deactivated: byRow, missing }: Tally, people: number | undefined): Measured {
  const byAbsence = missing?.deactivated ?? 0
  if (people !== undefined) return { count: byRow, of: people, who: 'people', what: 'would be deactivated' }
  if (byAbsence === 0) return { count: byRow, of: rows, who: 'rows', what: 'would deactivate people' }
  const what = `would be deactivated, ${byAbsence} of them for being missing from the file`
  return { count: byRow + byAbsence, of: rows + byAbsence, who: 'people', what }
}

/** Of a roster it is known who is missing; those who were missing before have been looked at then. */
function shrunk({ rows, missing }: Tally, lastRows = 0): Measured {
  if (missing === undefined || !('of' in missing) || missing.of === 0) {
    return { count: lastRows - rows, of: lastRows, who: 'rows', what: 'are missing against the last file of this name' }
  }
  const { people, fresh, of } = missing
  return { count: fresh, of: of - (people - fresh), who: 'people', what: 'of this source are missing from the file' }
}

function sentence(threshold: Threshold, { count, of, who, what }: Measured, { percent }: Bound): string {
  const share = Math.round((count * 100) / of)
  return `${count} of ${of} ${who} (${share} %) ${what}, more than ${percent} % (setting files.thresholds.${threshold})`
}

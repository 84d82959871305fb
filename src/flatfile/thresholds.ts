/**
 * What a file may do before somebody has to look at it: judged on the plan, not on the file. A truncated export, or one
 * whose status column has turned to 0, is caught here.
 */
import type { FileSettings, Threshold } from '../directory/institution.ts'
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

const SAID: { readonly [threshold in Threshold]: { readonly code: HoldCode; readonly what: string } } = {
  deactivated: { code: 'too_many_deactivated', what: 'would deactivate people' },
  shrunk: { code: 'shrunk', what: 'are missing against the last file of this name' },
  keysChanged: { code: 'too_many_keys_changed', what: 'would give people another netid or e-mail address' },
  invalid: { code: 'too_many_refused', what: 'cannot be used' },
  updated: { code: 'too_many_updated', what: 'would change people' },
}

/**
 * @param lastRows how many rows the last processed file of the same name had
 * @returns why the file waits for approval: the gravest reason by its code, all of them in the message
 */
export function holdFor(tally: Tally, settings: FileSettings['thresholds'] = {}, lastRows?: number): Hold | undefined {
  const crossed = (Object.keys(SAID) as Threshold[]).flatMap((threshold) => {
    const bound = { ...DEFAULT_THRESHOLDS[threshold], ...settings[threshold] }
    const { count, of } = measure(threshold, tally, lastRows)
    if (of < FEWEST_ROWS || count < bound.atLeast || (count * 100) / of <= bound.percent) return []
    return [{ ...SAID[threshold], sentence: sentence(threshold, count, of, bound) }]
  })
  const [first] = crossed
  if (first === undefined) return undefined
  return { code: first.code, message: crossed.map(({ sentence: one }) => one).join('; ') }
}

function measure(threshold: Threshold, tally: Tally, lastRows = 0): { count: number; of: number } {
  switch (threshold) {
    case 'invalid':
      return { count: tally.refused, of: tally.rows }
    case 'updated':
      return { count: tally.counts.updated, of: tally.rows }
    case 'deactivated':
      return { count: tally.deactivated, of: tally.rows }
    case 'keysChanged':
      return { count: tally.keysChanged, of: tally.rows }
    case 'shrunk':
      return { count: lastRows - tally.rows, of: lastRows }
    default:
      return threshold satisfies never
  }
}

function sentence(threshold: Threshold, count: number, of: number, { percent }: Bound): string {
  const share = Math.round((count * 100) / of)
  return `${count} of ${of} rows (${share} %) ${SAID[threshold].what}, more than ${percent} % (setting files.thresholds.${threshold})`
}

/**
 * What a report puts in front of the table as it was sent, and finds there again when the report is mended and sent.
 */

import { MISSING_OUTCOMES } from './missing.ts'
import type { Row } from './row.ts'
import { textOf } from './row.ts'

export const IN_FRONT = ['outcome', 'reason', 'fix'] as const

/** Whether a table with these headings has been a report. */
export function isReport(headings: readonly string[]): boolean {
  return IN_FRONT.every((name, index) => headings[index] === name)
}

/** A line of a report about somebody who was missing: no row of the table, unless whoever sends it says so. */
export function isAboutMissing({ cells: [outcome = ''] }: Row): boolean {
  return MISSING_OUTCOMES.some((one) => one === textOf(outcome))
}

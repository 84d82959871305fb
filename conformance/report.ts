/**
 * Results for a reader, line by line as they come, and as one JSON document.
 */
import { styleText } from 'node:util'
import type { CheckResult } from './check.ts'
import { readDialects } from './dialogue-files.ts'
import { sectionOf } from './sections.ts'

export type Counts = {
  readonly passed: number
  readonly failed: number
  readonly notOffered: number
  /** Of the failed. */
  readonly failedMust: number
  readonly failedShould: number
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

const MARKS = { passed: ['green', 'ok  '], failed: ['red', 'FAIL'], 'not offered': ['yellow', '--  '] } as const
const MAX_FAULTS = 6

export function count(results: readonly CheckResult[]): Counts {
  const of = (verdict: CheckResult['verdict']) => results.filter((result) => result.verdict === verdict)
  const failed = of('failed')
  const failedMust = failed.filter(({ level }) => level === 'must').length
  return {
    passed: of('passed').length,
    failed: failed.length,
    notOffered: of('not offered').length,
    failedMust,
    failedShould: failed.length - failedMust,
  }
}

/** One line, and another where something failed. */
export function sayCounts({ passed, failed, notOffered, failedMust, failedShould }: Counts): string {
  const line = `${passed} passed, ${failed} failed, ${notOffered} not offered`
  return failed === 0 ? line : `${line}\nof what failed: ${failedMust} a server MUST do, ${failedShould} it SHOULD do`
}

/** What a check is gathered under: a section of an RFC, or a client. */
export function headingOf({ dialect, clause }: Pick<CheckResult, 'dialect' | 'clause'>): string {
  if (dialect !== 'rfc') return `${dialect}: ${readDialects().get(dialect) ?? ''}`
  const section = sectionOf(clause)
  return `rfc: ${section.clause}, ${section.about}`
}

/** The text of a report: one piece for each result, under a heading where another section or client begins. */
export class TextReport {
  readonly #paint: Paint
  #heading = ''

  constructor(isColoured: boolean) {
    this.#paint = isColoured ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text
  }

  /** Several lines, without a break at the end. */
  say(result: CheckResult): string {
    return [...this.#headingFor(result), this.#line(result), ...this.#details(result)].join('\n')
  }

  #headingFor(result: CheckResult): string[] {
    const heading = headingOf(result)
    if (heading === this.#heading) return []
    const isFirst = this.#heading === ''
    this.#heading = heading
    return [...(isFirst ? [] : ['']), this.#paint('bold', heading)]
  }

  #line({ verdict, id, clause, level, what, reason }: CheckResult): string {
    const [colour, mark] = MARKS[verdict]
    const name = id.slice(id.indexOf('/') + 1)
    const rule = `${clause.padEnd(16)} ${level.toUpperCase().padEnd(6)}`
    return `  ${this.#paint(colour, mark)} ${name.padEnd(26)} ${rule} ${what}${reason === undefined ? '' : ` (${reason})`}`
  }

  #details({ faults, why, source }: CheckResult): string[] {
    const indent = ' '.repeat(7)
    if (faults.length === 0) return []
    const shown = faults.slice(0, MAX_FAULTS)
    return [
      ...shown.flatMap(({ step, where, expected, got }, index) => [
        ...(step === shown[index - 1]?.step ? [] : [`${indent}step ${step}`]),
        `${indent}  ${where}: expected ${expected}, got ${got}`,
      ]),
      ...(faults.length > MAX_FAULTS ? [`${indent}  and ${faults.length - MAX_FAULTS} more`] : []),
      ...(why === undefined ? [] : [`${indent}why: ${why}`]),
      ...(source === undefined ? [] : [`${indent}source: ${source}`]),
    ]
  }
}

/** One JSON document, for machines. */
export function sayJson(server: string, results: readonly CheckResult[]): string {
  return JSON.stringify({ server, counts: count(results), checks: results }, null, 2)
}

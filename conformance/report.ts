/**
 * Results for a reader, line by line as they come, and as one JSON document.
 */
import { styleText } from 'node:util'
import type { CheckResult } from './check.ts'
import { readDialects } from './dialogue.ts'

export type Counts = { readonly passed: number; readonly failed: number; readonly notOffered: number }

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string

const MARKS = { passed: ['green', 'ok  '], failed: ['red', 'FAIL'], 'not offered': ['yellow', '--  '] } as const
const MAX_FAULTS = 6

export function count(results: readonly CheckResult[]): Counts {
  const of = (verdict: CheckResult['verdict']) => results.filter((result) => result.verdict === verdict).length
  return { passed: of('passed'), failed: of('failed'), notOffered: of('not offered') }
}

export function sayCounts({ passed, failed, notOffered }: Counts): string {
  return `${passed} passed, ${failed} failed, ${notOffered} not offered`
}

/** The text of a report: one piece for each result, under a heading where another dialect begins. */
export class TextReport {
  readonly #paint: Paint
  #dialect = ''

  constructor(isColoured: boolean) {
    this.#paint = isColoured ? (format, text) => styleText(format, text, { validateStream: false }) : (_, text) => text
  }

  /** Several lines, without a break at the end. */
  say(result: CheckResult): string {
    return [...this.#heading(result.dialect), this.#line(result), ...this.#details(result)].join('\n')
  }

  #heading(dialect: string): string[] {
    if (dialect === this.#dialect) return []
    const isFirst = this.#dialect === ''
    this.#dialect = dialect
    return [...(isFirst ? [] : ['']), this.#paint('bold', `${dialect}: ${readDialects().get(dialect) ?? ''}`)]
  }

  #line({ verdict, id, clause, what, reason }: CheckResult): string {
    const [colour, mark] = MARKS[verdict]
    const name = id.slice(id.indexOf('/') + 1)
    return `  ${this.#paint(colour, mark)} ${name.padEnd(26)} ${clause.padEnd(16)} ${what}${reason === undefined ? '' : ` (${reason})`}`
  }

  #details({ faults, source }: CheckResult): string[] {
    const indent = ' '.repeat(7)
    const shown = faults.slice(0, MAX_FAULTS)
    return [
      ...shown.flatMap(({ step, where, expected, got }, index) => [
        ...(step === shown[index - 1]?.step ? [] : [`${indent}step ${step}`]),
        `${indent}  ${where}: expected ${expected}, got ${got}`,
      ]),
      ...(faults.length > MAX_FAULTS ? [`${indent}  and ${faults.length - MAX_FAULTS} more`] : []),
      ...(faults.length > 0 && source !== undefined ? [`${indent}source: ${source}`] : []),
    ]
  }
}

/** One JSON document, for machines. */
export function sayJson(server: string, results: readonly CheckResult[]): string {
  return JSON.stringify({ server, counts: count(results), checks: results }, null, 2)
}

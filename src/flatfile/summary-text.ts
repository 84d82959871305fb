/**
 * What became of a file, or would become of it, in words: for whoever stands at the terminal or reads the report.
 */
import { readLines } from './lines.ts'
import type { Summary } from './summary.ts'
import type { Verdict } from './verdict.ts'

const WORDS = [
  ['created', 'new people'],
  ['updated', 'people changed'],
  ['unchanged', 'already as the file says'],
  ['conflict', 'refused: keys of somebody else'],
  ['invalid', 'refused: something in the row is wrong'],
] as const

/** @param toMend of `mendLines`, where somebody reads it who has no report */
export function summaryText(summary: Summary, toMend: readonly string[] = []): string {
  const { file, result, message, report } = summary
  const first = `${file}: ${result}${summary.dryRun ? ' (dry run)' : ''}. ${sentence(message)}`
  const last = report === null ? [] : [`Report: ${report}`]
  return [first, ...countLines(summary), ...codeLines(summary), ...toMend, ...howItWasRead(summary), ...last].join('\n')
}

/** The same for who gets the report, with the first rows that are to be mended. */
export async function summaryPage(summary: Summary, verdicts: string | undefined): Promise<string> {
  const { file, result, message } = summary
  const first = `${file}: ${result}. ${sentence(message)}`
  const toMend = await mendLines(summary, verdicts)
  return `${[first, ...countLines(summary), ...toMend, ...howItWasRead(summary)].join('\n')}\n`
}

/** How many rows have which outcome, as a table, and what weighs most of it; nothing where no header was found. */
export function countLines({ header, rows, counts, deactivated = 0, keysChanged = 0 }: Summary): string[] {
  if (header === null) return []
  const width = Math.max(String(rows).length, 'rows'.length)
  const line = (outcome: string, count: string, words = '') =>
    `${outcome.padEnd(10)} ${count.padStart(width)}  ${words}`.trimEnd()
  return [
    '',
    line('outcome', 'rows'),
    ...WORDS.map(([outcome, words]) => line(outcome, String(counts[outcome]), words)),
    line('all', String(rows)),
    ...(deactivated + keysChanged > 0 ? [''] : []),
    ...(deactivated > 0 ? [`People turned inactive: ${deactivated}`] : []),
    ...(keysChanged > 0 ? [`People with another netid or e-mail address: ${keysChanged}`] : []),
  ]
}

const MOST_SHOWN = 20

/** The first rows that are refused, each with what to do. @param verdicts where they stand, if there are any */
export async function mendLines({ counts }: Summary, verdicts: string | undefined): Promise<string[]> {
  const refused = counts.conflict + counts.invalid
  if (refused === 0 || verdicts === undefined) return []
  const lines: string[] = []
  for await (const some of readLines<Verdict>(verdicts)) {
    lines.push(...some.flatMap(problemLines).slice(0, MOST_SHOWN - lines.length))
    if (lines.length >= Math.min(refused, MOST_SHOWN)) break
  }
  const rest = refused > lines.length ? ['  and more: the table of the report has all'] : []
  return ['', 'To mend:', '', ...lines, ...rest]
}

function problemLines({ row, problems }: Verdict): string[] {
  const [first, ...more] = problems
  if (first === undefined) return []
  const column = first.column === undefined ? '' : `, column "${first.column}"`
  const rest = more.length === 0 ? '' : ` (and ${more.length} more)`
  return [`  row ${row}${column}: ${first.message}${rest}`]
}

function codeLines({ problems = {} }: Summary): string[] {
  const told = Object.entries(problems).map(([code, count]) => `${code} (${count})`)
  return told.length === 0 ? [] : ['', `Refused for: ${told.join(', ')}`]
}

export function howItWasRead({ format, encoding, delimiter, sheet, source, mode, notices }: Summary): string[] {
  const how = [
    format,
    encoding,
    delimiter === undefined ? undefined : `delimiter ${JSON.stringify(delimiter)}`,
    sheet === undefined ? undefined : `sheet "${sheet}"`,
    mode === 'upsert' ? undefined : `mode ${mode}`,
    `source ${source}`,
  ].filter((one) => one !== undefined)
  const read = format === undefined ? [] : ['', `Read as: ${how.join(', ')}`]
  return [...read, ...notices.map((notice) => `Notice: ${notice}`)]
}

export function sentence(message: string): string {
  return message.slice(0, 1).toUpperCase() + message.slice(1) + (/[.?]$/.test(message) ? '' : '.')
}

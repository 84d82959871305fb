/**
 * What became of a file, in words and a table for whoever stands at the terminal.
 */
import type { Summary } from '../flatfile/summary.ts'
import { table } from './table.ts'

const WORDS = [
  ['created', 'new people'],
  ['updated', 'people changed'],
  ['unchanged', 'already as the file says'],
  ['conflict', 'refused: keys of somebody else'],
  ['invalid', 'refused: something in the row is wrong'],
] as const

export function summaryText(summary: Summary): string {
  const { file, result, message, rows } = summary
  const lines = [`${file}: ${result}${summary.dryRun ? ' (dry run)' : ''}. ${sentence(message)}`]
  if (summary.header !== null) lines.push('', table(['outcome', 'rows', ''], [...countRows(summary), ['all', String(rows), '']]))
  lines.push(...aboutProblems(summary), ...aboutFile(summary))
  return lines.join('\n')
}

function countRows({ counts }: Summary): string[][] {
  return WORDS.map(([outcome, words]) => [outcome, String(counts[outcome]), words])
}

function aboutProblems({ problems = {} }: Summary): string[] {
  const told = Object.entries(problems).map(([code, count]) => `${code} (${count})`)
  return told.length === 0 ? [] : ['', `Refused for: ${told.join(', ')}`]
}

function aboutFile({ format, encoding, delimiter, sheet, source, mode, notices, report }: Summary): string[] {
  const how = [
    format,
    encoding,
    delimiter === undefined ? undefined : `delimiter ${JSON.stringify(delimiter)}`,
    sheet === undefined ? undefined : `sheet "${sheet}"`,
    mode === 'upsert' ? undefined : `mode ${mode}`,
    `source ${source}`,
  ].filter((one) => one !== undefined)
  return [
    '',
    `Read as: ${how.join(', ')}`,
    ...notices.map((notice) => `Notice: ${notice}`),
    ...(report === null ? [] : [`Report: ${report}`]),
  ]
}

function sentence(message: string): string {
  return message.slice(0, 1).toUpperCase() + message.slice(1) + (message.endsWith('.') ? '' : '.')
}

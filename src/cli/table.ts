/**
 * Rows for people to read.
 */
import type { Terminal } from './command.ts'

/** A list that was asked for. @param none what is said where there is nothing in it */
export function showTable(
  terminal: Terminal,
  { headings, rows, none }: { readonly headings: readonly string[]; readonly rows: readonly string[][]; readonly none: string },
): void {
  if (rows.length === 0) terminal.say(none)
  else terminal.out(table(headings, rows))
}

/** Columns are as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

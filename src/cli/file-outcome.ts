/**
 * How the commands about files end: what they print, and the exit code for scripts.
 */
import type { Summary } from '../flatfile/summary.ts'
import { summaryText } from '../flatfile/summary-text.ts'
import type { Terminal } from './command.ts'
import { DONE, NOT_DONE } from './command.ts'

const SOME_ROWS_NOT = 2
const HELD = 3

export function exitCodeOf({ result, counts }: Summary): number {
  switch (result) {
    case 'processed':
      return counts.conflict + counts.invalid > 0 ? SOME_ROWS_NOT : DONE
    case 'held':
      return HELD
    case 'rejected':
      return NOT_DONE
    default:
      return result satisfies never
  }
}

/** Of several exit codes the one that tells the worst. */
export function gravest(codes: readonly number[]): number {
  return [NOT_DONE, HELD, SOME_ROWS_NOT].find((code) => codes.includes(code)) ?? DONE
}

/** JSON alone on standard output, else words for people, with the rows to mend where they are known. */
export function showSummary(summary: Summary, terminal: Terminal, asJson: boolean, toMend: readonly string[] = []): void {
  if (asJson) terminal.out(JSON.stringify(summary))
  else terminal.out(summaryText(summary, toMend))
  if (summary.result === 'rejected') terminal.say(`matricula: ${summary.file} was rejected: ${summary.message}`)
}

/** Safe to be copied into a shell, although an uploader has chosen the name. */
export function howToApprove(institution: string, file: string): string {
  const word = /^[\w.,@+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`
  return `To let it through: matricula files run --institution ${institution} --approve ${word}`
}

export function howItGoesOn(institution: string): string {
  return `Interrupted: what was begun goes on where it stopped with matricula files run --institution ${institution}, and with the next daily run.`
}

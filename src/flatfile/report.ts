/**
 * The report of a file, by the end of its name: `.csv` is the table as it was sent with outcome, reason and fix in front,
 * ready to mend and send again; `.ndjson` one object a row; `.json` the summary; `.txt` a page for people. Whoever is
 * missing from a roster comes after the rows.
 */
import { writeFile } from 'node:fs/promises'
import { csvLine } from './disarm.ts'
import { linesOf, openLineWriter, readLines } from './lines.ts'
import type { MissingVerdict, PlannedMissing } from './missing.ts'
import { IN_FRONT, isReport } from './report-columns.ts'
import { textOf } from './row.ts'
import type { Summary } from './summary.ts'
import { summaryPage } from './summary-text.ts'
import type { TableHead } from './table.ts'
import type { PlannedVerdict, Verdict } from './verdict.ts'
import { toldVerdict } from './verdict.ts'
import { judgedRows } from './verdict-file.ts'

const BOM = '\ufeff'

export const REPORT_FORMATS = ['.csv', '.ndjson', '.json', '.txt'] as const

export type Report = {
  readonly summary: Summary
  readonly table: TableHead
  /** Where the rows were put down. */
  readonly spool: string
  /** Where the verdicts on all rows stand. */
  readonly verdicts: string
  /** Where those on people who are missing stand. */
  readonly missing?: string
}

export async function writeReport(path: string, report: Report): Promise<void> {
  const format = formatOf(path)
  switch (format) {
    case '.ndjson':
      return writeVerdicts(path, report)
    case '.json':
      return writeSummary(path, report.summary)
    case '.csv':
      return writeTable(path, report)
    case '.txt':
      return writePage(path, report.summary, report.verdicts)
    default:
      return format satisfies never
  }
}

/** Of a rejected file no row was judged. */
export async function writeRefusal(path: string, summary: Summary): Promise<void> {
  const format = formatOf(path)
  switch (format) {
    case '.ndjson':
      return writeFile(path, '', { mode: 0o600 })
    case '.json':
      return writeSummary(path, summary)
    case '.csv':
      return writeFile(path, BOM + csvLine(IN_FRONT) + csvLine([summary.result, summary.reason ?? '', summary.message]), {
        mode: 0o600,
      })
    case '.txt':
      return writePage(path, summary)
    default:
      return format satisfies never
  }
}

function formatOf(path: string): (typeof REPORT_FORMATS)[number] {
  const format = REPORT_FORMATS.find((end) => path.toLowerCase().endsWith(end))
  if (format === undefined) throw new TypeError(`no report has a name like ${path}`)
  return format
}

function writeSummary(path: string, summary: Summary): Promise<void> {
  return writeFile(path, `${JSON.stringify(summary, null, 2)}\n`, { mode: 0o600 })
}

async function writePage(path: string, summary: Summary, verdicts?: string): Promise<void> {
  await writeFile(path, await summaryPage(summary, verdicts), { mode: 0o600 })
}

async function writeVerdicts(path: string, { verdicts, missing }: Report): Promise<void> {
  const lines = openLineWriter(path)
  try {
    for await (const some of readLines<PlannedVerdict>(verdicts)) {
      await lines.write(linesOf(some.map(toldVerdict)))
    }
    for await (const some of missingIn(missing)) await lines.write(linesOf(some))
    await lines.close()
  } finally {
    lines.abandon()
  }
}

async function writeTable(path: string, report: Report): Promise<void> {
  const { headings, lines } = reportLines(report)
  // Whoever wrote semicolons has a spreadsheet program that reads them.
  const line = (cells: readonly string[]) => csvLine(cells, report.table.delimiter === ';' ? ';' : ',')
  const written = openLineWriter(path)
  try {
    await written.write(BOM + line(headings))
    for await (const some of lines()) await written.write(some.map(({ cells }) => line(cells)).join(''))
    await written.close()
  } finally {
    written.abandon()
  }
}

type ReportLine = { readonly cells: readonly string[]; readonly isRefused: boolean }

/** The table as it was sent, with what became of each row in front; behind the rows those who are missing. */
export function reportLines({ table, spool, verdicts, missing }: Report): {
  readonly headings: readonly string[]
  readonly lines: () => AsyncGenerator<readonly ReportLine[]>
} {
  const headings = table.header.columns.map(({ heading }) => heading)
  // A report that was mended and sent again has them already.
  const skip = isReport(headings) ? IN_FRONT.length : 0
  const columns = table.header.columns.slice(skip)
  async function* lines() {
    for await (const judged of judgedRows(spool, verdicts)) {
      yield judged.map(({ row: { cells }, verdict }) => {
        const line = inFront(verdict)
        // As many as the header has, so that the table keeps its shape; what stands past them stays where it was.
        for (let at = skip; at < headings.length || at < cells.length; at++) line.push(textOf(cells[at] ?? ''))
        return { cells: line, isRefused: verdict.problems.length > 0 }
      })
    }
    for await (const some of missingIn(missing)) {
      const cells = ({ person }: MissingVerdict) => columns.map(({ field }) => (field === undefined ? '' : (person[field] ?? '')))
      yield some.map((one) => ({ cells: [...inFront(one), ...cells(one)], isRefused: false }))
    }
  }
  return { headings: [...IN_FRONT, ...headings.slice(skip)], lines }
}

async function* missingIn(path: string | undefined): AsyncGenerator<readonly MissingVerdict[]> {
  if (path === undefined) return
  for await (const some of readLines<PlannedMissing>(path)) yield some.map(({ times: _, isWritten: __, ...told }) => told)
}

function inFront({ outcome, problems, withheld = [] }: Verdict | MissingVerdict): string[] {
  if (problems.length + withheld.length === 0) return [outcome, '', '']
  const codes = new Set([...problems.map(({ code }) => code), ...(withheld.length > 0 ? ['withheld'] : [])])
  const kept = withheld.length > 0 ? [`another source has the say over ${withheld.join(', ')}`] : []
  return [outcome, [...codes].join('; '), [...problems.map(({ message }) => message), ...kept].join('; ')]
}

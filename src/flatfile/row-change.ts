/**
 * A row of a table -> the change that it asks for, or all that is wrong with it, column by column.
 */
import type { Change } from '../directory/change.ts'
import type { FlatSender } from '../directory/flat-change.ts'
import { flatChange, isChange } from '../directory/flat-change.ts'
import type { CellProblem } from './cells.ts'
import { cellReader } from './cells.ts'
import type { Column } from './columns.ts'
import type { FileSource } from './file-source.ts'
import type { FileLimits } from './limits.ts'
import { asPresent } from './roster.ts'
import type { Row } from './row.ts'

export type RowReader = (row: Row) => Change | readonly CellProblem[]

/** @returns what reads every row below a header with these columns */
export function rowReader(options: {
  readonly columns: readonly Column[]
  readonly limits: FileLimits
  readonly file: FileSource
  readonly sender: Omit<FlatSender, 'row' | 'source'>
}): RowReader {
  const { columns, limits, file, sender } = options
  const read = cellReader(columns, limits)
  const columnOf = columnNames(columns)
  const blanks = sender.institution.settings.emptyClears?.includes('file') ? blankFields(columns) : undefined
  return (row) => {
    const { values, problems } = read(row)
    // The row has slipped, or cannot be read at all.
    if (problems.some(({ field }) => field === undefined)) return problems
    const flat = { ...blanks?.(row), ...values, ...file.constants }
    const change = flatChange(flat, { ...sender, source: file.source, row: row.number }, problems)
    if (!isChange(change)) return change.map((problem) => ({ ...columnOf(problem.field), ...problem }))
    switch (file.mode) {
      case 'upsert':
        return change
      case 'update':
        return { ...change, intent: 'update' }
      case 'roster':
        return asPresent(change, (flat.account_status ?? '') !== '')
      default:
        return file.mode satisfies never
    }
  }
}

/** Every field that the row has a cell for, as empty: what is filled comes over it. A short row says nothing of the rest. */
function blankFields(columns: readonly Column[]): (row: Row) => { readonly [field: string]: string } {
  return ({ cells }) =>
    Object.fromEntries(columns.flatMap(({ field }, index) => (field === undefined || index >= cells.length ? [] : [[field, '']])))
}

/** The heading of the column that has a field. */
export function columnNames(columns: readonly Column[]): (field: string | undefined) => { readonly column?: string } {
  const headings = new Map(columns.flatMap(({ field, heading }) => (field === undefined ? [] : [[field, heading] as const])))
  return (field) => {
    const column = field === undefined ? undefined : headings.get(field)
    return column === undefined ? {} : { column }
  }
}

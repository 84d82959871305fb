/**
 * The first look at a whole file: that every row of it can be read, how many there are, and which keys they name.
 * The rows are put down as they were read, since reading them again is most of the work.
 */
import { foldKey } from '../directory/keys.ts'
import { isMatchKey } from '../directory/user.ts'
import type { CellReader, RowValues } from './cells.ts'
import { cellReader } from './cells.ts'
import type { Column } from './columns.ts'
import type { FileLimits } from './limits.ts'
import { Mentions } from './mentions.ts'
import { writeSpool } from './spool.ts'
import type { Table } from './table.ts'

export type Scan = {
  readonly rows: number
  /** The last row that names a key such as `email:ada@uni.edu`, folded; 0 when none does. */
  readonly lastAsked: (name: string) => number
}

/**
 * @param spool where the rows are put down
 * @throws {FileRefused} where a limit is passed, or what is broken begins
 */
export async function scanKeys(
  table: Table,
  { limits, spool, onRows }: { readonly limits: FileLimits; readonly spool: string; readonly onRows: (rows: number) => void },
): Promise<Scan> {
  const read = keyReader(table, limits)
  const mentions = new Mentions()
  let count = 0
  async function* scanned() {
    for await (const rows of table.rows()) {
      for (const row of rows) note(mentions, row.number, read(row))
      count += rows.length
      onRows(count)
      yield rows
    }
  }
  await writeSpool(spool, scanned())
  return { rows: count, lastAsked: (name) => mentions.lastRow(asMentioned(name)) }
}

const USER_NAME = 'userName:'

/** The userName of somebody whom no client has named is the e-mail. */
function asMentioned(name: string): string {
  return name.startsWith(USER_NAME) ? `email:${name.slice(USER_NAME.length)}` : name
}

/** Reads the match keys of a row alone. */
export function keyReader({ header }: Table, limits: FileLimits): CellReader {
  const columns = header.columns.map(({ heading, field }): Column => {
    return field !== undefined && isMatchKey(field) ? { heading, field } : { heading }
  })
  return cellReader(columns, limits)
}

function note(mentions: Mentions, row: number, { values }: RowValues): void {
  for (const field in values) {
    const folded = foldKey(values[field] as string)
    if (folded !== undefined) mentions.add(`${field}:${folded}`, row)
  }
}

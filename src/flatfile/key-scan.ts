/**
 * The first look at a whole file: that every row of it can be read, how many there are, and which keys they name.
 */
import { foldKey } from '../directory/keys.ts'
import { MATCH_KEYS } from '../directory/user.ts'
import { cellReader } from './cells.ts'
import type { FileLimits } from './limits.ts'
import { Mentions } from './mentions.ts'
import type { Table } from './table.ts'

export type Scan = {
  readonly rows: number
  /** The last row that names a key such as `email:ada@uni.edu`, folded; 0 when none does. */
  readonly lastAsked: (name: string) => number
}

/** @throws {FileRefused} where a limit is passed, or what is broken begins */
export async function scanKeys(table: Table, limits: FileLimits, onRows: (rows: number) => void): Promise<Scan> {
  const columns = table.header.columns.map(({ heading, field }) => {
    return field !== undefined && MATCH_KEYS.some((key) => key === field) ? { heading, field } : { heading }
  })
  const read = cellReader(columns, limits)
  const mentions = new Mentions()
  let count = 0
  for await (const rows of table.rows()) {
    for (const row of rows) {
      for (const [field, value] of read(row).values) {
        const folded = foldKey(value)
        if (folded !== undefined) mentions.add(`${field}:${folded}`, row.number)
      }
    }
    count += rows.length
    onRows(count)
  }
  // The userName of somebody whom no client has named is the e-mail.
  return { rows: count, lastAsked: (name) => mentions.lastRow(name.replace(/^userName:/, 'email:')) }
}

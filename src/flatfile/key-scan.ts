/**
 * The first look at a whole file: that every row of it can be read, how many there are, and which keys they name.
 * The rows are put down as they were read, since reading them again is most of the work.
 */
import { foldKey } from '../directory/keys.ts'
import { isMatchKey } from '../directory/user.ts'
import type { CellReader } from './cells.ts'
import { cellReader } from './cells.ts'
import type { Column } from './columns.ts'
import type { FileLimits } from './limits.ts'
import { linesOf, openLineWriter } from './lines.ts'
import { Mentions } from './mentions.ts'
import type { Row } from './row.ts'
import type { Table, TableHead } from './table.ts'

/** A name that a row before had as well: `email:ada@uni.edu`, folded. */
export type NamedAgain = readonly [name: string, row: number]

/** How far the reading has come. */
export type Scanned = {
  readonly rows: number
  /** So much stands where the rows are put down. */
  readonly bytes: number
  /** Of the rows since the last time. */
  readonly again: readonly NamedAgain[]
}

export type ScanOptions = {
  readonly limits: FileLimits
  /** Where the rows are put down; whole when the promise resolves. */
  readonly spool: string
  readonly onScanned: (scanned: Scanned) => void
}

export type Scan = Omit<Scanned, 'again'> & { readonly mentions: Mentions }

/** @throws {FileRefused} where a limit is passed, or what is broken begins */
export async function scanKeys(table: Table, { limits, spool, onScanned }: ScanOptions): Promise<Scan> {
  const namesIn = nameReader(table, limits)
  const mentions = new Mentions()
  const lines = openLineWriter(spool)
  let count = 0
  try {
    for await (const rows of table.rows()) {
      const again: NamedAgain[] = []
      for (const row of rows) {
        for (const name of namesIn(row)) if (mentions.add(name, row.number) > 0) again.push([name, row.number])
      }
      await lines.write(linesOf(rows))
      count += rows.length
      onScanned({ rows: count, bytes: lines.bytesWritten, again })
    }
    await lines.close()
  } finally {
    lines.abandon()
  }
  return { rows: count, bytes: lines.bytesWritten, mentions }
}

function nameReader(head: TableHead, limits: FileLimits): (row: Row) => string[] {
  const read = keyReader(head, limits)
  return (row) => {
    const { values } = read(row)
    return Object.entries(values).flatMap(([field, value]) => {
      const folded = foldKey(value)
      return folded === undefined ? [] : [`${field}:${folded}`]
    })
  }
}

/** Reads the match keys of a row alone. */
export function keyReader({ header }: TableHead, limits: FileLimits): CellReader {
  const columns = header.columns.map(({ heading, field }): Column => {
    return field !== undefined && isMatchKey(field) ? { heading, field } : { heading }
  })
  return cellReader(columns, limits)
}

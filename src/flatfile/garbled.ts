/**
 * Text that was UTF-8, was taken for Windows-1252 somewhere on its way and saved so: "MÃ¼ller". It is good text in any
 * encoding, so it is stored as it stands, and whoever sent it is told.
 */
import { isUtf8 } from 'node:buffer'
import { quoted } from '../directory/quoted.ts'
import type { Column } from './columns.ts'
import { columnName } from './columns.ts'
import type { Row } from './row.ts'
import { textOf } from './row.ts'

/** What the letters of Europe and its punctuation begin with: hardly anything else is that, and nearly all cells have none. */
const SUSPECT = /[ÂÃÄÅÎÏÐÑ]\P{ASCII}|â€/u

const BYTES: ReadonlyMap<string, number> = new Map(
  Array.from(new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 256 }, (_, byte) => byte)), (letter, byte) => [
    letter,
    byte,
  ]),
)

/** @returns what was meant; undefined for a text that is no such one throughout */
export function meantByGarbled(text: string): string | undefined {
  if (!SUSPECT.test(text)) return undefined
  const bytes = Buffer.alloc(text.length)
  for (let i = 0; i < text.length; i++) {
    const byte = BYTES.get(text[i] as string)
    if (byte === undefined) return undefined
    bytes[i] = byte
  }
  return isUtf8(bytes) ? bytes.toString() : undefined
}

/** Counts the rows that hold such text in a column that is read. */
export class GarbledRows {
  readonly #columns: readonly Column[]
  #count = 0
  #first: string | undefined

  constructor(columns: readonly Column[]) {
    this.#columns = columns
  }

  note({ number, cells }: Row): void {
    for (const [index, column] of this.#columns.entries()) {
      const cell = cells[index]
      if (cell === undefined || column.field === undefined) continue
      const meant = meantByGarbled(textOf(cell))
      if (meant === undefined) continue
      this.#count++
      this.#first ??= `${quoted(textOf(cell))} in row ${number}, ${columnName(column, index)}, which may have been ${quoted(meant)}`
      return
    }
  }

  get notice(): string | undefined {
    if (this.#first === undefined) return undefined
    return `letters like those of UTF-8 that was taken for Windows-1252 before the file was written, in rows: ${this.#count} (${this.#first}). They are stored as they stand: look at the export that made them`
  }
}

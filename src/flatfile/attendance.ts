/**
 * Who is in a file: the records that its rows found, and the keys that refused rows name, since nobody is missing for
 * a row that has to be mended.
 */
import type { Outcome } from '../directory/change.ts'
import { fieldNamed } from '../directory/fields.ts'
import { readValue } from '../directory/flat-values.ts'
import type { Institution } from '../directory/institution.ts'
import { foldKey } from '../directory/keys.ts'
import type { User } from '../directory/user.ts'
import { namesOf } from '../directory/working-set.ts'
import type { CellReader } from './cells.ts'
import { Mentions } from './mentions.ts'
import type { Row } from './row.ts'

export class Attendance {
  readonly #readKeys: CellReader
  readonly #institution: Institution
  readonly #records = new Mentions()
  readonly #keys = new Mentions()
  #hasKeys = false
  /** The first row of which cannot be told whom it is about. */
  #unclearRow: number | undefined

  /** @param readKeys reads the match keys of a row alone */
  constructor(readKeys: CellReader, institution: Institution) {
    this.#readKeys = readKeys
    this.#institution = institution
  }

  /** @param outcome where the row came as far as the directory */
  note(row: Row, outcome: Outcome | undefined): void {
    if (outcome !== undefined && 'user' in outcome) this.#records.add(outcome.user._id, row.number)
    else this.#noteKeys(row)
  }

  /** A row without a key is about somebody, too: who that is has to be mended first. */
  #noteKeys(row: Row): void {
    const { values, problems } = this.#readKeys(row)
    let isClear = false
    for (const field in values) {
      const value = values[field] as string
      const folded = foldKey(value)
      if (folded === undefined) continue
      this.#keys.add(`${field}:${folded}`, row.number)
      this.#hasKeys = true
      isClear ||= this.#isKey(field, value) && problems.every(({ code }) => code !== 'too_many_cells')
    }
    if (!isClear) this.#unclearRow ??= row.number
  }

  /** A misspelt address is nobody's: the person of the row has another one. */
  #isKey(name: string, value: string): boolean {
    const field = fieldNamed(name)
    return field !== undefined && typeof readValue(field, value, this.#institution) === 'string'
  }

  /** Why nobody can be said to be missing, if so. */
  get fault(): string | undefined {
    return this.#unclearRow === undefined ? undefined : `row ${this.#unclearRow} does not let see whom it is about`
  }

  has(user: User): boolean {
    if (this.#records.lastRow(user._id) > 0) return true
    return this.#hasKeys && namesOf(user).some((name) => this.#keys.lastRow(name) > 0)
  }
}

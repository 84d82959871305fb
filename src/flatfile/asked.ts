/**
 * Which row of a file names a key for the last time, asked before the file is read to its end. Until then the answer is
 * that of what has been read, and it is remembered who relied on it: whether that was right shows when all is read.
 */
import { sharing } from '../directory/sharing.ts'
import type { MentionsParts } from './mentions.ts'
import { hashOf, Mentions } from './mentions.ts'

const FIRST_SIZE = 1 << 10
/** How many answers are looked at together: a part of a millisecond. */
const AT_ONCE = 500

export class Asked {
  /** Names that several rows have, as far as the file is read; then all. */
  #mentions = new Mentions()
  #isWhole = false
  /** High and low half of a name and a row, one after the other: no later one was to name it. */
  #reliedOn = new Uint32Array(FIRST_SIZE * 3)
  #length = 0

  /** A name that a row before had as well. @param row not below those of the calls before */
  note(name: string, row: number): void {
    this.#mentions.add(name, row)
  }

  /** Now all names are known. */
  complete(parts: MentionsParts): void {
    this.#mentions = new Mentions(parts)
    this.#isWhole = true
  }

  /** The last row that names a key such as `email:ada@uni.edu`, folded; 0 when none does, or no other but one. */
  lastRow(name: string): number {
    return this.#mentions.lastRow(asMentioned(name))
  }

  /** Likewise, for somebody who has come to this row and will rely on there being none after both. */
  lastRowAfter(name: string, row: number): number {
    const hash = hashOf(asMentioned(name))
    const last = this.#mentions.lastRowOf(hash)
    if (!this.#isWhole) this.#relyOn(hash, Math.max(last, row))
    return last
  }

  /** Whether somebody relied on an answer that has turned out wrong. They may ask all anew: it is said once. */
  async wasWrong(): Promise<boolean> {
    if (!this.#isWhole || this.#length === 0) return false
    const said = this.#reliedOn.subarray(0, this.#length)
    this.#length = 0
    this.#reliedOn = new Uint32Array(0)
    const turn = sharing()
    for (let from = 0; from < said.length; from += AT_ONCE * 3) {
      await turn()
      if (this.#isWrong(said.subarray(from, from + AT_ONCE * 3))) return true
    }
    return false
  }

  #isWrong(said: Uint32Array): boolean {
    for (let at = 0; at < said.length; at += 3) {
      const last = this.#mentions.lastRowOf([said[at] as number, said[at + 1] as number])
      if (last > (said[at + 2] as number)) return true
    }
    return false
  }

  #relyOn([high, low]: readonly [number, number], row: number): void {
    if (this.#length === this.#reliedOn.length) {
      const longer = new Uint32Array(this.#length * 2)
      longer.set(this.#reliedOn)
      this.#reliedOn = longer
    }
    this.#reliedOn[this.#length++] = high
    this.#reliedOn[this.#length++] = low
    this.#reliedOn[this.#length++] = row
  }
}

const USER_NAME = 'userName:'

/** The userName of somebody whom no client has named is the e-mail. */
function asMentioned(name: string): string {
  return name.startsWith(USER_NAME) ? `email:${name.slice(USER_NAME.length)}` : name
}

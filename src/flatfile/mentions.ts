/**
 * Which names a file holds, such as `email:ada@uni.edu`, and in which row for the last time: twelve bytes a name, whatever
 * the names look like. Two names fall together once in 2^64 pairs: it may be trusted.
 */

const FIRST_SIZE = 1 << 12

/** Two halves of 32 bits; the second is never 0, which stands for an empty place. */
export type Hash = readonly [high: number, low: number]

/** What is in them, to be handed to another thread and made mentions again there. */
export type MentionsParts = {
  readonly high: Uint32Array<ArrayBuffer>
  readonly low: Uint32Array<ArrayBuffer>
  readonly rows: Uint32Array<ArrayBuffer>
  readonly used: number
}

export class Mentions {
  #high: Uint32Array<ArrayBuffer>
  #low: Uint32Array<ArrayBuffer>
  #rows: Uint32Array<ArrayBuffer>
  #used: number

  constructor(parts: MentionsParts = emptyParts(FIRST_SIZE)) {
    this.#high = parts.high
    this.#low = parts.low
    this.#rows = parts.rows
    this.#used = parts.used
  }

  get parts(): MentionsParts {
    return { high: this.#high, low: this.#low, rows: this.#rows, used: this.#used }
  }

  /**
   * @param row not below those that were added before, and not 0
   * @returns the row that named it before; 0 when none did
   */
  add(name: string, row: number): number {
    if (this.#used * 2 > this.#low.length) this.#grow()
    const [high, low] = hashOf(name)
    const at = this.#placeOf(high, low)
    const before = this.#rows[at] as number
    if (before === 0) this.#used++
    this.#high[at] = high
    this.#low[at] = low
    this.#rows[at] = row
    return before
  }

  /** The last row that names it; 0 when none does. */
  lastRow(name: string): number {
    return this.lastRowOf(hashOf(name))
  }

  lastRowOf([high, low]: Hash): number {
    return this.#rows[this.#placeOf(high, low)] as number
  }

  /** Where the hash stands, or would stand. */
  #placeOf(high: number, low: number): number {
    const mask = this.#low.length - 1
    let at = low & mask
    while (this.#low[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const { high, low, rows } = this.parts
    const larger = emptyParts(low.length * 2)
    this.#high = larger.high
    this.#low = larger.low
    this.#rows = larger.rows
    for (let index = 0; index < low.length; index++) {
      const one = low[index] as number
      if (one === 0) continue
      const at = this.#placeOf(high[index] as number, one)
      this.#high[at] = high[index] as number
      this.#low[at] = one
      this.#rows[at] = rows[index] as number
    }
  }
}

function emptyParts(size: number): MentionsParts {
  return { high: new Uint32Array(size), low: new Uint32Array(size), rows: new Uint32Array(size), used: 0 }
}

/** Two runs of multiply and xor over UTF-16 units, stirred into each other. */
export function hashOf(text: string): Hash {
  let a = 0x811c9dc5
  let b = 0x2f0b4c47
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ unit, 0x7feb352d)
    b ^= b >>> 15
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ b
  b = Math.imul(b ^ (b >>> 13), 0xc2b2ae35) ^ (a >>> 7)
  return [a >>> 0, (b ^ (b >>> 16)) >>> 0 || 1]
}

/**
 * Which names a file holds, such as `email:ada@uni.edu`, and in which row for the last time: twelve bytes a name, whatever
 * the names look like. Two names fall together once in 2^64 pairs: it may be trusted.
 */

const FIRST_COUNT = 1 << 12
/** Both halves of a name's hash, and the row: side by side, since what is far apart in memory takes long to find. */
const SLOT = 3

/** Two halves of 32 bits; the second is never 0, which stands for an empty slot. */
export type Hash = readonly [high: number, low: number]

/** What is in them, to be handed to another thread and made mentions again there. */
export type MentionsParts = { readonly slots: Uint32Array<ArrayBuffer>; readonly used: number }

export class Mentions {
  #slots: Uint32Array<ArrayBuffer>
  #used: number

  constructor({ slots, used }: MentionsParts = { slots: new Uint32Array(FIRST_COUNT * SLOT), used: 0 }) {
    this.#slots = slots
    this.#used = used
  }

  get parts(): MentionsParts {
    return { slots: this.#slots, used: this.#used }
  }

  /**
   * @param row not below those that were added before, and not 0
   * @returns the row that named it before; 0 when none did
   */
  add(name: string, row: number): number {
    if (this.#used * 2 * SLOT > this.#slots.length) this.#grow()
    const [high, low] = hashOf(name)
    const at = this.#placeOf(high, low)
    const before = this.#slots[at + 2] as number
    if (before === 0) this.#used++
    this.#put(at, high, low, row)
    return before
  }

  /** The last row that names it; 0 when none does. */
  lastRow(name: string): number {
    return this.lastRowOf(hashOf(name))
  }

  lastRowOf([high, low]: Hash): number {
    return this.#slots[this.#placeOf(high, low) + 2] as number
  }

  /** Where the hash stands, or would stand. */
  #placeOf(high: number, low: number): number {
    const slots = this.#slots
    const count = slots.length / SLOT
    let at = (low & (count - 1)) * SLOT
    while (slots[at + 1] !== 0 && (slots[at + 1] !== low || slots[at] !== high)) {
      at += SLOT
      if (at === slots.length) at = 0
    }
    return at
  }

  #put(at: number, high: number, low: number, row: number): void {
    this.#slots[at] = high
    this.#slots[at + 1] = low
    this.#slots[at + 2] = row
  }

  #grow(): void {
    const slots = this.#slots
    this.#slots = new Uint32Array(slots.length * 2)
    for (let from = 0; from < slots.length; from += SLOT) {
      const [high, low] = [slots[from] as number, slots[from + 1] as number]
      if (low !== 0) this.#put(this.#placeOf(high, low), high, low, slots[from + 2] as number)
    }
  }
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

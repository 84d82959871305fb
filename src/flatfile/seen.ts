/**
 * Who was seen, of any number of people: eight bytes of each name, so that a million of them take 32 MB.
 * Two names fall together once in 2^64 pairs: it may be trusted.
 */

const FIRST_SIZE = 1 << 12

export class Seen {
  #high = new Uint32Array(FIRST_SIZE)
  #low = new Uint32Array(FIRST_SIZE)
  #used = 0

  add(name: string): void {
    if (this.#used * 2 > this.#high.length) this.#grow()
    const [high, low] = hashOf(name)
    const at = this.#placeOf(high, low)
    if (this.#isEmpty(at)) this.#used++
    this.#high[at] = high
    this.#low[at] = low
  }

  has(name: string): boolean {
    return !this.#isEmpty(this.#placeOf(...hashOf(name)))
  }

  /** Where the hash stands, or would stand. */
  #placeOf(high: number, low: number): number {
    const mask = this.#high.length - 1
    let at = low & mask
    while (!this.#isEmpty(at) && (this.#high[at] !== high || this.#low[at] !== low)) at = (at + 1) & mask
    return at
  }

  #isEmpty(at: number): boolean {
    return this.#low[at] === 0
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low]
    this.#high = new Uint32Array(high.length * 2)
    this.#low = new Uint32Array(low.length * 2)
    for (const [index, one] of low.entries()) {
      if (one === 0) continue
      const at = this.#placeOf(high[index] ?? 0, one)
      this.#high[at] = high[index] ?? 0
      this.#low[at] = one
    }
  }
}

/** Two runs of multiply and xor over UTF-16 units, stirred into each other; the second is never 0, which stands for an empty place. */
function hashOf(text: string): [high: number, low: number] {
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

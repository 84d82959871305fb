/**
 * Which keys a file names, and in which row for the last time: eight bytes a key, whatever the keys look like.
 * Two keys may fall together; the later row counts for both then, which costs memory and harms nothing.
 */

const FIRST_SIZE = 1 << 12

export class Mentions {
  #hashes = new Uint32Array(FIRST_SIZE)
  #rows = new Uint32Array(FIRST_SIZE)
  #used = 0

  /** @param row not below those that were added before */
  add(name: string, row: number): void {
    if (this.#used * 2 > this.#hashes.length) this.#grow()
    const hash = hashOf(name)
    const at = this.#placeOf(hash)
    if (this.#hashes[at] === 0) this.#used++
    this.#hashes[at] = hash
    this.#rows[at] = row
  }

  /** The last row that names it, or a later one; 0 when none does. */
  lastRow(name: string): number {
    return this.#rows[this.#placeOf(hashOf(name))] ?? 0
  }

  /** Where the hash stands, or would stand. */
  #placeOf(hash: number): number {
    const mask = this.#hashes.length - 1
    let at = (hash ^ (hash >>> 15)) & mask
    while (this.#hashes[at] !== 0 && this.#hashes[at] !== hash) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const [hashes, rows] = [this.#hashes, this.#rows]
    this.#hashes = new Uint32Array(hashes.length * 2)
    this.#rows = new Uint32Array(hashes.length * 2)
    for (let index = 0; index < hashes.length; index++) {
      const hash = hashes[index] as number
      if (hash === 0) continue
      const at = this.#placeOf(hash)
      this.#hashes[at] = hash
      this.#rows[at] = rows[index] ?? 0
    }
  }
}

/** FNV-1a over UTF-16 units, with a last stir; never 0, which stands for an empty place. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0 || 1
}

/**
 * Bytes of an answer, put together without a detour over one long string: most of them come from the store as they are.
 */

export class ByteWriter {
  #buffer: Buffer<ArrayBuffer>
  #length = 0

  /** @param size how many bytes there will be, about */
  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size)
  }

  /** In UTF-8. */
  text(text: string): void {
    this.#makeRoom(text.length * 3)
    this.#length += this.#buffer.write(text, this.#length)
  }

  bytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** All that was written; the writer is done with. */
  end(): Buffer<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length)
  }

  #makeRoom(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

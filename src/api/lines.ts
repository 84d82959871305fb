/**
 * Lines of a body that may never end, in batches: whatever has arrived while the batch before was worked on, in bounded
 * memory. Nothing of a body that breaks off is handed on after the break: its last line may be half of one.
 */
import { joined } from '../limits/body.ts'

export type Line =
  | { readonly kind: 'text'; readonly number: number; readonly text: string }
  | { readonly kind: 'bad'; readonly number: number; readonly code: string; readonly message: string }

export type LineLimits = {
  /** Of a batch. */
  readonly mostLines: number
  /** Of a batch, in UTF-16 units: its last line may go beyond. */
  readonly mostLength: number
  readonly maxLineBytes: number
}

const NEWLINE = 0x0a

export class LineBatches {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #limits: LineLimits
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true })
  readonly #lines: Line[] = []
  /** Of all these lines. */
  #length = 0
  /** Of the line that has begun. */
  #parts: Uint8Array[] = []
  #partBytes = 0
  #number = 0
  #isEnded = false
  #isBroken = false
  #isFilling = false
  #wake: (() => void) | undefined

  constructor(body: ReadableStream<Uint8Array>, limits: LineLimits) {
    this.#reader = body.getReader()
    this.#limits = limits
  }

  /** Lines in their order, blank ones left out; undefined after the last; `broken` when the sender is gone. */
  async next(): Promise<readonly Line[] | 'broken' | undefined> {
    void this.#fill()
    while (this.#lines.length === 0 && !this.#isEnded) await new Promise<void>((resolve) => (this.#wake = resolve))
    if (this.#isBroken) return 'broken'
    if (this.#lines.length === 0) return undefined
    const batch = this.#batch()
    void this.#fill()
    return batch
  }

  #batch(): readonly Line[] {
    const { mostLines, mostLength } = this.#limits
    const before = this.#length
    let count = 0
    while (count < this.#lines.length && count < mostLines && before - this.#length < mostLength) {
      this.#length -= lengthOf(this.#lines[count] as Line)
      count += 1
    }
    return this.#lines.splice(0, count)
  }

  /** The sender is gone, or nobody wants to read on. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  async cancel(): Promise<void> {
    this.#isEnded = true
    this.#isBroken = true
    await this.#reader.cancel().catch(() => undefined)
  }

  /** Reads on until a batch is full, while the one before is worked on. */
  async #fill(): Promise<void> {
    if (this.#isFilling) return
    this.#isFilling = true
    try {
      const { mostLines, mostLength } = this.#limits
      while (this.#lines.length < mostLines && this.#length < mostLength && !this.#isEnded) {
        const { done, value } = await this.#reader.read()
        if (done) {
          if (this.#partBytes > 0) this.#end()
          this.#isEnded = true
        } else this.#split(value)
        this.#wake?.()
      }
    } catch {
      this.#isBroken = true
      this.#isEnded = true
    } finally {
      this.#isFilling = false
      this.#wake?.()
    }
  }

  #add(line: Line): void {
    this.#lines.push(line)
    this.#length += lengthOf(line)
  }

  #split(chunk: Uint8Array): void {
    let from = 0
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      this.#addPart(chunk.subarray(from, to))
      this.#end()
      from = to + 1
    }
    if (from < chunk.length) this.#addPart(chunk.subarray(from))
  }

  /** What is past the limit is counted, not kept. */
  #addPart(part: Uint8Array): void {
    this.#partBytes += part.length
    if (this.#partBytes <= this.#limits.maxLineBytes) this.#parts.push(part)
    else this.#parts = []
  }

  #end(): void {
    const number = ++this.#number
    const { maxLineBytes } = this.#limits
    if (this.#partBytes > maxLineBytes) {
      const message = `line ${number} has more than ${maxLineBytes} bytes`
      this.#add({ kind: 'bad', number, code: 'line_too_long', message })
    } else {
      const line = this.#decoded(number)
      if (line.kind === 'bad' || line.text.trim() !== '') this.#add(line)
    }
    this.#parts = []
    this.#partBytes = 0
  }

  #decoded(number: number): Line {
    try {
      return { kind: 'text', number, text: this.#utf8.decode(joined(this.#parts, this.#partBytes)) }
    } catch {
      return { kind: 'bad', number, code: 'line_unreadable', message: `line ${number} is not UTF-8` }
    }
  }
}

function lengthOf(line: Line): number {
  return line.kind === 'text' ? line.text.length : 0
}

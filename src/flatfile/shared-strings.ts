/**
 * The texts that cells of a workbook share, kept as UTF-8 in a few large blocks: a million rows have millions of texts,
 * and as strings of the language they would take several times the room.
 */
import type { FileLimits } from './limits.ts'
import { overLimit } from './limits.ts'
import { notSound } from './refusal.ts'

export type SharedStrings = {
  /** @throws {FileRefused} past the limits of number or size */
  add(text: string): void
  /** @throws {FileRefused} when there is no such text */
  get(index: number): string
  readonly count: number
}

const BLOCK_BYTES = 4 * 1024 * 1024
/** Most sheets say the same few words in every row. */
const REMEMBERED = 8192

export function sharedStrings(limits: FileLimits): SharedStrings {
  const blocks: Buffer[] = []
  let block = Buffer.alloc(0)
  let used = 0
  let count = 0
  let starts = new Uint32Array(1024)
  let lengths = new Uint32Array(1024)
  const recent: (string | undefined)[] = new Array(REMEMBERED)
  const recentIndex = new Int32Array(REMEMBERED).fill(-1)

  function makeRoom(bytes: number): void {
    if (count === starts.length) {
      starts = grown(starts)
      lengths = grown(lengths)
    }
    if (used + bytes <= block.length) return
    block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    blocks.push(block)
    used = 0
  }

  return {
    add(long) {
      const text = long.slice(0, BLOCK_BYTES / 4)
      const bytes = Buffer.byteLength(text)
      if (count === limits.sharedStrings) throw overLimit('sharedStrings', limits)
      if ((blocks.length - 1) * BLOCK_BYTES + used + bytes > limits.sharedStringBytes)
        throw overLimit('sharedStringBytes', limits)
      makeRoom(bytes)
      starts[count] = (blocks.length - 1) * BLOCK_BYTES + used
      lengths[count] = bytes
      used += block.write(text, used)
      count++
    },
    get(index) {
      const slot = index % REMEMBERED
      if (recentIndex[slot] === index) return recent[slot] ?? ''
      const start = starts[index]
      if (index >= count || start === undefined) throw notSound(`a cell shows text ${index}, of which there are ${count}`)
      const from = start % BLOCK_BYTES
      const text = blocks[Math.floor(start / BLOCK_BYTES)]?.toString('utf8', from, from + (lengths[index] ?? 0)) ?? ''
      recent[slot] = text
      recentIndex[slot] = index
      return text
    },
    get count() {
      return count
    },
  }
}

function grown(list: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * list.length)
  larger.set(list)
  return larger
}

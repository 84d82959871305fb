/**
 * Ids in the order of time: UUIDv7 (RFC 9562 5.7), so that indexes grow at their end and events sort as they happened.
 */
import { randomFillSync } from 'node:crypto'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const pool = new Uint8Array(8192)
let used = pool.length
let lastMs = 0
let sequence = 0
/** `lastMs` as it begins an id. */
let time = ''

/**
 * A fresh UUIDv7. Within one process each is greater than the one before, as text too: a counter of 12 bits stands in
 * `rand_a` (method 1 of RFC 9562 6.2), and when it runs over the clock is taken to be a millisecond on.
 * @param now epoch milliseconds
 */
export function newId(now: number): string {
  if (now > lastMs) {
    setTime(now)
    sequence = random() & 0x7f
  } else if (++sequence > 0xfff) {
    setTime(lastMs + 1)
    sequence = 0
  }
  const variant = 0x80 | (random() & 0x3f)
  let tail = ''
  for (let i = 0; i < 6; i++) tail += HEX[random()]
  return `${time}-7${HEX[sequence >> 8]?.[1]}${HEX[sequence & 0xff]}-${HEX[variant]}${HEX[random()]}-${tail}`
}

function setTime(ms: number): void {
  lastMs = ms
  const hex = ms.toString(16).padStart(12, '0')
  time = `${hex.slice(0, 8)}-${hex.slice(8)}`
}

function random(): number {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool[used++] as number
}

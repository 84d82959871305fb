/**
 * Ids in the order of time: UUIDv7 (RFC 9562 5.7), so that indexes grow at their end and events sort as they happened.
 */
import { randomFillSync } from 'node:crypto'

/** What an id looks like; anything else is nobody's, and need not trouble the store. */
export const ID = /^[A-Za-z0-9_-]{1,64}$/

const HEX = Buffer.from('0123456789abcdef')
const pool = new Uint8Array(8192)
let used = pool.length
let lastMs = 0
let sequence = 0
/** The next id; it begins with `lastMs`. One buffer for all, since a text put together from pieces costs more. */
const id = Buffer.from('00000000-0000-7000-8000-000000000000')

/**
 * The next version of a record, and so the id of its next event: greater than the last one also where that was made by
 * another process, whose clock may be ahead. All other ids stay with our own clock.
 */
export function newVersion(now: number, last: string | undefined): string {
  const version = newId(now)
  return last === undefined || version > last ? version : timeText(timeIn(last) + 1) + version.slice(TIME_LENGTH)
}

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
  id[15] = HEX[sequence >> 8] as number
  put(sequence & 0xff, 16)
  put(0x80 | (random() & 0x3f), 19)
  put(random(), 21)
  for (let at = 24; at < id.length; at += 2) put(random(), at)
  return id.toString('latin1')
}

function put(byte: number, at: number): void {
  id[at] = HEX[byte >> 4] as number
  id[at + 1] = HEX[byte & 0xf] as number
}

function setTime(ms: number): void {
  lastMs = ms
  id.write(timeText(ms), 'latin1')
}

const TIME_LENGTH = 13

function timeText(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

function timeIn(id: string): number {
  return Number.parseInt(id.slice(0, TIME_LENGTH).replace('-', ''), 16)
}

function random(): number {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return pool[used++] as number
}

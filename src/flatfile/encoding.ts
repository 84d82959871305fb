/**
 * How a text file spells its letters: by its mark, by NULs in every second byte, by being UTF-8 throughout, by the
 * lines and letters of a Macintosh, else as Windows-1252, which European spreadsheet programs still write.
 */
import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'

export type Encoding = {
  readonly name: 'utf-8' | 'utf-16le' | 'utf-16be' | 'macintosh' | 'windows-1252'
  /** Of the byte order mark, which is no part of the text. */
  readonly markBytes: number
  /** Why the reader had to guess, for the report. */
  readonly notice?: string
}

const MARKS = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
] as const

const CHUNK_BYTES = 256 * 1024
const SAMPLE_BYTES = 4096
/** Letters of Windows-1252 hardly ever make a good letter of UTF-8 by chance: one such speaks for UTF-8 against a few bad bytes. */
const STRAYS_TO_A_SEQUENCE = 4

const ODD =
  ', which makes odd words of it: it may come from a Macintosh, from DOS or from another part of Europe (Windows-1250, ISO-8859-15)'
const GUESSED = 'Look at names with accents; a file in UTF-8 needs no guess'
/** Of the letters of Windows-1252 the common ones have the high bytes; so many times more of the others are no coincidence. */
const ODD_TO_COMMON = 3
const APOSTROPHE = 0x92
/** Which signs of Windows-1252 stand within words: soft hyphens, ordinals, what is taken for an apostrophe, and so on. */
const SIGNS_IN_WORDS: ReadonlySet<number> = new Set(Buffer.from('\u00ad\u00aa\u00ba\u00b4\u00b7\u00b0\u00ab\u00bb', 'latin1'))

/** Reads the file through: one bad byte at its end decides about its beginning. */
export async function encodingOf(path: string): Promise<Encoding> {
  const sample = await headOf(path, SAMPLE_BYTES)
  const marked = encodingByMark(sample)
  if (marked !== undefined) return marked
  const wide = utf16By(sample)
  if (wide !== undefined) return { name: wide, markBytes: 0, notice: `no byte order mark: read as ${wide.toUpperCase()}` }
  if (await isUtf8Throughout(path)) return { name: 'utf-8', markBytes: 0 }
  const { sequences, strays } = await countUtf8(path)
  if (sequences * STRAYS_TO_A_SEQUENCE >= strays && sequences > 0) {
    const bad = strays === 0 ? 'its last letter is cut' : `${strays} bytes are not`
    const notice = `read as UTF-8, but ${bad}: rows that hold such letters are refused; was the file cut or joined?`
    return { name: 'utf-8', markBytes: 0, notice }
  }
  if (await isMacRoman(path)) {
    const notice = `the encoding was guessed: not UTF-8, and with the lines and letters of a Macintosh, so read as MacRoman. ${GUESSED}`
    return { name: 'macintosh', markBytes: 0, notice }
  }
  const odd = (await isOddly1252(path)) ? ODD : ''
  return {
    name: 'windows-1252',
    markBytes: 0,
    notice: `the encoding was guessed: not UTF-8, so read as Windows-1252${odd}. ${GUESSED}`,
  }
}

/** What a text that begins so says of itself by a byte order mark; undefined where it has none. */
export function encodingByMark(start: Uint8Array): Encoding | undefined {
  const marked = MARKS.find(([, mark]) => mark.every((byte, at) => start[at] === byte))
  return marked && { name: marked[0], markBytes: marked[1].length }
}

export async function headOf(path: string, bytes: number): Promise<Buffer> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, 0)
  return buffer.subarray(0, bytesRead)
}

/** The text of the file without its mark, in pieces. What is no letter in the encoding becomes U+FFFD. */
export async function* textOfFile(path: string, { name, markBytes }: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(name, { ignoreBOM: true })
  for await (const chunk of createReadStream(path, { start: markBytes, highWaterMark: 64 * 1024 })) {
    yield decoder.decode(chunk as Buffer, { stream: true })
  }
  yield decoder.decode()
}

/** Plain letters in UTF-16 have a NUL in every second byte. */
function utf16By(sample: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  let even = 0
  let odd = 0
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) i % 2 === 0 ? even++ : odd++
  const pairs = sample.length / 2
  if (odd > pairs * 0.4 && even < pairs * 0.1) return 'utf-16le'
  if (even > pairs * 0.4 && odd < pairs * 0.1) return 'utf-16be'
  return undefined
}

async function isUtf8Throughout(path: string): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
    const end = bytes.length - unfinished(bytes)
    if (!isUtf8(bytes.subarray(0, end))) return false
    rest = bytes.subarray(end)
  }
  return rest.length === 0
}

/** How many bytes at the end begin a letter that the next chunk ends. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte >= 0xc0) return lengthBy(byte) > back ? back : 0
    if (byte < 0x80) return 0
  }
  return 0
}

function lengthBy(first: number): number {
  if (first >= 0xf0) return 4
  return first >= 0xe0 ? 3 : 2
}

const LF = 0x0a
const CR = 0x0d

/**
 * As Excel saves "CSV (Macintosh)": CR behind each row, LF within cells, and letters with accents where Windows-1252 has
 * marks, and hardly any where that has letters.
 */
async function isMacRoman(path: string): Promise<boolean> {
  let [returns, feeds, marks, letters] = [0, 0, 0, 0]
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    for (const byte of chunk as Buffer) {
      if (byte === CR) returns++
      else if (byte === LF) feeds++
      else if (byte >= 0xc0) letters++
      else if (byte >= 0x80 && byte < 0xa0) marks++
    }
  }
  return returns > 2 * feeds && marks > letters
}

/**
 * Whether it has marks within words where letters with accents should be, as MacRoman and the code pages of DOS look, or
 * signs, as Windows-1250 and ISO-8859-15 do.
 */
async function isOddly1252(path: string): Promise<boolean> {
  let [odd, common] = [0, 0]
  let [isInWord, isMark, isSign] = [false, false, false]
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    for (const byte of chunk as Buffer) {
      const isLetter = byte >= 0xc0 || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
      if (isSign && isLetter) return true
      if (isMark && isLetter) odd++
      isMark = isInWord && byte >= 0x80 && byte < 0xa0 && byte !== APOSTROPHE
      isSign = isInWord && byte > 0xa0 && byte < 0xc0 && !SIGNS_IN_WORDS.has(byte)
      isInWord = isLetter
      if (byte >= 0xc0) common++
    }
  }
  return odd > ODD_TO_COMMON * common
}

/** Letters of more than one byte that are good UTF-8, and bytes that are in none; a letter that the end cuts is neither. */
async function countUtf8(path: string): Promise<{ sequences: number; strays: number }> {
  const count = { sequences: 0, strays: 0, wanted: 0 }
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    for (const byte of chunk as Buffer) countByte(count, byte)
  }
  return count
}

function countByte(count: { sequences: number; strays: number; wanted: number }, byte: number): void {
  const continues = byte >= 0x80 && byte < 0xc0
  if (count.wanted > 0 && continues) {
    count.wanted--
    if (count.wanted === 0) count.sequences++
    return
  }
  if (count.wanted > 0) count.strays++
  count.wanted = byte >= 0xc2 && byte < 0xf5 ? lengthBy(byte) - 1 : 0
  if (count.wanted === 0 && byte >= 0x80) count.strays++
}

/**
 * Cuts the XML of a sheet into tags and text, as bytes: the one place where a general XML parser is too slow, since a
 * large sheet has 30 million tags. Names come without prefix, the entities of XML itself are decoded, a DOCTYPE, which
 * no workbook has and entity tricks need, is refused. Memory stays at one chunk and one tag, whatever comes.
 */
import type { FileRefused } from './refusal.ts'
import { notSound } from './refusal.ts'

/** A piece of the document, good until the handler returns. */
export type Span = { readonly bytes: Buffer; readonly from: number; readonly to: number }

export type XmlHandlers = {
  /** @param tag all behind the name; ask `attributeIn` for what stands in it */
  open(name: string, tag: Span): void
  /** Once or more for one text; still encoded: `textIn` decodes it. */
  text(span: Span): void
  close(name: string): void
}

export type XmlScanner = {
  write(chunk: Buffer): void
  /** @throws {FileRefused} when the document ended inside something */
  end(): void
}

/** A longer tag or entity is no honest one; a longer text comes in pieces. */
const MOST_PENDING = 64 * 1024
const LONGEST_ENTITY = 16
/** Workbooks nest a dozen. */
const MOST_DEPTH = 1000

const LT = 0x3c
const GT = 0x3e
const SLASH = 0x2f
const AMPERSAND = 0x26
const COLON = 0x3a
const QUOTE = 0x22
const APOSTROPHE = 0x27
const EQUALS = 0x3d
const SPACE = 0x20
const EXCLAMATION = 0x21
const QUESTION = 0x3f

const CDATA = Buffer.from('<![CDATA[')
const CDATA_END = Buffer.from(']]>')
const COMMENT = Buffer.from('<!--')
const COMMENT_END = Buffer.from('-->')
const INSTRUCTION_END = Buffer.from('?>')
const DOCTYPE = '<!doctype'

/** @throws {FileRefused} from `write` and `end`, for what is not well-formed or has a DOCTYPE */
export function xmlScanner(handlers: XmlHandlers): XmlScanner {
  const span: { -readonly [part in keyof Span]: Span[part] } = { bytes: Buffer.alloc(0), from: 0, to: 0 }
  let work = Buffer.alloc(2 * MOST_PENDING)
  /** How many bytes at the front of `work` wait for what ends them. */
  let pending = 0
  /** The tags that are open, by their names. */
  const within: string[] = []
  /** What ends the comment, CDATA section or instruction that has been entered. */
  let until: Buffer | undefined

  /** @returns where the next piece begins, or -1 when this one is not whole yet */
  function step(bytes: Buffer, at: number): number {
    if (until !== undefined) return leave(bytes, at, until)
    if (bytes[at] !== LT) return takeText(bytes, at)
    const second = bytes[at + 1]
    if (second === EXCLAMATION || second === QUESTION) return enter(bytes, at)
    const end = tagEnd(bytes, at + 1)
    if (end < 0) return -1
    if (second === SLASH) takeClose(bytes, at + 2, end)
    else takeOpen(bytes, at + 1, end)
    return end + 1
  }

  function takeOpen(bytes: Buffer, at: number, end: number): void {
    const isEmpty = bytes[end - 1] === SLASH
    const to = isEmpty ? end - 1 : end
    const stop = nameEnd(bytes, at, to)
    const name = localName(bytes, at, stop)
    handlers.open(name, spanOf(bytes, stop, to))
    if (isEmpty) handlers.close(name)
    else if (within.push(name) > MOST_DEPTH) throw notSound('its XML has tags within tags without end')
  }

  function takeClose(bytes: Buffer, at: number, end: number): void {
    const name = localName(bytes, at, nameEnd(bytes, at, end))
    if (within.pop() !== name) throw notSound('its XML closes what is not open')
    handlers.close(name)
  }

  function takeText(bytes: Buffer, at: number): number {
    let end = at
    while (end < bytes.length && bytes[end] !== LT) end++
    if (end === bytes.length) {
      if (end - at < MOST_PENDING / 2) return -1
      end = safeCut(bytes, end)
    }
    handlers.text(spanOf(bytes, at, end))
    return end
  }

  /** At `<!` or `<?`. */
  function enter(bytes: Buffer, at: number): number {
    if (bytes[at + 1] === QUESTION) return begin(INSTRUCTION_END, at + 2)
    if (bytes.length - at < CDATA.length) return -1
    if (startsWith(bytes, at, COMMENT)) return begin(COMMENT_END, at + COMMENT.length)
    if (startsWith(bytes, at, CDATA)) return begin(CDATA_END, at + CDATA.length)
    if (bytes.toString('latin1', at, at + DOCTYPE.length).toLowerCase() === DOCTYPE) throw doctypeFound()
    throw notSound('its XML has a declaration where none belongs')
  }

  function begin(end: Buffer, at: number): number {
    until = end
    return at
  }

  function leave(bytes: Buffer, at: number, end: Buffer): number {
    const found = bytes.indexOf(end, at)
    const stop = found < 0 ? Math.max(at, safeCut(bytes, bytes.length - end.length + 1)) : found
    if (end === CDATA_END && stop > at) handlers.text(spanOf(escaped(bytes, at, stop), 0))
    if (found < 0) return stop === at ? -1 : stop
    until = undefined
    return found + end.length
  }

  function spanOf(bytes: Buffer, from: number, to = bytes.length): Span {
    span.bytes = bytes
    span.from = from
    span.to = to
    return span
  }

  return {
    write(chunk) {
      const length = pending + chunk.length
      if (length > work.length) work = Buffer.concat([work], length)
      chunk.copy(work, pending)
      const bytes = work.subarray(0, length)
      let at = 0
      while (at < length) {
        const next = step(bytes, at)
        if (next < 0) break
        at = next
      }
      work.copyWithin(0, at, length)
      pending = length - at
      if (pending > MOST_PENDING) throw notSound('its XML has a tag without end')
    },
    end() {
      if (within.length > 0 || until !== undefined || work.toString('utf8', 0, pending).trim() !== '')
        throw notSound('its XML ends in the middle')
    },
  }
}

export function doctypeFound(): FileRefused {
  return notSound('its XML has a DOCTYPE, which no workbook has')
}

/** Narrows a tag to the value of one attribute, by its whole name as written; undefined where the tag has none. */
export function attributeIn({ bytes, from, to }: Span, name: string): Span | undefined {
  let at = from
  while (at < to) {
    while (at < to && isSpace(bytes[at])) at++
    const start = at
    while (at < to && bytes[at] !== EQUALS && !isSpace(bytes[at])) at++
    const stop = at
    while (at < to && bytes[at] !== QUOTE && bytes[at] !== APOSTROPHE) at++
    const quote = bytes[at]
    const valueFrom = ++at
    while (at < to && bytes[at] !== quote) at++
    if (isCalled(bytes, start, stop, name)) return { bytes, from: valueFrom, to: Math.min(at, to) }
    at++
  }
  return undefined
}

/** The letters of a text or of an attribute's value. */
export function textIn({ bytes, from, to }: Span): string {
  const text = bytes.toString('utf8', from, to)
  return text.includes('&') ? text.replaceAll(/&([^;&]*);?/g, entity) : text
}

/** Where a tag ends: at a `>` that stands in no attribute. -1 when that has not come yet. */
function tagEnd(bytes: Buffer, at: number): number {
  let quote = 0
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i]
    if (quote !== 0) {
      if (byte === quote) quote = 0
    } else if (byte === GT) return i
    else if (byte === QUOTE || byte === APOSTROPHE) quote = byte
    else if (byte === LT) throw notSound('its XML has a tag within a tag')
  }
  return -1
}

function nameEnd(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && !isSpace(bytes[at])) at++
  return at
}

/** Made once: a sheet has few names and millions of tags. */
const ONE_LETTER = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))

function localName(bytes: Buffer, from: number, to: number): string {
  let start = from
  for (let i = from; i < to; i++) if (bytes[i] === COLON) start = i + 1
  if (to - start === 1) return ONE_LETTER[bytes[start] ?? 0] ?? ''
  if (to <= start) throw notSound('its XML has a tag without a name')
  return bytes.toString('latin1', start, to)
}

function isCalled(bytes: Buffer, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) return false
  return true
}

function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && byte <= SPACE
}

function startsWith(bytes: Buffer, at: number, what: Buffer): boolean {
  return bytes.compare(what, 0, what.length, at, at + what.length) === 0
}

/** The last place up to `end` that cuts neither a letter nor an entity. */
function safeCut(bytes: Buffer, end: number): number {
  for (let at = end - 1; at > end - LONGEST_ENTITY && at >= 0; at--) if (bytes[at] === AMPERSAND) return at
  let at = end
  while (at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--
  return at === end && at > 0 && (bytes[at - 1] ?? 0) >= 0xc0 ? at - 1 : at
}

/** Text of a CDATA section, where `&` is a letter, as it would be written outside. */
function escaped(bytes: Buffer, from: number, to: number): Buffer {
  return Buffer.from(bytes.toString('utf8', from, to).replaceAll('&', '&amp;'))
}

const NAMED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function entity(_: string, name: string): string {
  const plain = NAMED.get(name)
  if (plain !== undefined) return plain
  const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name)
  const point = code?.[1] === undefined ? Number(code?.[2]) : Number.parseInt(code[1], 16)
  if (code === null || point > 0x10ffff) throw notSound(`its XML has an entity that XML does not know (&${name.slice(0, 20)};)`)
  return String.fromCodePoint(point)
}

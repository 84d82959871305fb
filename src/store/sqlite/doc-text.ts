/**
 * A document as the text that a row holds: what is not `apart` as JSON on the first line, then each field that is apart
 * as JSON on a line of its own, empty when absent. (JSON without indentation has no line ends.)
 */
import type { Doc } from '../store.ts'
import type { Table } from './schema.ts'

const LINE_FEED = 10

/** The JSON of the value that was put into text last: the event of a new person and the record hold the same resource. */
export type LastText = { value: unknown; json: string }

/** Without `search`, which has a column of its own. */
export function textOf({ apart }: Table, doc: Doc, last: LastText): string {
  // Undefined leaves a field out of the JSON; deleting it would make the object, and with it the JSON, slow.
  const head: { [field: string]: unknown } = { ...doc, search: undefined }
  let rest = ''
  for (const field of apart) {
    const value = doc[field]
    rest += value === undefined ? '\n' : `\n${jsonOf(value, last)}`
    if (value !== undefined) head[field] = undefined
  }
  return JSON.stringify(head) + rest
}

function jsonOf(value: unknown, last: LastText): string {
  if (value !== last.value) {
    last.value = value
    last.json = JSON.stringify(value)
  }
  return last.json
}

export function docFrom({ apart }: Table, text: string): Doc {
  if (apart.length === 0) return JSON.parse(text)
  const [head = '', ...lines] = text.split('\n')
  const doc = JSON.parse(head)
  for (const [at, field] of apart.entries()) {
    const line = lines[at]
    if (line) doc[field] = JSON.parse(line)
  }
  return doc
}

/** The document with the fields that are apart as they lie in these bytes. */
export function docFromBytes({ apart }: Table, bytes: Uint8Array): Doc {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let end = endOfLine(buffer, 0)
  const doc = JSON.parse(buffer.toString('utf8', 0, end))
  for (const field of apart) {
    const from = end + 1
    end = endOfLine(buffer, from)
    if (end > from) doc[field] = buffer.subarray(from, end)
  }
  return doc
}

function endOfLine(buffer: Buffer, from: number): number {
  const at = buffer.indexOf(LINE_FEED, from)
  return at < 0 ? buffer.length : at
}

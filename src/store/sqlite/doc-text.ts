/**
 * A document as the text that a row holds: what is not `apart` as JSON on the first line, then each field that is apart
 * as JSON on a line of its own, empty when absent. (JSON without indentation has no line ends.)
 */
import type { Doc } from '../store.ts'
import type { Table } from './schema.ts'

export function textOf({ apart }: Table, doc: Doc): string {
  if (apart.length === 0) return JSON.stringify(doc)
  const head: { [field: string]: unknown } = { ...doc }
  let rest = ''
  for (const field of apart) {
    delete head[field]
    rest += `\n${doc[field] === undefined ? '' : JSON.stringify(doc[field])}`
  }
  return JSON.stringify(head) + rest
}

/** @param asText whether the fields that are apart stay the text that they are */
export function docFrom({ apart }: Table, text: string, asText = false): Doc {
  if (apart.length === 0) return JSON.parse(text)
  const [head = '', ...lines] = text.split('\n')
  const doc = JSON.parse(head)
  for (const [at, field] of apart.entries()) {
    const line = lines[at]
    if (line) doc[field] = asText ? line : JSON.parse(line)
  }
  return doc
}

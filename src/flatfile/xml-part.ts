/**
 * The small XML parts of a workbook (its list of sheets, relations, styles), by a general XML parser.
 */
import { TextDecoder } from 'node:util'
import { SaxesParser } from 'saxes'
import { encodingByMark } from './encoding.ts'
import { FileRefused, notSound } from './refusal.ts'
import { doctypeFound } from './xml-scanner.ts'
import type { Zip } from './zip.ts'

/** Names without prefix, of elements and attributes alike. */
export type XmlElement = { readonly name: string; readonly parent: string; readonly attributes: ReadonlyMap<string, string> }

/** A workbook of 64,000 styles has 10 MB of them. */
const MOST_LETTERS = 64 * 1024 * 1024

/** @throws {FileRefused} where the part is absent, damaged or not well-formed */
export async function eachElement(zip: Zip, part: string, take: (element: XmlElement) => void): Promise<void> {
  const parser = new SaxesParser<{ xmlns: false; position: false }>({ xmlns: false, position: false })
  const open: string[] = []
  parser.on('doctype', () => {
    throw doctypeFound()
  })
  parser.on('opentag', (tag) => {
    const name = withoutPrefix(tag.name)
    take({ name, parent: open.at(-1) ?? '', attributes: attributesOf(tag.attributes) })
    open.push(name)
  })
  parser.on('closetag', () => open.pop())
  let letters = 0
  for await (const text of textOf(zip.read(part))) {
    letters += text.length
    if (letters > MOST_LETTERS) throw notSound(`its part ${part} is far too large`)
    asSound(part, () => parser.write(text))
  }
  asSound(part, () => parser.close())
}

/** XML may come in UTF-16; then it has a mark (XML 1.0, section 4.3.3). */
async function* textOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined
  for await (const chunk of bytes) {
    decoder ??= new TextDecoder(encodingByMark(chunk)?.name)
    yield decoder.decode(chunk, { stream: true })
  }
  if (decoder !== undefined) yield decoder.decode()
}

function attributesOf(attributes: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(attributes).map(([name, value]) => [withoutPrefix(name), value]))
}

function withoutPrefix(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function asSound(part: string, parse: () => void): void {
  try {
    parse()
  } catch (error) {
    if (error instanceof FileRefused) throw error
    throw notSound(`its part ${part} is no well-formed XML`, error)
  }
}

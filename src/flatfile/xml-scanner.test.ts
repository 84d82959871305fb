import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { FileRefused } from './refusal.ts'
import { attributeIn, textIn, xmlScanner } from './xml-scanner.ts'

describe('the scanner of sheets', () => {
  for (const [why, xml, events] of [
    ['takes tags without their prefix', '<x:c r="A1"><x:v>1</x:v></x:c>', ['<c r=A1', '<v', '1', '>v', '>c']],
    ['opens and closes an empty tag', '<c r="A1"/>', ['<c r=A1', '>c']],
    ['reads attributes in any quotation marks and spacing', "<c\n r = 'A1'\ts='2' x='r=\"B2\"' />", ['<c r=A1 s=2', '>c']],
    ['keeps a > within an attribute', '<c r="a>b">x</c>', ['<c r=a>b', 'x', '>c']],
    ['decodes the entities of XML', '<v>&lt;&amp;&gt;&quot;&apos;&#65;&#x1F393;</v>', ['<v', '<&>"\'A🎓', '>v']],
    ['passes over comments and instructions', '<?xml version="1.0"?><v><!-- <c> --><?x <c> ?>1</v>', ['<v', '1', '>v']],
    ['takes a CDATA section as it stands', '<v><![CDATA[<c>&amp;]]]]></v>', ['<v', '<c>&amp;]]', '>v']],
  ] as const) {
    it(why, () => {
      assert.deepEqual(eventsOf(xml), events)
    })
  }

  for (const [why, xml] of [
    ['a DOCTYPE, in any case', '<!DOCTYPE v [<!ENTITY a "aaaa">]><v>&a;</v>'],
    ['a DOCTYPE, in any case', '<?xml version="1.0"?>\n<!doctype v><v/>'],
    ['another declaration', '<v><!ELEMENT v ANY></v>'],
    ['an entity that XML does not know', '<v>&a;</v>'],
    ['an entity beyond Unicode', '<v>&#x110000;</v>'],
    ['an ampersand alone', '<v>a & b</v>'],
    ['what ends in the middle of a tag', '<v><c r="A1"'],
    ['what ends before its tags do', '<v><c>'],
    ['what ends within a comment', '<v/><!-- '],
    ['what closes more than was open', '<v/></v>'],
    ['what closes another tag than is open', '<row><c></row></c>'],
    ['tags within tags without end', '<a>'.repeat(2000)],
    ['a tag within a tag', '<v <c></v>'],
    ['a tag without a name', '<><v/>'],
    ['a tag without end', `<v ${'x'.repeat(200_000)}`],
  ] as const) {
    it(`refuses ${why}`, () => {
      assert.throws(
        () => eventsOf(xml, 1000),
        (error) => error instanceof FileRefused && error.code === 'format_invalid',
      )
    })
  }

  it('hands on a text of many megabytes in pieces that cut no letter and no entity', () => {
    let pieces = 0
    let text = ''
    const scanner = xmlScanner({
      open: () => {},
      text: (span) => {
        pieces++
        text += textIn(span)
      },
      close: () => {},
    })
    const whole = 'é&amp;🎓x'.repeat(200_000)
    for (const chunk of chunksOf(Buffer.from(`<v>${whole}</v>`), 60_001)) scanner.write(chunk)
    scanner.end()
    assert.ok(pieces > 10)
    assert.equal(text, 'é&🎓x'.repeat(200_000))
  })

  it('sees what a general XML parser sees, wherever the pieces end', () => {
    fc.assert(
      fc.property(DOCUMENT, fc.integer({ min: 1, max: 40 }), (xml, size) => {
        assert.deepEqual(eventsOf(xml, size), eventsBySaxes(xml))
      }),
      { numRuns: 500 },
    )
  })

  it('refuses or reads any bytes at all, and does nothing else', () => {
    const piece = fc.constantFrom('<', '>', '/', '"', "'", '=', ' ', '&', ';', '#', '!', '-', '[', ']', '?', 'CDATA', 'c', 'é')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (pieces, size) => {
        try {
          eventsOf(pieces.join(''), size)
        } catch (error) {
          if (!(error instanceof FileRefused)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })
})

const NAME = fc.constantFrom('c', 'v', 'x:row', 'si', 'a:t')
const TEXT = fc
  .array(fc.constantFrom('a', 'é', '🎓', '&lt;', '&amp;', '&#65;', '&#xe9;', ' ', '\n', '>', '"'), { maxLength: 6 })
  .map((letters) => letters.join(''))
const ATTRIBUTES = fc
  .record(
    { r: TEXT.map((text) => text.replaceAll('"', '').replaceAll('\n', '')), s: fc.constantFrom('1', '&gt;') },
    { requiredKeys: [] },
  )
  .map((values) =>
    Object.entries(values)
      .map(([name, value]) => ` ${name}="${value}"`)
      .join(''),
  )
const { element: ELEMENT } = fc.letrec<{ element: string; node: string }>((tie) => ({
  node: fc.oneof(TEXT, fc.constantFrom('<!-- <c> -->', '<![CDATA[<v>&amp;é]]>', '<?x y?>'), tie('element')),
  element: fc
    .tuple(NAME, ATTRIBUTES, fc.array(tie('node'), { maxLength: 4 }))
    .map(([name, attributes, nodes]) =>
      nodes.length === 0 ? `<${name}${attributes}/>` : `<${name}${attributes}>${nodes.join('')}</${name}>`,
    ),
}))
const DOCUMENT = fc.tuple(fc.constantFrom('', '<?xml version="1.0"?>\n'), ELEMENT).map((parts) => parts.join(''))

/** `<name r=… s=…`, text joined, `>name`. */
function eventsOf(xml: string, size = 7): string[] {
  const events = joined()
  const scanner = xmlScanner({
    open: (name, tag) => {
      const r = attributeIn(tag, 'r')
      const s = attributeIn(tag, 's')
      events.add(`<${name}${r ? ` r=${textIn(r)}` : ''}${s ? ` s=${textIn(s)}` : ''}`)
    },
    text: (span) => events.addText(textIn(span)),
    close: (name) => events.add(`>${name}`),
  })
  for (const chunk of chunksOf(Buffer.from(xml), size)) scanner.write(chunk)
  scanner.end()
  return events.list()
}

function eventsBySaxes(xml: string): string[] {
  const events = joined()
  const parser = new SaxesParser<{ xmlns: false }>({ xmlns: false })
  const local = (name: string) => name.replace(/^.*:/, '')
  parser.on('opentag', ({ name, attributes: { r, s } }) => {
    events.add(`<${local(name)}${r === undefined ? '' : ` r=${r}`}${s === undefined ? '' : ` s=${s}`}`)
  })
  parser.on('text', (text) => events.addText(text))
  parser.on('cdata', (text) => events.addText(text))
  parser.on('closetag', ({ name }) => events.add(`>${local(name)}`))
  parser.write(xml).close()
  return events.list()
}

function joined() {
  const events: string[] = []
  let text = ''
  const flush = () => {
    if (text.trim() !== '') events.push(text)
    text = ''
  }
  return {
    add(event: string) {
      flush()
      events.push(event)
    },
    addText(more: string) {
      text += more
    },
    list() {
      flush()
      return events
    },
  }
}

function chunksOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { document } from '../../test/saml/trees.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, elementsOf, everyElement, parseXml, sequenceOf, textOf, XmlError } from './xml.ts'

const child = (element: XmlElement, index = 0) => elementsOf(element)[index] ?? assert.fail('no such element')

describe('XML', () => {
  it('is read into names, namespaces, attributes and texts', () => {
    const root = parseXml('<a xmlns="urn:d" xmlns:p="urn:p" b="1" p:b="2"><p:c>x &amp; &#x79;</p:c> </a>')
    assert.deepEqual([root.name, root.uri, attributeOf(root, 'b'), attributeOf(root, 'b', 'urn:p')], ['a', 'urn:d', '1', '2'])
    const inner = child(root)
    assert.deepEqual([inner.prefix, inner.local, inner.uri, textOf(inner)], ['p', 'c', 'urn:p', 'x & y'])
    assert.deepEqual(root.children[1], ' ')
  })

  it('knows the namespaces in scope at each place', () => {
    const root = parseXml('<a xmlns:p="urn:1"><b xmlns:q="urn:2"><c xmlns:p="urn:3"/></b></a>')
    const innermost = child(child(root))
    assert.deepEqual(Object.fromEntries(innermost.scope), { p: 'urn:3', q: 'urn:2' })
    assert.deepEqual(Object.fromEntries(root.scope), { p: 'urn:1' })
  })

  it('is read in the place that it was taken from', () => {
    const root = parseXml('<p:a><b/></p:a>', {
      scope: new Map([
        ['p', 'urn:p'],
        ['', 'urn:d'],
      ]),
    })
    assert.deepEqual([root.uri, child(root).uri, root.scope.get('p')], ['urn:p', 'urn:d', 'urn:p'])
  })

  it('has one text where a parser may find several', () => {
    assert.deepEqual(parseXml('<a>x&amp;y&#10;z\r\n</a>').children, ['x&y\nz\n'])
    assert.deepEqual(
      parseXml('<a>x<!-- c -->y</a>', { rules: { elements: 9, depth: 9, attributes: 9, namespaces: 9, comments: true } })
        .children,
      ['xy'],
    )
  })

  it('may begin with a declaration of XML 1.0 in UTF-8', () => {
    for (const declaration of [
      '<?xml version="1.0"?>',
      "<?xml version='1.0' encoding='utf-8'?>\n",
      '<?xml  version = "1.0"  encoding="UTF-8" standalone="yes" ?>',
    ])
      assert.equal(parseXml(`${declaration}<a/>`).name, 'a')
  })

  it('never reaches a prototype by the name of an attribute', () => {
    const root = parseXml('<a __proto__="1" constructor="2"/>')
    assert.deepEqual(
      root.attributes.map(({ name }) => name),
      ['__proto__', 'constructor'],
    )
    assert.equal(attributeOf(root, 'toString'), undefined)
  })

  for (const [why, xml, message] of [
    ['an element that is not closed', '<a>', /not well-formed/],
    ['a comment', '<a><!-- b --></a>', /comment/],
    ['a second root', '<a/><a/>', /not well-formed/],
    ['65 levels', '<a>'.repeat(65), /nested deeper than 64/],
    ['2,501 elements', `<a>${'<b/>'.repeat(2500)}</a>`, /more than 2500 elements/],
    ['65 attributes', `<a ${Array.from({ length: 65 }, (_, index) => `a${index}=""`).join(' ')}/>`, /more than 64 attributes/],
    [
      '65 namespaces in scope',
      `<a ${Array.from({ length: 33 }, (_, index) => `xmlns:a${index}="urn:x"`).join(' ')}><b ${Array.from({ length: 32 }, (_, index) => `xmlns:b${index}="urn:x"`).join(' ')}/></a>`,
      /more than 64 namespaces/,
    ],
    ['an attribute of 65,536 characters', `<a b="${'>'.repeat(65_535)}"/>`, /a tag of more than 65536 characters/],
    ['a name of 65,537 characters', `<${'a'.repeat(65_537)}/>`, /a tag of more than 65536 characters/],
    ['a namespace with a relative name', '<a xmlns="x"/>', /no absolute URI/],
    ['a namespace with a space in its name', '<a xmlns:p=" urn:p"/>', /no absolute URI/],
  ] as const) {
    it(`is refused with ${why}`, () =>
      assert.throws(
        () => parseXml(xml),
        (error) => error instanceof XmlError && message.test(error.message),
      ))
  }

  it('is read or refused, whatever it is, and quickly', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      '<a',
      '</a>',
      '<a>',
      ' b="',
      '"',
      "'",
      '&',
      ';',
      '&amp;',
      '&#',
      'x',
      '=',
      ' ',
      ':',
      'xmlns:a="u:r"',
      '<!',
      '--',
      '<?',
      ']]>',
      '\0',
      '\ufeff',
      '😀',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        try {
          for (const { name } of everyElement(parseXml(parts.join('')))) assert.ok(name.length > 0)
        } catch (error) {
          assert.ok(error instanceof XmlError, String(error))
        }
      }),
      { numRuns: 5000 },
    )
  })

  it('says no less than was written', () => {
    fc.assert(
      fc.property(document, (xml) => {
        const count = [...everyElement(parseXml(xml))].length
        assert.equal(count, xml.match(/<[a-zA-Z]/g)?.length)
      }),
    )
  })
})

describe('a sequence of elements', () => {
  it('is taken in its order', () => {
    const parts = sequenceOf(parseXml('<r xmlns="urn:r"><a/><b/><c/></r>'))
    assert.equal(parts.take('urn:r', 'b'), undefined)
    assert.equal(parts.need('urn:r', 'a').local, 'a')
    assert.throws(() => parts.need('urn:x', 'b'), /has b in r, where b belongs/)
    assert.throws(() => parts.end(), /has b in r, where it does not belong/)
    assert.deepEqual(
      parts.rest().map(({ local }) => local),
      ['b', 'c'],
    )
  })

  it('has no text between its elements', () => {
    assert.throws(() => sequenceOf(parseXml('<r> <a/> x</r>')), /has text in r/)
    assert.equal(elementsOf(parseXml('<r> <a/>\n\t</r>')).length, 1)
  })
})

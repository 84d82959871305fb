import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalRoot } from '../../test/saml/signer.ts'
import { document } from '../../test/saml/trees.ts'
import { canonical } from './canonical.ts'
import type { XmlElement } from './xml.ts'
import { everyElement, parseXml } from './xml.ts'

/** The element called `x` of a document, canonical. */
function canonicalX(xml: string, inclusive: readonly string[] = []): string {
  const found = [...everyElement(parseXml(xml))].find(({ local }) => local === 'x')
  assert.ok(found)
  return canonical(found, { inclusive })
}

describe('a canonical text', () => {
  for (const [why, xml, text, inclusive] of [
    ['writes empty elements in full', '<x/>', '<x></x>'],
    [
      'sorts attributes by namespace, then name',
      '<x xmlns:b="urn:1" xmlns:a="urn:2" a:c="1" b:d="2" z="3" y="4"/>',
      '<x xmlns:a="urn:2" xmlns:b="urn:1" y="4" z="3" b:d="2" a:c="1"></x>',
    ],
    [
      'sorts namespaces by prefix, small letters behind capitals',
      '<a:x xmlns:a="urn:1" xmlns:B="urn:2" B:c=""/>',
      '<a:x xmlns:B="urn:2" xmlns:a="urn:1" B:c=""></a:x>',
    ],
    [
      'declares a namespace where it is first used',
      '<r xmlns:a="urn:a"><x><a:y><a:z/></a:y><a:y/></x></r>',
      '<x><a:y xmlns:a="urn:a"><a:z></a:z></a:y><a:y xmlns:a="urn:a"></a:y></x>',
    ],
    ['leaves out namespaces that are not used', '<r xmlns:a="urn:a"><x xmlns:b="urn:b"/></r>', '<x></x>'],
    [
      'keeps those of an inclusive list, unused too',
      '<r xmlns:a="urn:a" xmlns:b="urn:b"><x><y/></x></r>',
      '<x xmlns:b="urn:b"><y></y></x>',
      ['b', 'c'],
    ],
    [
      'knows the default namespace of an inclusive list',
      '<r xmlns="urn:a" xmlns:p="urn:p"><p:x><p:y/></p:x></r>',
      '<p:x xmlns="urn:a" xmlns:p="urn:p"><p:y></p:y></p:x>',
      ['#default'],
    ],
    [
      'takes the default namespace away where it ends',
      '<x xmlns="urn:a"><y xmlns=""><z/></y></x>',
      '<x xmlns="urn:a"><y xmlns=""><z></z></y></x>',
    ],
    ['takes none away that was never there', '<r xmlns="urn:a"><x xmlns=""/></r>', '<x></x>'],
    [
      'declares anew a prefix that means something else',
      '<x xmlns:a="urn:1"><a:y><a:z xmlns:a="urn:2"/></a:y></x>',
      '<x><a:y xmlns:a="urn:1"><a:z xmlns:a="urn:2"></a:z></a:y></x>',
    ],
    ['writes no declaration of xml', '<x xml:lang="en"/>', '<x xml:lang="en"></x>'],
    ['escapes what a text needs', '<x>&amp;&lt;&gt;"&#13;\t\r\n</x>', '<x>&amp;&lt;&gt;"&#xD;\t\n</x>'],
    [
      'escapes what an attribute needs',
      '<x a="&amp;&lt;>&quot;\'&#13;&#10;&#9; \t\n"/>',
      '<x a="&amp;&lt;>&quot;\'&#xD;&#xA;&#x9;   "></x>',
    ],
  ] as const) {
    it(why, () => assert.equal(canonicalX(xml, inclusive), text))
  }

  it('is that of another implementation', () => {
    fc.assert(
      fc.property(document, fc.subarray(['p', 'q', 'r']), (xml, inclusive) => {
        assert.equal(canonical(parseXml(xml), { inclusive }), canonicalRoot(xml, inclusive.join(' ')))
      }),
      { numRuns: 1000 },
    )
  })

  it('reads as what it was made of', () => {
    const bare = ({ local, uri, attributes, children }: XmlElement): unknown => {
      const named = attributes.map((one) => `${one.uri} ${one.local} ${one.value}`).sort()
      return [local, uri, named, children.map((child) => (typeof child === 'string' ? child : bare(child)))]
    }
    fc.assert(
      fc.property(document, (xml) => {
        const tree = parseXml(xml)
        const again = parseXml(canonical(tree))
        assert.deepEqual(bare(again), bare(tree))
        assert.equal(canonical(again), canonical(tree))
      }),
      { numRuns: 1000 },
    )
  })
})

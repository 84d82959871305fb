import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attributeXml, XMLNS } from '../../test/saml/response.ts'
import { attributesIn } from './attributes.ts'
import { parseXml } from './xml.ts'

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const NIL = `</saml:AttributeValue><saml:AttributeValue ${XSI} xsi:nil="true">`
const NAME_ID = '<saml:NameID>ada</saml:NameID>'

const read = (...attributes: readonly string[]) =>
  attributesIn([parseXml(`<saml:AttributeStatement ${XMLNS}>${attributes.join('')}</saml:AttributeStatement>`)])

describe('the values of an attribute', () => {
  for (const [why, values, texts] of [
    ['are texts, in their order', ['b', 'a'], ['b', 'a']],
    ['are none where none is said', [], []],
    ['are none that say that they are nothing', [`x${NIL}`], ['x']],
    ['may be a targeted id', [` ${NAME_ID} `], ['ada']],
    ['are no text where there is more beside a targeted id', [`${NAME_ID}<x/>`], undefined],
    ['are no text where one of them is an element', ['x', '<y/>'], undefined],
    ['are no text where an element lies within one', ['x<y/>'], undefined],
    ['are 500 at most', Array.from({ length: 500 }, (_, n) => `${n}`), Array.from({ length: 500 }, (_, n) => `${n}`)],
    ['have 8192 characters at most', ['x'.repeat(8192)], ['x'.repeat(8192)]],
  ] as const) {
    it(why, () => {
      const { attributes, nested } = read(attributeXml('one', values))
      assert.deepEqual([attributes.get('one'), nested.has('one')], [texts, texts === undefined])
    })
  }
})

describe('attributes are refused', () => {
  for (const [why, attributes, message] of [
    ['when one is there twice', [attributeXml('a', ['x']), attributeXml('a', ['y'])], /"a" is there twice/],
    ['when one that is no text is there twice', [attributeXml('a', ['<x/>']), attributeXml('a', ['y'])], /"a" is there twice/],
    ['when one has 501 values', [attributeXml('a', Array(501).fill('x'))], /has 501 values; it may have 500/],
    ['when a value is too long', [attributeXml('a', ['x', 'x'.repeat(8193)])], /has 8193 characters; it may have 8192/],
    [
      'when a value beside one that is no text is too long',
      [attributeXml('a', ['<x/>', 'x'.repeat(8193)])],
      /has 8193 characters/,
    ],
    ['when one is encrypted alone', ['<saml:EncryptedAttribute/>'], /should encrypt the whole assertion/],
    ['when one has no name', ['<saml:Attribute/>'], /where an Attribute belongs/],
    ['when one has a name that is too long', [attributeXml('x'.repeat(1025), [])], /where an Attribute belongs/],
    ['when something else stands among them', ['<saml:Audience Name="a"/>'], /where an Attribute belongs/],
  ] as const) {
    it(why, () => assert.throws(() => read(...attributes), { code: 'attributes', message }))
  }
})

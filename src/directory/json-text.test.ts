import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readJsonText } from './json-text.ts'

describe('a text of JSON', () => {
  for (const [why, text, name] of [
    ['in one object', '{"email": "a", "email": "b"}', '"email"'],
    ['with the same value', '{"a":1,"a":1}', '"a"'],
    ['deep inside', '{"users": [{"a": {"b": 1}}, {"a": {"b": 1, "c": [], "b": 2}}]}', '"b"'],
    ['in another spelling of the same', '{"a":1,"\\u0061":2}', '"a"'],
    ['with a space before the colon', '{"a" : 1, "a"\n: 2}', '"a"'],
    ['behind texts that look like names', '{"a":"\\":","b":"{\\\\","a":"}"}', '"a"'],
    ['with an empty name', '{"":1,"":2}', '""'],
    ['with a name of the language', '{"__proto__":1,"__proto__":2}', '"__proto__"'],
    ['with a quotation mark in it', '{"a\\"":1,"a\\"":2}', '"a""'],
  ] as const) {
    it(`is refused that has a name twice ${why}`, () => {
      assert.deepEqual(readJsonText(text), { kind: 'bad', message: `has the name ${name} twice in one object` })
    })
  }

  for (const [why, text] of [
    ['has a name once in each of several objects', '[{"a":1},{"a":{"a":2}}]'],
    ['has texts that look like names', '{"a":"\\"a\\": 1, \\"a\\": 2","b":["a\\":"]}'],
    ['has names that differ in case', '{"a":1,"A":2}'],
    ['is no object', '"a"'],
    ['is nothing', 'null'],
  ] as const) {
    it(`is read that ${why}`, () => assert.deepEqual(readJsonText(text), { kind: 'ok', value: JSON.parse(text) }))
  }

  it('is read as the language reads it, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat({ max: 2 }), (text, space) => {
        const spaced = JSON.stringify(JSON.parse(text), null, space)
        assert.deepEqual(readJsonText(spaced), { kind: 'ok', value: JSON.parse(spaced) })
      }),
    )
  })

  it('is read that is nested as deep as anything here, and refused unread that is nested deeper', () => {
    const lists = (levels: number) => `${'['.repeat(levels)}"]\\"["${']'.repeat(levels)}`
    const objects = (levels: number) => `${'{"a":'.repeat(levels)}"\\":"${'}'.repeat(levels)}`
    for (const nested of [lists, objects]) {
      assert.equal(readJsonText(nested(64)).kind, 'ok')
      for (const levels of [65, 1_000_000]) {
        assert.deepEqual(readJsonText(nested(levels)), { kind: 'bad', message: 'is nested more than 64 levels deep' })
      }
    }
  })

  it('is refused that breaks off within a text', () => {
    for (const text of ['{"a', '["\\"', '["\\']) assert.match(JSON.stringify(readJsonText(text)), /is not JSON/)
  })

  it('is refused that is none, with the place', () => {
    const read = readJsonText('{"a":1,}')
    assert.match(read.kind === 'bad' ? read.message : '', /^is not JSON: .*position 7/)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Attribute } from '../../directory/schema.ts'
import { EXTENSIONS, USER } from '../../directory/schema.ts'
import { searchOf } from '../../directory/search.ts'
import type { Json, JsonObject } from '../../directory/user.ts'
import { ScimProblem } from '../errors.ts'
import { USER_TYPE } from '../resource-type.ts'
import { compileFilter } from './compile.ts'
import { holds } from './holds.ts'
import { matchesElement } from './matches.ts'
import type { FilterNode } from './node.ts'
import { parseValueFilter } from './parse.ts'

const EMAILS = named('emails')

describe('matchesElement', () => {
  for (const [filter, element, expected] of [
    ['type eq "WORK"', { type: 'work' }, true],
    ['type eq "work"', { value: 'x' }, false],
    ['type ne "work"', { value: 'x' }, true],
    ['not (type eq "work")', { value: 'x' }, true],
    ['primary eq "True"', { primary: true }, true],
    ['primary eq "False"', { primary: true }, false],
    ['primary eq false', {}, false],
    ['value eq "ZOË@x"', { value: 'zoe\u0308@x' }, true],
    ['type eq "work" and value sw "a"', { type: 'work', value: 'Ada' }, true],
    ['display pr', { display: '' }, false],
    ['type eq null', { value: 'x' }, true],
  ] as const) {
    it(`finds that ${filter} is ${expected} of ${JSON.stringify(element)}`, () => {
      assert.equal(matchesElement(read(filter), element, EMAILS), expected)
    })
  }

  it('compares pictures and certificates too, which no store does', () => {
    assert.equal(matchesElement(read('value eq "https://x/A"'), { value: 'https://x/A' }, named('photos')), true)
    assert.equal(matchesElement(read('value eq "https://x/a"'), { value: 'https://x/A' }, named('photos')), false)
    assert.equal(matchesElement(read('value eq "QQ=="'), { value: 'QQ==' }, named('x509Certificates')), true)
  })

  it('takes the element of a simple list for its value', () => {
    const tags = USER.attributesOf('campus').get('tags')
    assert.ok(tags)
    assert.equal(matchesElement(read('value eq "chess"'), 'Chess', tags), true)
    assert.equal(matchesElement(read('value eq "chess"'), 'Go', tags), false)
  })

  it('matches nothing by a filter that the attribute does not know', () => {
    assert.equal(matchesElement(read('not (nope eq "x")'), { value: 'x' }, EMAILS), false)
  })

  it('agrees with a plain reading of the filter', () => {
    fc.assert(
      fc.property(anyFilter, anyElement, (filter, element) => {
        assert.equal(matchesElement(filter, element, EMAILS), plainly(filter, element))
      }),
      { numRuns: 500 },
    )
  })

  it('agrees with a search for people with such an element', () => {
    fc.assert(
      fc.property(anyFilter, fc.array(anyElement, { maxLength: 3 }), (filter, emails) => {
        const search = compileFilter(
          { op: 'any', path: { attr: 'emails' }, of: filter },
          { source: 'scim', type: USER_TYPE, types: [USER_TYPE], related: new Map() },
        )
        assert.ok(!(search instanceof ScimProblem))
        const person = { search: searchOf({ resource: { emails }, bindings: [], memberOf: [] }) }
        assert.equal(
          holds(search, person),
          emails.some((element) => matchesElement(filter, element, EMAILS)),
        )
      }),
      { numRuns: 500 },
    )
  })

  it(`reads ${EXTENSIONS.campus}:customFields by name`, () => {
    const customFields = USER.attributesOf('campus').get('customfields')
    assert.ok(customFields)
    assert.equal(matchesElement(read('name eq "locker"'), { name: 'Locker', value: '7' }, customFields), true)
  })
})

const word = fc.constantFrom('a', 'A', 'ab', 'B', 'ba', 'work')

const anyElement: fc.Arbitrary<JsonObject> = fc.record(
  { value: word, type: word, primary: fc.boolean() },
  { requiredKeys: ['value'] },
)

const anyTerm: fc.Arbitrary<FilterNode> = fc.oneof(
  fc.record({
    op: fc.constantFrom('eq' as const, 'ne' as const, 'co' as const, 'sw' as const, 'ew' as const, 'gt' as const, 'le' as const),
    path: fc.record({ attr: fc.constantFrom('value', 'TYPE', 'display') }),
    value: word,
  }),
  fc.record({
    op: fc.constantFrom('eq' as const, 'ne' as const),
    path: fc.constant({ attr: 'primary' }),
    value: fc.constantFrom(true, false, 'True', 'false'),
  }),
  fc.record({ op: fc.constant('pr' as const), path: fc.record({ attr: fc.constantFrom('value', 'type', 'primary') }) }),
)

const anyFilter: fc.Arbitrary<FilterNode> = fc.oneof(
  anyTerm,
  fc.record({ op: fc.constantFrom('and' as const, 'or' as const), of: fc.array(anyTerm, { minLength: 2, maxLength: 3 }) }),
  fc.record({ op: fc.constant('not' as const), of: anyTerm }),
)

/** What the words of the standard say of such an element. */
function plainly(filter: FilterNode, element: JsonObject): boolean {
  switch (filter.op) {
    case 'and':
      return filter.of.every((one) => plainly(one, element))
    case 'or':
      return filter.of.some((one) => plainly(one, element))
    case 'not':
      return !plainly(filter.of, element)
    case 'any':
      return false
    case 'pr':
      return element[filter.path.attr] !== undefined
    default:
      return compares(filter.op, String(filter.value).toLowerCase(), element[filter.path.attr.toLowerCase()])
  }
}

function compares(op: string, wanted: string, value: Json | undefined): boolean {
  if (op === 'ne') return !compares('eq', wanted, value)
  if (value === undefined) return false
  const found = String(value).toLowerCase()
  if (op === 'eq') return found === wanted
  if (op === 'co') return found.includes(wanted)
  if (op === 'sw') return found.startsWith(wanted)
  if (op === 'ew') return found.endsWith(wanted)
  return op === 'gt' ? found > wanted : found <= wanted
}

function named(name: string): Attribute {
  const attribute = USER.attributesOf().get(name.toLowerCase())
  assert.ok(attribute)
  return attribute
}

function read(filter: string): FilterNode {
  const node = parseValueFilter(filter)
  assert.ok(!(node instanceof ScimProblem))
  return node
}

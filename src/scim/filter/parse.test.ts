import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import suite from '../../../conformance/cases/filters.json' with { type: 'json' }
import { cpuMsOf } from '../../../test/cpu.ts'
import { ScimProblem } from '../errors.ts'
import type { FilterNode, FilterPath, Literal } from './node.ts'
import { COMPARISONS, textOf } from './node.ts'
import { parseFilter, parseValueFilter } from './parse.ts'

describe('parseFilter', () => {
  for (const one of suite.cases) {
    const isSyntax = one.valid === true || ('semantic' in one && one.semantic === true)
    if (isSyntax && 'ast' in one) {
      it(`reads ${one.id}: ${one.filter}`, () => assert.deepEqual(parseFilter(one.filter), one.ast))
    } else if (one.valid === false && !isSyntax) {
      it(`refuses ${one.id}: ${one.note}`, () => assert.equal(codeOf(parseFilter(one.filter)), 'invalidFilter'))
    }
  }

  for (const { name, prefix, repeat, times, suffix, close } of suite.generated) {
    it(`answers at once: ${name}`, async () => {
      const filter = prefix + repeat.repeat(times) + suffix + (close ?? '').repeat(times)
      assert.ok((await cpuMsOf(() => parseFilter(filter))) < 1000)
    })
  }

  for (const [why, filter] of [
    ['a tab for a space', 'userName\teq "x"'],
    ['a no-break space', 'userName\u00a0eq "x"'],
    ['and without a space before it', '(title pr)and active eq true'],
    ['and without a space behind it', 'title pr and(active eq true)'],
    ['no space before a value', 'userName eq"x"'],
    ['a space before a bracket', 'emails [type eq "work"]'],
    ['not twice', 'not not (title pr)'],
    ['a JSON escape that is none', 'userName eq "\\x41"'],
    ['a slash in a name', 'a/b pr'],
    ['two dots in a name', 'a.b.c pr'],
    ['a sub-attribute before a bracket', 'emails.value[type eq "work"]'],
    ['a part of a list in a list', 'emails[type eq "work"].value.x eq "y"'],
    ['nothing after the part', 'emails[type eq "work"].value'],
    ['a space before the part', 'emails[type eq "work"] .value eq "x"'],
  ] as const) {
    it(`refuses ${why}`, () => assert.equal(codeOf(parseFilter(filter)), 'invalidFilter'))
  }

  it('asks one and the same element where a part follows the brackets', () => {
    const work: FilterNode = { op: 'eq', path: { attr: 'type' }, value: 'work' }
    assert.deepEqual(parseFilter('emails[type eq "work"].value eq "x" or title pr'), {
      op: 'or',
      of: [
        { op: 'any', path: { attr: 'emails' }, of: { op: 'and', of: [work, { op: 'eq', path: { attr: 'value' }, value: 'x' }] } },
        { op: 'pr', path: { attr: 'title' } },
      ],
    })
  })

  it('names the place and what would be right', () => {
    assert.equal(
      detailOf('userName equal "x"'),
      'at character 10, "equal": expected one of eq, ne, co, sw, ew, gt, ge, lt, le, pr',
    )
    assert.match(detailOf('userName eqq "x"'), /did you mean "eq"\?/)
    assert.equal(detailOf('(title pr'), 'at character 10, the filter ends: expected ")"')
    assert.match(detailOf('userName eq "x'), /closing quotation mark is missing/)
    assert.match(detailOf('userName eq x'), /at character 13, "x": .*text in double quotes/)
  })

  it('bounds length, depth and number of comparisons', () => {
    assert.ok(!(parseFilter(nested(20)) instanceof ScimProblem))
    assert.match(detailOf(nested(21)), /more than 20 deep/)
    assert.ok(!(parseFilter(chain(200)) instanceof ScimProblem))
    assert.match(detailOf(chain(201)), /more than the 200 comparisons/)
    assert.match(detailOf(`title eq "${'x'.repeat(8000)}"`), /more than the 8000 allowed/)
  })

  it('reads back every filter that can be written', () => {
    fc.assert(
      fc.property(anyFilter, (node) => assert.deepEqual(parseFilter(written(node)), structuredClone(node))),
      { numRuns: 500 },
    )
  })

  it('answers any text with a tree or a problem, in time that grows with its length', async () => {
    fc.assert(
      fc.property(noise, (text) => {
        for (const parse of [parseFilter, parseValueFilter]) {
          const answer = parse(text)
          assert.ok(answer instanceof ScimProblem ? answer.code === 'invalidFilter' : 'op' in answer)
        }
      }),
      { numRuns: 400 },
    )
    await fc.assert(
      fc.asyncProperty(noise, async (piece) => {
        assert.ok((await cpuMsOf(() => parseFilter(piece.repeat(8000 / Math.max(1, piece.length))))) < 1000)
      }),
      { numRuns: 60 },
    )
  })
})

const noise = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ' ',
        '(',
        ')',
        '[',
        ']',
        '"',
        '\\',
        '.',
        ':',
        '\n',
        '-',
        'not',
        'and',
        'or',
        'eq',
        'pr',
        'true',
        '0',
        '1e5',
        '__proto__',
        '"x"',
      ),
      fc.constantFrom('emails[type eq "work"]', 'userName eq "x"', ' and ', ' or ', 'not (', '.value', 'urn:a:', '$ref'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

const anyName = fc.oneof(
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/).filter((name) => name.toLowerCase() !== 'not'),
  fc.constantFrom('eq', 'pr', 'and', 'or', 'true', 'constructor'),
)

const anyPath: fc.Arbitrary<FilterPath> = fc.record(
  { urn: fc.constantFrom('urn:x:2.0:User', 'URN:ietf:a-b'), attr: anyName, sub: fc.oneof(anyName, fc.constant('$ref')) },
  { requiredKeys: ['attr'] },
)

const anyLiteral: fc.Arbitrary<Literal> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('"', '\\', 'a] or b', ') and (', '\u0001'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.boolean(),
  fc.constant(null),
)

const anyTerm: fc.Arbitrary<FilterNode> = fc.oneof(
  fc.record({ op: fc.constantFrom(...COMPARISONS), path: anyPath, value: anyLiteral }),
  fc.record({ op: fc.constant('pr' as const), path: anyPath }),
)

const anyFilter = filterOf((inner) =>
  fc.record({ op: fc.constant('any' as const), path: anyPath.map(({ sub: _, ...path }) => path), of: inner }),
)

/** @param list a value path, given what may stand within */
function filterOf(list: (inner: fc.Arbitrary<FilterNode>) => fc.Arbitrary<FilterNode>): fc.Arbitrary<FilterNode> {
  const within = logic(anyTerm, 2)
  return logic(fc.oneof(anyTerm, list(within)), 3)
}

function logic(leaf: fc.Arbitrary<FilterNode>, depth: number): fc.Arbitrary<FilterNode> {
  if (depth === 0) return leaf
  const inner = logic(leaf, depth - 1)
  return fc.oneof(
    leaf,
    fc.record({ op: fc.constantFrom('and' as const, 'or' as const), of: fc.array(inner, { minLength: 2, maxLength: 3 }) }),
    fc.record({ op: fc.constant('not' as const), of: inner }),
  )
}

function written(node: FilterNode): string {
  switch (node.op) {
    case 'and':
      return node.of.map((one) => (one.op === 'and' || one.op === 'or' ? `(${written(one)})` : written(one))).join(' AND ')
    case 'or':
      return node.of.map((one) => (one.op === 'or' ? `( ${written(one)} )` : written(one))).join('  or ')
    case 'not':
      return `not(${written(node.of)})`
    case 'any':
      return `${textOf(node.path)}[${written(node.of)}]`
    case 'pr':
      return `${textOf(node.path)} pr`
    default:
      return `${textOf(node.path)} ${node.op} ${JSON.stringify(node.value)}`
  }
}

function nested(depth: number): string {
  return `${'('.repeat(depth)}title pr${')'.repeat(depth)}`
}

function chain(terms: number): string {
  return Array(terms).fill('title pr').join(' or ')
}

function codeOf(answer: FilterNode | ScimProblem): string | undefined {
  return answer instanceof ScimProblem ? answer.code : undefined
}

function detailOf(filter: string): string {
  const answer = parseFilter(filter)
  return answer instanceof ScimProblem ? answer.detail : ''
}

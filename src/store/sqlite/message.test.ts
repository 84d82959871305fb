import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Job } from './commit.ts'
import { packed, unpacked } from './message.ts'
import type { Row } from './row.ts'

const PLAIN = { noNullPrototype: true } as const
const text = fc.string({ unit: 'grapheme', maxLength: 6 })
const scalar = fc.oneof(text, fc.integer(), fc.boolean())
const row: fc.Arbitrary<Row> = fc.record(
  {
    institution: text,
    id: text,
    version: text,
    cells: fc.array(fc.option(scalar), { maxLength: 6 }),
    lists: fc.array(fc.array(scalar, { maxLength: 3 }), { maxLength: 4 }),
    search: fc.option(text),
    doc: text,
  },
  PLAIN,
)
const common = { collection: fc.constant('users' as const), events: fc.array(row, { maxLength: 2 }) }
const job: fc.Arbitrary<Job> = fc.oneof(
  fc.record({ ...common, op: fc.constant('insert' as const), row }, PLAIN),
  fc.record({ ...common, op: fc.constant('replace' as const), row, expected: text }, PLAIN),
  fc.record(
    {
      ...common,
      op: fc.constant('delete' as const),
      institution: text,
      id: text,
      expected: fc.option(text, { nil: undefined }),
    },
    PLAIN,
  ),
  fc.record({ ...common, op: fc.constant('take' as const), institution: text, id: text }, PLAIN),
)

describe('a message to the writer thread', () => {
  it('is flat, and is unpacked as it was packed', () => {
    fc.assert(
      fc.property(fc.array(fc.array(job, { maxLength: 4 }), { maxLength: 4 }), (calls) => {
        const message = packed(calls)
        assert.ok(message.every((item) => item === null || typeof item !== 'object'))
        assert.deepEqual(unpacked(structuredClone(message)), calls)
      }),
    )
  })
})

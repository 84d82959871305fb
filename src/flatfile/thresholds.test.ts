import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Tally } from './tally.ts'
import type { HoldCode, Yardstick } from './thresholds.ts'
import { holdFor } from './thresholds.ts'

type Counts = Partial<Pick<Tally, 'rows' | 'refused' | 'changed' | 'deactivated' | 'keysChanged' | 'missing'>>

function held(counts: Counts, yardstick: Yardstick = {}) {
  const tally = { rows: 100, refused: 0, changed: 0, deactivated: 0, keysChanged: 0, missing: undefined, ...counts }
  return holdFor(tally as unknown as Tally, yardstick)
}

describe('a file waits for approval', () => {
  const NONE = { people: 0, deactivated: 0, of: 0, fresh: 0 }
  const LAX = { deactivated: { percent: 50 }, shrunk: { percent: 50 } }
  for (const [why, counts, yardstick, code] of [
    ['not when nothing is done', {}, {}, undefined],
    ['not when 10 % are deactivated', { rows: 60, deactivated: 6 }, {}, undefined],
    ['when more than 10 % are deactivated', { rows: 59, deactivated: 6 }, {}, 'too_many_deactivated'],
    ['not when five are deactivated, whatever the share', { rows: 20, deactivated: 5 }, {}, undefined],
    ['when six of 20 are deactivated', { rows: 20, deactivated: 6 }, {}, 'too_many_deactivated'],
    ['not when it has fewer than 20 rows', { rows: 19, deactivated: 19, changed: 19, keysChanged: 19 }, {}, undefined],
    ['not when 20 % cannot be used', { rows: 105, refused: 21 }, {}, undefined],
    ['when more than 20 % cannot be used', { rows: 104, refused: 21 }, {}, 'too_many_refused'],
    ['not when 20 rows cannot be used, whatever the share', { rows: 20, refused: 20 }, {}, undefined],
    ['not when 75 % change somebody', { rows: 20, changed: 15 }, {}, undefined],
    ['when more than 75 % change somebody', { rows: 20, changed: 16 }, {}, 'too_many_updated'],
    ['not when 5 % give another key', { rows: 120, keysChanged: 6 }, {}, undefined],
    ['when more than 5 % give another key', { rows: 119, keysChanged: 6 }, {}, 'too_many_keys_changed'],
    ['not when five give another key, whatever the share', { rows: 20, keysChanged: 5 }, {}, undefined],
    ['not when 40 % are missing against the last file', { rows: 60 }, { lastRows: 100 }, undefined],
    ['when more than 40 % are missing against the last file', { rows: 59 }, { lastRows: 100 }, 'shrunk'],
    ['when it is small and the last file was not', { rows: 1 }, { lastRows: 20 }, 'shrunk'],
    ['not when the last file was small, too', { rows: 1 }, { lastRows: 19 }, undefined],
    ['not when it has more rows than the last file', { rows: 300 }, { lastRows: 20 }, undefined],
    [
      'when rows and absences together deactivate too many',
      { rows: 53, deactivated: 3, missing: { people: 3, deactivated: 3 } },
      {},
      'too_many_deactivated',
    ],
    [
      'not when rows and absences together deactivate 10 %',
      { rows: 57, deactivated: 3, missing: { people: 3, deactivated: 3 } },
      {},
      undefined,
    ],
    [
      'when more than 40 % of a roster are missing for the first time',
      { missing: { ...NONE, people: 41, fresh: 41, of: 100 } },
      { lastRows: 100 },
      'shrunk',
    ],
    [
      'not for those of a roster who were missing before',
      { missing: { ...NONE, people: 60, fresh: 20, of: 100 } },
      { lastRows: 100 },
      undefined,
    ],
    [
      'when the rest of a roster is missing for the first time',
      { missing: { ...NONE, people: 60, fresh: 30, of: 100 } },
      { lastRows: 100 },
      'shrunk',
    ],
    ['by its rows when it is the first roster', { rows: 59, missing: NONE }, { lastRows: 100 }, 'shrunk'],
    [
      'not for its rows when it is a roster that is complete',
      { rows: 59, missing: { ...NONE, of: 100 } },
      { lastRows: 100 },
      undefined,
    ],
    [
      'by the share of all people when it tells of changes alone',
      { rows: 20, changed: 20, deactivated: 11 },
      { people: 100 },
      'too_many_deactivated',
    ],
    ['not when the share of all people is small', { rows: 20, changed: 20, deactivated: 10 }, { people: 100 }, undefined],
    ['not past what the institution allows', { rows: 100, deactivated: 50 }, { settings: LAX }, undefined],
    ['past what the institution allows', { rows: 100, deactivated: 51 }, { settings: LAX }, 'too_many_deactivated'],
    [
      'with fewer than usual where the institution says so',
      { rows: 20, deactivated: 3 },
      { settings: { deactivated: { atLeast: 3 } } },
      'too_many_deactivated',
    ],
  ] as const satisfies readonly (readonly [string, Counts, Yardstick, HoldCode | undefined])[]) {
    it(why, () => assert.equal(held(counts, yardstick)?.code, code))
  }

  it('for the gravest reason, and says all of them in numbers', () => {
    assert.deepEqual(held({ rows: 50, deactivated: 20, changed: 40, refused: 0 }, { lastRows: 100 }), {
      code: 'too_many_deactivated',
      message: [
        '20 of 50 rows (40 %) would deactivate people, more than 10 % (setting files.thresholds.deactivated)',
        '50 of 100 rows (50 %) are missing against the last file of this name, more than 40 % (setting files.thresholds.shrunk)',
        '40 of 50 rows (80 %) would change people, more than 75 % (setting files.thresholds.updated)',
      ].join('; '),
    })
  })
})

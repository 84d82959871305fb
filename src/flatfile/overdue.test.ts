import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { DAY_MS } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import type { FileSourceSettings } from '../directory/settings.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { overdueSources } from './overdue.ts'
import type { RunState } from './run-record.ts'
import { insertRun, newRun } from './run-record.ts'

const NOW = Date.parse('2026-11-26T07:00:00Z')
const SIS = { pattern: 'sis-*.csv', missingAfterDays: 2 }
const HR = { pattern: '*.xlsx', name: 'hr', missingAfterDays: 7 }
const OTHERS = { pattern: '*' }

type Arrival = readonly [file: string, daysAgo: number, state?: RunState]

describe('a file that is waited for', () => {
  const cases: readonly [
    why: string,
    sources: readonly FileSourceSettings[],
    arrivals: readonly Arrival[],
    overdue: readonly FileSourceSettings[],
  ][] = [
    ['never came', [SIS, HR, OTHERS], [], [SIS, HR]],
    ['came yesterday', [SIS], [['sis-1.csv', 1, 'processed']], []],
    ['came and was refused', [SIS], [['sis-1.csv', 1, 'rejected']], []],
    ['came and was taken back', [SIS], [['sis-1.csv', 1, 'abandoned']], [SIS]],
    [
      'came three days ago, and another source has longer',
      [SIS, HR],
      [
        ['sis-1.csv', 3],
        ['staff.xlsx', 3],
      ],
      [SIS],
    ],
    ['is another one', [SIS], [['people.csv', 0]], [SIS]],
    [
      'belongs to the first pattern that fits',
      [SIS, { ...OTHERS, missingAfterDays: 2 }],
      [['sis-1.csv', 0]],
      [{ ...OTHERS, missingAfterDays: 2 }],
    ],
    ['is waited for by nobody', [OTHERS], [], []],
  ]
  for (const [why, sources, arrivals, overdue] of cases)
    it(`is told as overdue where it should be: it ${why}`, async () => {
      await using store = await openSqlite({ path: temporaryFile('roll.db') })
      const institution = {
        _id: 'north',
        institution: 'house',
        version: '1',
        name: 'North',
        settings: { files: { sources } },
      } as unknown as Institution
      for (const [file, daysAgo, state = 'processed'] of arrivals) {
        const now = () => NOW - daysAgo * DAY_MS
        await insertRun(store, newRun(file, state, { institution, by: { source: 'file' }, now }))
      }
      assert.deepEqual(await overdueSources(store, institution, NOW), overdue)
    })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FileSettings } from '../directory/settings.ts'
import { fileProblems } from './settings.ts'

describe('settings of flat files', () => {
  for (const [why, files] of [
    ['may be left out', undefined],
    ['may call one field by several headings', { columns: { 'Uni-Mail': 'email', Post: 'email', 'uni mail': 'email' } }],
    [
      'may go from narrow patterns to wide ones',
      { sources: [{ pattern: 'sis-2*.csv' }, { pattern: 'SIS-*.csv' }, { pattern: '*' }] },
    ],
    [
      'may have patterns that share some names alone',
      { sources: [{ pattern: 'sis-*.csv' }, { pattern: '*-2026.csv' }, { pattern: 'sis-*' }] },
    ],
  ] as const satisfies readonly (readonly [string, FileSettings | undefined])[])
    it(why, () => assert.deepEqual(fileProblems(files === undefined ? {} : { files }), []))

  for (const [why, files, field, message] of [
    [
      'give no heading two meanings',
      { columns: { 'E-Mail': 'email', Id: 'netid', 'e mail*': 'ignore' } },
      'files.columns',
      /has "E-Mail" as email and "e mail\*" as ignore, which are one heading/,
    ],
    [
      'name no column that cannot be',
      { columns: { '(required)': 'netid' } },
      'files.columns',
      /"\(required\)", which has no letter/,
    ],
    [
      'have no pattern behind one that takes all its names',
      { sources: [{ pattern: 'hr-*.csv' }, { pattern: '*.CSV' }, { pattern: 'sis-*.csv', mode: 'roster' }] },
      'files.sources[2].pattern',
      /"sis-\*\.csv" never comes to anything: all such names fit files\.sources\[1\] "\*\.CSV" first/,
    ],
    [
      'have no pattern twice',
      { sources: [{ pattern: 'sis.csv' }, { pattern: 'SIS.csv', mode: 'update' }] },
      'files.sources[1].pattern',
      /fit files\.sources\[0\]/,
    ],
  ] as const satisfies readonly (readonly [string, FileSettings, string, RegExp])[])
    it(why, () => {
      const [problem, ...more] = fileProblems({ files })
      assert.deepEqual(more, [])
      assert.equal(problem?.field, field)
      assert.match(problem?.message ?? '', message)
    })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Summary } from './summary.ts'
import { summaryText } from './summary-text.ts'
import { NO_COUNTS } from './verdict.ts'

const SUMMARY: Summary = {
  file: 'people.csv',
  run: 'r1',
  result: 'processed',
  reason: null,
  message: 'every row was carried out',
  header: { row: 1, columns: [] },
  rows: 40,
  counts: { ...NO_COUNTS, updated: 40 },
  report: null,
  source: 'file',
  mode: 'upsert',
  notices: [],
}

describe('the summary of a file in words', () => {
  it('says how many people are inactive now or have another key, who are among those that were changed', () => {
    const text = summaryText({ ...SUMMARY, deactivated: 7, keysChanged: 2 })
    assert.match(text, /^all {10}40\n\nPeople turned inactive: 7\nPeople with another netid or e-mail address: 2$/m)
  })

  it('says nothing of that where there is nobody', () => {
    assert.doesNotMatch(summaryText({ ...SUMMARY, deactivated: 0, keysChanged: 0 }), /People/)
  })
})

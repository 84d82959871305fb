import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDateTime, timeOf } from './date-time.ts'

describe('a date and time', () => {
  for (const text of [
    '2026-10-01T08:00:00Z',
    '2026-10-01T08:00:00.123456789+02:00',
    '2026-10-01T08:00:00',
    '2028-02-29T24:00:00Z',
    '2026-10-01t08:00:00z',
  ]) {
    it(`can be ${text}`, () => assert.ok(isDateTime(text)))
  }

  for (const text of [
    'hello 2020',
    '1',
    '',
    '2027-02-30T08:00:00Z',
    '2027-02-29T08:00:00Z',
    '2027-13-01T08:00:00Z',
    '2027-01-31T25:00:00Z',
    '2027-01-31T08:00:60Z',
    '2027-01-31 08:00:00Z',
    '2027-01-31T08:00:00+99:00',
    '2027-01-31T08:00:00Z ',
    '2027-01-31',
    '2027-01-31T08:00Z',
  ]) {
    it(`cannot be "${text}"`, () => assert.ok(!isDateTime(text)))
  }

  it('is compared as UTC without a zone, also as a day alone or without seconds', () => {
    assert.equal(timeOf('2027-01-31'), Date.UTC(2027, 0, 31))
    assert.equal(timeOf('2027-01-31t08:00'), Date.UTC(2027, 0, 31, 8))
    assert.equal(timeOf('2027-01-31T08:00:00.5+02:00'), Date.UTC(2027, 0, 31, 6, 0, 0, 500))
    assert.ok(Number.isNaN(timeOf('2027-02-30')))
  })
})

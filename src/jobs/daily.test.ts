import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DAY_MS } from '../days.ts'
import { lastDue, nextDue } from './daily.ts'

describe('what is due once a day', () => {
  for (const [why, now, time, zone, due] of [
    ['was due today once the time has come', '2026-11-25T06:00:00Z', '07:00', 'Europe/Berlin', '2026-11-25T06:00:00Z'],
    ['was due yesterday until then', '2026-11-25T05:59:59Z', '07:00', 'Europe/Berlin', '2026-11-24T06:00:00Z'],
    ['goes by the calendar there', '2026-11-25T01:00:00Z', '20:00', 'America/New_York', '2026-11-25T01:00:00Z'],
    ['goes by the calendar there, far to the east', '2026-11-24T18:30:00Z', '7:30', 'Pacific/Kiritimati', '2026-11-24T17:30:00Z'],
    ['follows clocks that were put forward', '2026-03-29T12:00:00Z', '07:00', 'Europe/Berlin', '2026-03-29T05:00:00Z'],
    [
      'is due behind the gap when clocks jump over the time',
      '2026-03-29T12:00:00Z',
      '02:30',
      'Europe/Berlin',
      '2026-03-29T01:00:00Z',
    ],
    ['is due the first time when clocks show it twice', '2026-10-25T12:00:00Z', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
    ['is not due again the second time', '2026-10-25T01:30:00Z', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
    ['knows half hours', '2026-11-25T02:00:00Z', '07:00', 'Asia/Kolkata', '2026-11-25T01:30:00Z'],
  ] as const) {
    it(why, () => assert.equal(lastDue(Date.parse(now), time, zone), Date.parse(due)))
  }

  for (const [why, now, time, zone, due] of [
    ['is due later today', '2026-11-25T05:59:59Z', '07:00', 'Europe/Berlin', '2026-11-25T06:00:00Z'],
    [
      'is due tomorrow from the moment on that it was due',
      '2026-11-25T06:00:00Z',
      '07:00',
      'Europe/Berlin',
      '2026-11-26T06:00:00Z',
    ],
    [
      'is due an hour earlier once clocks are put forward',
      '2026-03-28T12:00:00Z',
      '07:00',
      'Europe/Berlin',
      '2026-03-29T05:00:00Z',
    ],
  ] as const) {
    it(why, () => assert.equal(nextDue(Date.parse(now), time, zone), Date.parse(due)))
  }

  it('is due once a day, whatever clocks do, all the year', () => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC']) {
      for (const time of ['02:15', '07:00']) {
        const found = new Set<number>()
        const [from, days] = [Date.parse('2026-01-01T12:00:00Z'), 365]
        for (let day = 0; day < days; day++) found.add(lastDue(from + day * DAY_MS, time, zone))
        assert.equal(found.size, days, `${zone} ${time}`)
      }
    }
  })
})

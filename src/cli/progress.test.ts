import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openProgressLine, progressText } from './progress.ts'

describe('the progress of a file', () => {
  for (const [why, progress, ms, text] of [
    ['counts rows while nobody knows how many there are', { step: 'reading', rows: 12_000 }, 100, 'Reading    12,000 rows'],
    ['says how fast it is', { step: 'reading', rows: 12_000 }, 2000, 'Reading    12,000 rows  6,000/s'],
    [
      'says how long it takes',
      { step: 'applying', rows: 500, of: 2000 },
      1000,
      'Applying   [######..................]  500 of 2,000 rows  500/s  3 s left',
    ],
    [
      'counts minutes',
      { step: 'planning', rows: 1000, of: 101_000 },
      1000,
      'Planning   [........................]  1,000 of 101,000 rows  1,000/s  1 min 40 s left',
    ],
  ] as const) {
    it(why, () => assert.equal(progressText(progress, ms), text))
  }

  it('draws one line on a terminal, and takes it away', () => {
    const drawn: string[] = []
    {
      using line = openProgressLine({ isTTY: true, columns: 20, write: (text) => drawn.push(text) > 0 }, () => 0)
      line.on({ step: 'reading', rows: 1_000_000 })
      line.on({ step: 'reading', rows: 1_000_001 })
    }
    assert.deepEqual(drawn, ['\r\u001b[2KReading    1,000,00', '\r\u001b[2K'])
  })

  it('draws nothing where nobody watches', () => {
    using line = openProgressLine({ write: () => assert.fail() })
    line.on({ step: 'reading', rows: 1 })
  })
})

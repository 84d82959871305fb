import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GarbledRows, meantByGarbled } from './garbled.ts'

describe('text that was taken for Windows-1252', () => {
  for (const [text, meant] of [
    ['MÃ¼ller', 'Müller'],
    ['Ã\u0081lvaro', 'Álvaro'],
    ['Å\u00a0imon Å½iÅ¾ek', 'Šimon Žižek'],
    ['Oâ€™Neil', 'O’Neil'],
    ['Ð˜Ð²Ð°Ð½', 'Иван'],
  ] as const)
    it(`is known: ${text}`, () => assert.equal(meantByGarbled(text), meant))

  for (const text of [
    'Müller',
    'ÃGNES DE SÃ',
    'Ngô Ðình Diệm',
    'Åse Ås',
    '„GROẞ“ und „ÄÖÜ“',
    'MÃ¼ller, Zoë',
    'MÃ¼ller 🎓',
    'ESPAÑA',
    'plain',
  ])
    it(`is not everything with an accent: ${text}`, () => assert.equal(meantByGarbled(text), undefined))

  it('is told of once, with the number of its rows, of columns that are read alone', () => {
    const rows = new GarbledRows([
      { heading: 'Name', field: 'last_name' },
      { heading: 'City', field: 'city' },
      { heading: 'Note' },
    ])
    rows.note({ number: 2, cells: ['Müller', 'Köln', 'KÃ¶ln'] })
    assert.equal(rows.notice, undefined)
    rows.note({ number: 3, cells: ['MÃ¼ller', 'KÃ¶ln'] })
    rows.note({ number: 4, cells: ['Holm', { text: 'KÃ¶ln', odd: 'styled' }] })
    assert.match(rows.notice ?? '', /in rows: 2 \("MÃ¼ller" in row 3, "Name" \(column A\), which may have been "Müller"\)/)
  })
})

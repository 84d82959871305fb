import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtInFormat, formatFrom, numberCell, PLAIN } from './number-format.ts'

describe('a number of a workbook', () => {
  for (const [raw, code, cell] of [
    ['1234', 'General', '1234'],
    ['1234', '00000000', '00001234'],
    ['0', '0000', '0000'],
    ['123456', '0000', '123456'],
    ['-12', '0000', '-0012'],
    ['123456789', '000\\-00\\-0000', '123-45-6789'],
    ['123456789', '###-##-####', '123-45-6789'],
    ['1234', '[Red]000000;[Blue]-000000', '001234'],
    ['42', '"S"00000', { text: 'S00042', odd: 'styled', plain: '42' }],
    ['2028', '#,##0', '2028'],
    ['2028', '0.00', '2028'],
    ['2.03E3', 'General', '2030'],
    ['33612345678', 'General', '33612345678'],
    ['9007199254740991', 'General', '9007199254740991'],
    ['1.23456789012345E+15', 'General', { text: '1234567890123450', odd: 'rounded' }],
    ['2065550101', '[<=9999999]###-####;(###) ###-####', '2065550101'],
    ['2139', '[<=99999]00000;00000\\-0000', '02139'],
    ['21391234', '[<=99999]00000;00000\\-0000', '02139-1234'],
    ['1234', '[Red][>=1000000]000-0000;00000000', '00001234'],
    ['7', '[=7]"seven";[<>8]000', '7'],
    ['9007199254740993', 'General', { text: '9007199254740992', odd: 'rounded' }],
    ['1.2345678901234567E+19', '0', { text: '12345678901234567168', odd: 'rounded' }],
    ['1E+300', 'General', { text: BigInt(1e300).toString(), odd: 'rounded' }],
    ['0.30000000000000004', 'General', { text: '0.3', odd: 'fraction' }],
    ['1234.5', '00000000', { text: '1234.5', odd: 'fraction' }],
    ['-0', 'General', '0'],
    ['007', 'General', '7'],
    ['not a number', 'General', 'not a number'],
    ['Infinity', 'General', 'Infinity'],
  ] as const) {
    it(`${raw} shown by ${code} is ${JSON.stringify(cell)}`, () => {
      assert.deepEqual(numberCell(raw, formatFrom(code), false), cell)
    })
  }

  for (const [raw, code, text] of [
    ['45536', 'yyyy\\-mm\\-dd', '2024-09-01'],
    ['45536.5', 'yyyy\\-mm\\-dd', '2024-09-01'],
    ['45536.75', 'dd.mm.yyyy hh:mm', '2024-09-01T18:00:00'],
    ['45536', 'yyyy-mm-dd hh:mm:ss', '2024-09-01'],
    ['45536.999999', 'd/m/yy h:mm', '2024-09-02'],
    ['0.25', 'h:mm AM/PM', '06:00:00'],
    ['45536', '[$-407]d. mmmm yyyy;@', '2024-09-01'],
    ['1', 'd/m/yy', '1900-01-01'],
    ['59', 'd/m/yy', '1900-02-28'],
    ['60', 'd/m/yy', '1900-02-29'],
    ['61', 'd/m/yy', '1900-03-01'],
    ['45536', 'mmm', '2024-09-01'],
  ] as const) {
    it(`${raw} shown by ${code} is the day ${text}`, () => {
      assert.deepEqual(numberCell(raw, formatFrom(code), false), { text, odd: 'date' })
    })
  }

  it('is a day by the built-in formats too, and by either calendar', () => {
    assert.deepEqual(numberCell('45536', builtInFormat(14), false), { text: '2024-09-01', odd: 'date' })
    assert.deepEqual(numberCell('44074', builtInFormat(14), true), { text: '2024-09-01', odd: 'date' })
    assert.deepEqual(numberCell('0.5', builtInFormat(20), false), { text: '12:00:00', odd: 'date' })
    assert.deepEqual(builtInFormat(49), PLAIN)
  })

  it('past the days of the calendar stays a number', () => {
    assert.equal(numberCell('-5', builtInFormat(14), false), '-5')
    assert.equal(numberCell('3000000', builtInFormat(14), false), '3000000')
  })

  it('has a letter d in its words and is no day for that', () => {
    assert.deepEqual(numberCell('7', formatFrom('0 "days"'), false), { text: '7 days', odd: 'styled', plain: '7' })
  })

  it('with a format of any kind is read without an error', () => {
    for (const code of [
      '',
      ';',
      '"',
      '\\',
      '[',
      '@',
      '?/?',
      '0'.repeat(500),
      '_',
      '*',
      '0E+0',
      '[h]:mm:ss',
      'Standard',
      '[<1]0;["',
      '[<1];;;;;',
    ]) {
      numberCell('1234', formatFrom(code), false)
    }
  })
})

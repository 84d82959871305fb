import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cellReader } from './cells.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Cell, Row } from './row.ts'

describe('the text of a cell', () => {
  for (const [why, field, cell, text] of [
    ['is trimmed of white space, no-break spaces and byte order marks', 'city', ' \u00a0Porto\ufeff\t', 'Porto'],
    ['is trimmed of the direction marks that copying brings along', 'netid', '\u202a00042\u202c', '00042'],
    ['keeps leading zeros', 'netid', '00042', '00042'],
    ['loses the formula by which zeros are guarded', 'netid', '="00042"', '00042'],
    ['loses the apostrophe by which zeros are guarded', 'netid', "'00042", '00042'],
    ['loses the apostrophe by which a report disarms a formula', 'bio', "'=HYPERLINK(1)", '=HYPERLINK(1)'],
    ['loses the apostrophe by which a report disarms a number with a sign', 'phone_number', "'+351 555", '+351 555'],
    ['keeps the apostrophe of a name', 'last_name', "'t Hooft", "'t Hooft"],
    ['keeps the apostrophe of a year in prose', 'bio', "'68 and after", "'68 and after"],
    ['keeps a formula as text', 'bio', '=HYPERLINK("x","y")', '=HYPERLINK("x","y")'],
    ['loses the point that calculating puts behind a year', 'year_of_graduation', '2028.0', '2028'],
    ['loses it where it is a comma, too', 'year_of_graduation', '2028,0', '2028'],
    ['loses it behind a 1 that says yes', 'account_status', '1.0', '1'],
    ['loses the comma that groups the digits of a year', 'year_of_graduation', '2,028', '2028'],
    ['keeps digits in groups that no format makes', 'phone_number', '02,139', '02,139'],
    ['keeps 12e5, which is an identifier', 'netid', '12e5', '12e5'],
    ['keeps a long row of digits, which text can hold', 'netid', '12345678901234567890', '12345678901234567890'],
    ['keeps a point in a telephone number', 'phone_number', { text: '555.0142', odd: 'fraction' }, '555.0142'],
    ['keeps an identifier that only begins like a rounded number', 'netid', '1E+05x', '1E+05x'],
    ['keeps a rounded number in prose', 'bio', '1.23457E+14', '1.23457E+14'],
    ['keeps a day as ISO 8601', 'bio', { text: '2024-09-01', odd: 'date' }, '2024-09-01'],
    ['shows an identifier as the sheet shows it', 'netid', { text: 'S00042', odd: 'styled', plain: '42' }, 'S00042'],
    [
      'leaves a year as it is where the sheet shows words around it',
      'year_of_entry',
      { text: 'Class of 2028', odd: 'styled', plain: '2028' },
      '2028',
    ],
    ['keeps line breaks within', 'bio', 'one\r\ntwo\tthree', 'one\r\ntwo\tthree'],
    ['keeps the joiners of an emoji', 'first_name', 'Fay 👨\u200d🏫', 'Fay 👨\u200d🏫'],
    ['keeps the word that clears for whoever reads values', 'bio', ' [[CLEAR]] ', '[[CLEAR]]'],
    ['keeps what clears beside other words', 'user_tags', '[[CLEAR]], Greek', '[[CLEAR]], Greek'],
    ['keeps a hash that begins no error', 'bio', '#1 in class', '#1 in class'],
    ['keeps a truth value', 'account_status', { text: 'TRUE', odd: 'boolean' }, 'TRUE'],
    ['keeps a name that others have as a word for nothing', 'last_name', 'Null', 'Null'],
  ] as const satisfies readonly (readonly [string, string, Cell, string])[]) {
    it(`${why}: ${field} ${shown(cell)}`, () => {
      assert.deepEqual(readOne(field, cell), { values: { [field]: text }, codes: [] })
    })
  }

  for (const [field, cell, code] of [
    ['netid', '1.23457E+14', 'number_damaged'],
    ['netid2', '1,23457e+014', 'number_damaged'],
    ['netid3', '1E+05', 'number_damaged'],
    ['netid', '1234.0', 'number_damaged'],
    ['phone_number', '3.36123E+10', 'number_damaged'],
    ['zipcode', '2139.0', 'number_damaged'],
    ['netid', { text: '12345678901234567168', odd: 'rounded' }, 'number_damaged'],
    ['netid', { text: '1234.5', odd: 'fraction' }, 'number_damaged'],
    ['netid', { text: '2024-03-04', odd: 'date' }, 'number_damaged'],
    ['netid', { text: '#REF!', odd: 'error' }, 'cell_error'],
    ['zipcode', { text: '2024-09-01', odd: 'date' }, 'number_damaged'],
    ['netid', { text: 'TRUE', odd: 'boolean' }, 'number_damaged'],
    ['city', '[CLEAR]', 'value_invalid'],
    ['bio', '**Clear**', 'value_invalid'],
    ['netid', '1,234,567', 'number_damaged'],
    ['zipcode', '2,139', 'number_damaged'],
    ['netid', 'NULL', 'value_invalid'],
    ['netid2', 'n/a', 'value_invalid'],
    ['netid3', '---', 'value_invalid'],
    ...['NA', '<NA>', 'NaN', 'nan', 'undefined', '(null)', '[NULL]', '\\N', 'None'].map(
      (text) => ['netid', text, 'value_invalid'] as const,
    ),
    ...[
      '#N/A',
      '#N/D',
      '#VERW!',
      '#RIF!',
      '#VALOR!',
      '#NOMBRE?',
      '#¿NOMBRE?',
      '#¡REF!',
      '#NOM ?',
      '#DIV/0!',
      '#DEEL/0!',
      '#I/T',
    ].map((text) => ['first_name', text, 'cell_error'] as const),
    ['first_name', '########', 'cell_error'],
    ['city', '#NV', 'cell_error'],
    ['city', 'Err:502', 'cell_error'],
    ['first_name', { text: '', odd: 'no_value' }, 'formula_without_value'],
    ['bio', 'x'.repeat(32_768), 'cell_too_long'],
    ['first_name', 'Nu\0l', 'control_character'],
    ['netid', '\0\0\0', 'control_character'],
    ['netid', '1234,0', 'number_damaged'],
    ['first_name', 'Ana\u202eatsoC', 'control_character'],
    ['first_name', 'Fran\ufffdois', 'value_invalid'],
  ] as const satisfies readonly (readonly [string, Cell, string])[]) {
    it(`is refused by name, not kept: ${code} for ${field} ${shown(cell)}`, () => {
      assert.deepEqual(readOne(field, cell), { values: {}, codes: [code] })
    })
  }

  it('with a long gap in the middle is read in no time', () => {
    const began = process.cpuUsage().user
    const text = `a${' '.repeat(32_000)}b`
    for (let i = 0; i < 20; i++) assert.deepEqual(readOne('bio', text), { values: { bio: text }, codes: [] })
    assert.ok(process.cpuUsage().user - began < 1_000_000)
  })

  it('of 32,767 characters is not too long', () => {
    assert.deepEqual(readOne('bio', 'x'.repeat(32_767)).codes, [])
  })

  it('in a column that is ignored is never refused', () => {
    assert.deepEqual(readCells([''], ['#N/A']), { values: {}, codes: [] })
  })
})

describe('a row', () => {
  const columns = ['netid', 'email', 'city']

  it('that is short leaves the rest alone, as empty and blank cells do', () => {
    assert.deepEqual(readCells(columns, ['1']), { values: { netid: '1' }, codes: [] })
    assert.deepEqual(readCells(columns, ['1', '', ' \u00a0']), { values: { netid: '1' }, codes: [] })
  })

  it('with empty cells past the header is fine; with filled ones it has slipped', () => {
    assert.deepEqual(readCells(columns, ['1', 'a@b.c', 'Porto', '', ' ']).codes, [])
    assert.deepEqual(readCells(columns, ['1', 'a@b.c', 'Porto', '', 'x']).codes, ['too_many_cells'])
    assert.deepEqual(read(columns, { number: 2, cells: ['1'], more: 1 }).codes, ['too_many_cells'])
  })

  it('tells all that is wrong with it, each with its column and field', () => {
    const { problems } = reader(columns)({ number: 7, cells: ['#N/A', 'a\0', 'Porto'] })
    assert.deepEqual(
      problems.map(({ column, field, code }) => [column, field, code]),
      [
        ['Netid', 'netid', 'cell_error'],
        ['Email', 'email', 'control_character'],
      ],
    )
    assert.match(problems[0]?.message ?? '', /^netid holds "#N\/A"/)
  })

  it('whose cells cannot be told apart has no values', () => {
    assert.deepEqual(read(columns, { number: 2, cells: ['1', '2'], fault: 'quote_stray' }), {
      values: {},
      codes: ['quote_stray'],
    })
    assert.deepEqual(read(columns, { number: 2, cells: [], fault: 'quote_unclosed' }), { values: {}, codes: ['quote_unclosed'] })
  })

  it('that a stray quotation mark made of several lines says of how many', () => {
    const [problem] = reader(columns)({ number: 2, cells: [], fault: 'quote_stray', lines: 40 }).problems
    assert.match(problem?.message ?? '', /takes 40 lines of the file/)
  })

  it('of any text reads without an error', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), (cells) => void readCells(columns, cells)))
  })
})

function reader(fields: readonly string[]) {
  const columns = fields.map((field) =>
    field === '' ? { heading: 'Other' } : { heading: field[0]?.toUpperCase() + field.slice(1), field },
  )
  return cellReader(columns, DEFAULT_LIMITS)
}

function read(fields: readonly string[], row: Row) {
  const { values, problems } = reader(fields)(row)
  return { values, codes: problems.map(({ code }) => code) }
}

function readCells(fields: readonly string[], cells: readonly Cell[]) {
  return read(fields, { number: 2, cells })
}

function readOne(field: string, cell: Cell) {
  return readCells([field], [cell])
}

function shown(cell: Cell): string {
  return JSON.stringify(cell).slice(0, 40)
}

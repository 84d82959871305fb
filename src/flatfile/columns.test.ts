import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIELDS } from '../directory/fields.ts'
import type { HeaderRules } from './columns.ts'
import { faultOf, findHeader, meantBy, readHeader } from './columns.ts'

const RULES: HeaderRules = { required: ['email', 'last_name'], oneOf: [] }

describe('a heading', () => {
  for (const [heading, field] of [
    ['first_name', 'first_name'],
    ['First Name', 'first_name'],
    [' FIRST-NAME ', 'first_name'],
    ['\ufefffirst\u00a0name\u200b', 'first_name'],
    ['First name*', 'first_name'],
    ['First name (required)', 'first_name'],
    ['E\u2011mail', 'email'],
    ['Given name', 'first_name'],
    ['Keep_existing_user_tags', 'keep_existing_user_tags'],
    ['Favourite colour', undefined],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['toString', undefined],
    ['', undefined],
    ['***', undefined],
  ] as const) {
    it(`${JSON.stringify(heading)} means ${field ?? 'nothing'}`, () => {
      assert.equal(fieldsOf([heading])[0], field)
    })
  }

  it('means a field by its name, its label and each of its older names, and none of them means two', () => {
    for (const { name, label, aliases } of FIELDS) {
      for (const word of [name, label, ...aliases, label.toUpperCase()]) assert.equal(fieldsOf([word])[0], name, word)
    }
  })

  it("means what the institution's own map says, before what everybody means by it", () => {
    const headings = { 'Matrikel-Nr.': 'netid', Email: 'alumni_email', 'Uni-Mail': 'email', Status: 'ignore' }
    assert.deepEqual(fieldsOf(['MATRIKELNR', 'E-Mail', 'uni mail', 'Status'], { ...RULES, headings }), [
      'netid',
      'alumni_email',
      'email',
      undefined,
    ])
  })

  it('that is nearly a field is said to mean it, unless another column has that field', () => {
    const header = readHeader(row(['E-mial', 'Lastname', 'Last nmae']), RULES)
    assert.deepEqual(
      header.columns.map((column) => meantBy(column, header)),
      ['email', undefined, undefined],
    )
  })

  it('that only begins a name is said to mean it, and one that is far from any is said to mean nothing', () => {
    const header = readHeader(row(['First', 'Last', 'Full name', 'Student', 'Year']), RULES)
    assert.deepEqual(
      header.columns.map((column) => meantBy(column, header)),
      ['first_name', 'last_name', undefined, undefined, undefined],
    )
  })

  it('that has a remark in brackets is said to mean what stands before it', () => {
    const header = readHeader(row(['Net ID (8 digits)', 'E-mail [work]', 'Status (marital)', 'account_status']), RULES)
    assert.deepEqual(
      header.columns.map((column) => meantBy(column, header)),
      ['netid', 'email', undefined, undefined],
    )
  })
})

describe('a header', () => {
  it('is the row that names most fields, below titles and above data', () => {
    const rows = [
      row(['Export of State, City'], 1),
      row(['State', 'Autumn'], 2),
      row(['netid', 'e-mail', 'State'], 4),
      row(['1', 'a@b.c', 'City'], 5),
    ]
    assert.equal(findHeader(rows, RULES)?.row, 4)
  })

  it('is the first of two that have people below them, not the one that names more', () => {
    const first = row(['email', 'last_name'])
    const second = row(['email', 'first_name', 'last_name'], 4)
    assert.equal(findHeader([first, row(['ana@uni.edu', 'Ode'], 2), second], RULES)?.row, 1)
    assert.equal(findHeader([first, row(['address', 'family name'], 2), second], RULES)?.row, 4)
    assert.equal(findHeader([row(['email', 'city']), row(['help@uni.edu', 'Oslo'], 2), second], RULES)?.row, 4)
  })

  it('names two fields at least, or is one column that is asked for', () => {
    assert.equal(findHeader([row(['Title'])], RULES), undefined)
    assert.equal(findHeader([row(['email', 'x', 'y'])], RULES), undefined)
    assert.equal(findHeader([row(['email'])], RULES)?.row, 1)
    assert.equal(findHeader([row(['netid', 'Leaving date', 'Remarks'])], { required: [], oneOf: ['netid', 'email'] })?.row, 1)
    assert.equal(findHeader([row(['00001234', 'ana@univ.example', 'Ana'])], RULES), undefined)
  })

  it('has no column twice; all that are twice are named, with what else is wrong', () => {
    const fault = faultIn(['netid', 'Net ID', 'e-mail', 'mail', 'Email'])
    assert.equal(fault?.code, 'header_duplicate')
    assert.match(fault?.message ?? '', /"netid" \(column A\) and "Net ID" \(column B\) both mean netid/)
    assert.match(fault?.message ?? '', /"e-mail" \(column C\) and "mail" \(column D\) and "Email" \(column E\)/)
    assert.match(fault?.message ?? '', /keep one, or have the headings of the others ignored \(setting files\.columns\)/)
    assert.match(fault?.message ?? '', /no column for last_name/)
  })

  it('may have unknown columns as often as it likes', () => {
    assert.equal(faultIn(['email', 'last_name', 'Colour', 'Colour', '', '']), undefined)
  })

  it('has every required column; all that are missing are named, with what they may hide behind', () => {
    const fault = faultIn(['netid', 'first_name', 'E-mial'])
    assert.deepEqual([fault?.code, fault?.field], ['header_missing_column', 'email'])
    assert.match(fault?.message ?? '', /no column for email, last_name; "E-mial" \(column C\) is not known: did you mean email\?/)
  })

  it('has one of the match keys where only these are required', () => {
    const rules = { required: [], oneOf: ['netid', 'email'] }
    assert.equal(faultIn(['netid', 'account_status'], rules), undefined)
    assert.match(faultIn(['city', 'account_status'], rules)?.message ?? '', /any of netid, email/)
  })

  it('of a thousand long headings is judged in no time', () => {
    const began = process.cpuUsage().user
    const header = readHeader(row(Array.from({ length: 1000 }, (_, i) => `${'heading '.repeat(8)}${i}`)), RULES)
    faultOf(header, RULES)
    assert.ok(process.cpuUsage().user - began < 2_000_000)
  })
})

function row(cells: readonly string[], number = 1) {
  return { number, cells }
}

function fieldsOf(headings: readonly string[], rules = RULES) {
  return readHeader(row(headings), rules).columns.map(({ field }) => field)
}

function faultIn(headings: readonly string[], rules = RULES) {
  return faultOf(readHeader(row(headings), rules), rules)
}

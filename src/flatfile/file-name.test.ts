import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { kindOfFile, nameFault } from './file-name.ts'

describe('a name', () => {
  for (const [name, fault] of [
    ['people.csv', undefined],
    ['.in.people.csv', undefined],
    ['Menschen für März 2026.XLSX', undefined],
    ['人'.repeat(66), undefined],
    ['人'.repeat(67), /has 201 bytes; it should have at most 200/],
    ['', /needs a name/],
    ['.', /needs a name/],
    ['..', /needs a name/],
    ['../people.csv', /no slashes/],
    ['..\\people.csv', /no slashes/],
    ['people\0.csv', /no control characters/],
    ['people\n.csv', /no control characters/],
    ['sch\ufffdler.csv', /should be in UTF-8/],
    ['people\u202evsc.exe', /no marks that turn the direction/],
    ['people.csv:hidden', /none of < > :/],
    ['people?.csv', /none of/],
    ['people.csv.', /neither a dot nor a space/],
    ['people.csv ', /neither a dot nor a space/],
    ['CON', /Windows/],
    ['nul.csv', /Windows/],
    ['Com1.tar.csv', /Windows/],
    ['console.csv', undefined],
  ] as const) {
    it(`${JSON.stringify(name.slice(0, 30))} ${fault === undefined ? 'can be kept' : 'cannot be kept'}`, () => {
      if (fault === undefined) assert.equal(nameFault(name), undefined)
      else assert.match(nameFault(name) ?? '', fault)
    })
  }

  it('that can be kept is one step of a path, on every system', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        if (nameFault(name) !== undefined) return
        assert.doesNotMatch(name, /[/\\\0:]/)
        assert.ok(!['', '.', '..'].includes(name) && Buffer.byteLength(name) <= 200)
      }),
    )
  })

  for (const [kind, ...names] of [
    ['table', 'people.csv', 'PEOPLE.XLSX', 'a.b.txt', 'x.tsv', 'x.xls', 'x.xlsm'],
    ['unfinished', '.people.csv', '.in.people.csv.', '~$people.xlsx', 'people.csv.filepart', 'people.csv.PART', 'people.csv~'],
    ['unfinished', 'a.tmp', 'a.csv.temp', 'a.crdownload', 'a.partial', 'a.writing', '.people.csv.swp'],
    ['companion', 'people.csv.done', 'PEOPLE.DONE', 'people.ok', 'people.csv.sha256'],
    ['other', 'people.pdf', 'people', 'people.csv.gz', 'people.csv.1'],
  ] as const) {
    it(`like ${names.join(' or ')} is one of a file that is ${kind}`, () => {
      for (const name of names) assert.equal(kindOfFile(name), kind, name)
    })
  }
})

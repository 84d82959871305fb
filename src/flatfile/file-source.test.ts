import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { fileSource, headerRules } from './file-source.ts'

const institution = anInstitution({
  files: {
    sources: [
      { pattern: 'Students-*.csv', constants: { account_type: 'Student' } },
      { pattern: 'hr*leavers*.xlsx', name: 'hr', mode: 'update' },
      { pattern: '*.tsv' },
      { pattern: 'étudiants-*.txt' },
      { pattern: '学生*.txt', mode: 'roster' },
    ],
  },
})

describe('the source of a file', () => {
  for (const [why, name, source, mode] of [
    ['is named after its pattern, in any case', 'STUDENTS-2026.CSV', 'file:students', 'upsert'],
    ['is named by the settings', 'HR-leavers-11.xlsx', 'file:hr', 'update'],
    ['is named after its pattern in any script', '学生2026.txt', 'file:学生', 'roster'],
    ['is the same however its letters are put together', 'e\u0301tudiants-1.txt', 'file:étudiants', 'upsert'],
    ['is one for all files that a nameless pattern fits', 'people.tsv', 'file', 'upsert'],
    [
      'is that of the file, for a report that is sent back',
      '2026-11-24T030000.000Z_students-1.csv.csv',
      'file:students',
      'upsert',
    ],
    [
      'is that of the file, for a report that came back as a workbook',
      '2026-11-24T030000.000Z_hr-leavers.xlsx.xlsx',
      'file:hr',
      'update',
    ],
    [
      'is that of the file, for the report of a report',
      '2026-11-25T030000.000Z_2026-11-24T030000.000Z_students-1.csv.xlsx.csv',
      'file:students',
      'upsert',
    ],
    ['is that of the file, for the table of a check', 'hr-leavers.xlsx.check.csv', 'file:hr', 'update'],
    ['is one for all files that no pattern fits', 'students.csv', 'file', 'upsert'],
  ] as const) {
    it(why, () => {
      const found = fileSource(institution, name)
      assert.deepEqual([found.source, found.mode], [source, mode])
    })
  }

  it('asks for the columns that a new person needs and no constant gives', () => {
    const rules = headerRules(institution, fileSource(institution, 'students-1.csv'))
    assert.deepEqual(rules, { required: ['email', 'first_name', 'last_name'], oneOf: [] })
  })

  it('asks for a match key alone where nobody is created', () => {
    const rules = headerRules(institution, fileSource(institution, 'hr-leavers.xlsx'))
    assert.deepEqual(rules, { required: [], oneOf: ['netid3', 'netid2', 'netid', 'email'] })
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { csvLine } from './disarm.ts'

describe('a line of a report', () => {
  for (const [why, cells, line] of [
    [
      'disarms whatever a spreadsheet takes for a formula',
      ['=1+1', '+33', '-1', '@x', '\tx', '\rx'],
      `'=1+1,'+33,'-1,'@x,'\tx,"'\rx"\r\n`,
    ],
    ['leaves what only has a sign in the middle', ['a=b', '1-2'], 'a=b,1-2\r\n'],
    [
      'quotes delimiters, quotation marks, line breaks and spaces at the ends',
      ['a,b', 'a"b', 'a\nb', ' a'],
      '"a,b","a""b","a\nb"," a"\r\n',
    ],
  ] as const) {
    it(why, () => assert.equal(csvLine(cells), line))
  }
})

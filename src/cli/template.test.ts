import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { run } from './run.ts'

async function matricula(...args: readonly string[]) {
  const said: string[] = []
  const say = (line: string) => void said.push(line)
  return { code: await run(args, { environment: {}, out: say, say }), said: said.join('\n') }
}

describe('matricula template', () => {
  for (const [format, begins] of [
    ['csv', '\ufeffnetid,'],
    ['xlsx', 'PK'],
    ['xls', '\u00d0\u00cf'],
  ] as const) {
    it(`writes .${format}`, async () => {
      const file = temporaryFile(`people.${format}`)
      const { code, said } = await matricula('template', '--format', format, '-o', file)
      assert.deepEqual([code, said], [0, `Wrote ${file}.`])
      const encoding = format === 'csv' ? 'utf8' : 'latin1'
      assert.ok(readFileSync(file, encoding).startsWith(begins))
    })
  }

  for (const [why, args, message] of [
    ['names the near miss of a format', ['--format', 'xslx', '-o', 'f'], /--format is "xslx"; .*did you mean "xlsx"/],
    ['asks for a format', ['-o', 'f'], /--format is missing/],
    ['asks where to write', ['--format', 'csv'], /--output is missing/],
    [
      'says that it cannot write there',
      ['--format', 'csv', '-o', '/nowhere/people.csv'],
      /people.csv cannot be written: there is no folder \/nowhere$/,
    ],
    [
      'does not write one format under the name of another, which no program would open',
      ['--format', 'csv', '-o', 'people.xlsx'],
      /--output is "people.xlsx"; it should be the name of a file that ends in .csv/,
    ],
    ['writes to files alone', ['--format', 'csv', '-o', '-'], /--output is "-"; it should be the name of a file/],
  ] as const) {
    it(why, async () => {
      const { code, said } = await matricula('template', ...args)
      assert.equal(code, 1)
      assert.match(said, message)
    })
  }
})

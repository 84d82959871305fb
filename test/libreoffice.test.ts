/**
 * Files that a real LibreOffice writes are read, and it opens the template. Skipped, and said so, where there is none.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { cellReader } from '../src/flatfile/cells.ts'
import { DEFAULT_LIMITS } from '../src/flatfile/limits.ts'
import { FORMATS } from '../src/flatfile/row.ts'
import { openTable } from '../src/flatfile/table.ts'
import { template } from '../src/flatfile/template.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

const REQUIRED = ['email', 'first_name', 'last_name', 'account_type']
const PEOPLE = [
  ['00001234', 'ana.costa@univ.example', 'Ana', 'Costa', 'Student', '2027', 'Likes "maps",\nand more'],
  ['00002001', 'zoe@univ.example', 'Zoë', 'Müller–Łódź', 'Student', '2030', '=1+1'],
  ['123456789012345678', 'fay@univ.example', 'Fay 🎓👨‍🏫', 'כהן', 'Staff', '2031', '#1'],
]
const HEADER = ['netid', ...REQUIRED, 'year_of_graduation', 'bio']

/** Comma, quotation mark, UTF-8, from line 1 on, all seven columns as text. */
const AS_TEXT = 'CSV:44,34,76,1,1/2/2/2/3/2/4/2/5/2/6/2/7/2'
const AS_TYPED = 'CSV:44,34,76,1'

describe('LibreOffice', { skip: hasLibreOffice() ? false : 'there is no soffice on this machine' }, () => {
  for (const format of FORMATS) {
    it(`writes a .${format} that is read back as it was typed`, async () => {
      await using folder = await temporaryFolder()
      const path = await converted(folder, await folder.put('people.csv', csvOf([HEADER, ...PEOPLE])), format, AS_TEXT)
      assert.deepEqual(await valuesIn(path, folder), PEOPLE)
    })
  }

  it('that was left to make numbers of identifiers is found out', async () => {
    await using folder = await temporaryFolder()
    const path = await converted(folder, await folder.put('people.csv', csvOf([HEADER, ...PEOPLE])), 'xlsx', AS_TYPED)
    assert.deepEqual(
      (await valuesIn(path, folder)).map(([netid]) => netid),
      ['1234', '2001', 'number_damaged'],
    )
  })

  for (const from of ['xlsx', 'xls'] as const) {
    it(`opens the .${from} template and writes it back as the same table`, async () => {
      await using folder = await temporaryFolder()
      const given = await folder.put(`template.${from}`, await template(from, {}, REQUIRED))
      const wanted = await headingsIn(given, folder)
      for (const format of FORMATS) assert.deepEqual(await headingsIn(await converted(folder, given, format), folder), wanted)
    })
  }
})

function hasLibreOffice(): boolean {
  try {
    execFileSync('soffice', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function converted(folder: Folder, path: string, format: string, filter?: string): Promise<string> {
  const out = join(folder.path, 'out')
  const how = ['--headless', `-env:UserInstallation=file://${folder.path}/profile`, '--convert-to', format, '--outdir', out]
  await promisify(execFile)('soffice', [...how, ...(filter === undefined ? [] : [`--infilter=${filter}`]), path], {
    timeout: 240_000,
  })
  return join(out, basename(path).replace(/\.\w+$/, `.${format}`))
}

function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n')
}

/** The values of each row in the order of the header; the code of its first problem in front where it has one. */
async function valuesIn(path: string, { path: temporary }: Folder): Promise<string[][]> {
  await using table = await openTable(path, { header: { required: REQUIRED, oneOf: [] }, temporary })
  const read = cellReader(table.header.columns, DEFAULT_LIMITS)
  const found: string[][] = []
  for await (const rows of table.rows()) {
    for (const row of rows) {
      const { values, problems } = read(row)
      found.push([...problems.slice(0, 1).map(({ code }) => code), ...Object.values(values)])
    }
  }
  return found
}

async function headingsIn(path: string, { path: temporary }: Folder) {
  await using table = await openTable(path, { header: { required: REQUIRED, oneOf: [] }, temporary })
  return table.header.columns.map(({ heading }) => heading)
}

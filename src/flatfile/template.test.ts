import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { SaxesParser } from 'saxes'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { FIELDS } from '../directory/fields.ts'
import type { Column } from './columns.ts'
import { KEEP_TAGS } from './columns.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { FORMATS } from './row.ts'
import { openTable } from './table.ts'
import { template } from './template.ts'
import { openZip } from './zip.ts'

const REQUIRED = ['email', 'first_name', 'last_name', 'account_type']
const SETTINGS = { accountTypes: ['Student', 'R&D <staff>'], lookups: { degree: ['BSc', 'MSc'] } }

describe('the template', () => {
  for (const format of FORMATS) {
    it(`in .${format} is read back as a table of every field, with nobody in it`, async () => {
      await using folder = await temporaryFolder()
      const path = await folder.put(`template.${format}`, await template(format, SETTINGS, REQUIRED))
      await using table = await openTable(path, { header: { required: REQUIRED, oneOf: [] }, temporary: folder.path })
      assert.equal(table.format, format)
      assert.deepEqual(
        table.header.columns.map(({ field }) => field),
        [...FIELDS.map(({ name }) => name), KEEP_TAGS],
      )
      assert.deepEqual(starred(table.header.columns), ['email', 'first_name', 'last_name', 'account_type'])
      for await (const _ of table.rows()) assert.fail('a row')
    })
  }

  it('in .csv has a byte order mark, so that a spreadsheet program reads it as UTF-8', async () => {
    assert.match((await template('csv', {}, [])).toString(), /^\ufeffnetid,.*\r\n$/)
  })

  it('in .xlsx is well-formed in every part, and the same bytes each time', async () => {
    const bytes = await template('xlsx', SETTINGS, REQUIRED)
    assert.deepEqual(bytes, await template('xlsx', SETTINGS, REQUIRED))
    for (const text of (await partsOf(bytes)).values()) new SaxesParser({ xmlns: true }).write(text).close()
  })

  it('in .xlsx offers the allowed values of the institution and formats keys as text', async () => {
    const parts = await partsOf(await template('xlsx', SETTINGS, REQUIRED))
    const people = parts.get('xl/worksheets/sheet1.xml') ?? ''
    assert.match(people, /<col min="1" max="1" [^>]*style="1"/)
    assert.match(people, /sqref="K2:K1048576"><formula1>Lists!\$K\$1:\$K\$2</)
    assert.match(people, /sqref="M2:M1048576"><formula1>Lists!\$M\$1:\$M\$2</)
    assert.match(parts.get('xl/worksheets/sheet3.xml') ?? '', /r="K2"[^>]*><is><t xml:space="preserve">R&amp;D &lt;staff&gt;</)
  })
})

function starred(columns: readonly Column[]) {
  return columns.flatMap(({ heading, field }) => (heading.endsWith('*') ? [field] : []))
}

async function partsOf(bytes: Buffer): Promise<Map<string, string>> {
  await using folder = await temporaryFolder()
  await using zip = await openZip(await folder.put('a.xlsx', bytes), DEFAULT_LIMITS)
  const parts = new Map<string, string>()
  for (const name of zip.names) parts.set(name, (await buffer(zip.read(name))).toString())
  return parts
}

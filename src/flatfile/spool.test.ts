import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import type { Row } from './row.ts'
import { readSpool, writeSpool } from './spool.ts'

it('rows come out of a spool as they went in, as often as they are asked for', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'rows')
  const rows: Row[] = Array.from({ length: 3000 }, (_, i) => ({
    number: 2 * i + 1,
    cells: [`a\n"${i}`, '', 'é🎓\u2028', { text: '1', odd: 'fraction' }],
    ...(i % 7 === 0 && { fault: 'quote_stray' as const, more: 3 }),
  }))
  await writeSpool(path, [rows.slice(0, 1), [], rows.slice(1)])
  for (const _ of ['once', 'again']) {
    const read: Row[] = []
    for await (const batch of readSpool(path)) read.push(...batch)
    assert.deepEqual(read, rows)
  }
})

it('a spool that cannot be written is an error of the disk, told to whoever writes', async () => {
  await assert.rejects(writeSpool('/nowhere/at/all', [[{ number: 1, cells: ['x'] }]]), { code: 'ENOENT' })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openWeb } from '../../test/saml/web.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'

describe('refusals', () => {
  it('are kept by the thousand, however many come: what a flood brings beyond is in the log alone', async () => {
    await using store = await openSqlite({ path: temporaryFile('matricula.db') })
    const web = await openWeb(store)
    const began = performance.now()
    const all = await Promise.all(Array.from({ length: 1100 }, () => web.fetch('/login?return=https://evil.example/')))
    assert.deepEqual([...new Set(all.map(({ status }) => status))], [400])
    const where = { op: 'eq', path: 'kind', value: 'sign_in.refused' } as const
    const kept = await store.count('events', web.institution._id, where)
    // One more for each five seconds that this takes.
    assert.ok(kept >= 1000 && kept <= 1001 + (performance.now() - began) / 5000, String(kept))
    assert.equal(web.lines.length, 1100)
  })
})

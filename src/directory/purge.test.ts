import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { EVERYTHING } from '../store/predicate.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { apply } from './apply.ts'
import { purgeUser } from './purge.ts'

const openStore = () => openSqlite({ path: temporaryFile('purge.db') })

describe('a purge', () => {
  it('tells how many events went with the record, and leaves one that says who did it', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    await apply(store, uni, [aChange({ netid: 'a' })])
    const [outcome] = await apply(store, uni, [aChange({ netid: 'a', title: 'Dr' })])
    assert.ok(outcome?.kind === 'updated')
    const { _id: id } = outcome.user
    const given = { institution: uni._id, id, by: { source: 'admin' }, now: Date.now() } as const
    assert.deepEqual(await purgeUser(store, { ...given, ifVersion: 'another' }), { kind: 'stale' })
    assert.deepEqual(await purgeUser(store, { ...given, ifVersion: outcome.user.version }), { kind: 'purged', events: 2 })
    assert.deepEqual(await purgeUser(store, given), { kind: 'missing' })
    const left = await store.find('events', uni._id, { where: EVERYTHING, limit: 10 })
    assert.deepEqual(
      left.map(({ kind, subject, source }) => ({ kind, subject, source })),
      [{ kind: 'user.purged', subject: id, source: 'admin' }],
    )
  })

  it('that was interrupted is finished when it is asked for again', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const [outcome] = await apply(store, uni, [aChange({ netid: 'a' })])
    assert.ok(outcome?.kind === 'created')
    const { _id: id, version } = outcome.user
    await store.write([{ collection: 'users', op: 'delete', institution: uni._id, id, expected: version }])
    const given = { institution: uni._id, id, by: { source: 'admin' }, now: Date.now() } as const
    assert.deepEqual(await purgeUser(store, given), { kind: 'purged', events: 1 })
  })
})

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { getInstitution, institutionCache, institutionOfSftpUser, listInstitutions } from './institution.ts'
import { changeInstitution, createInstitution } from './institution-changes.ts'

const by = { source: 'admin', credential: 'cli' } as const
const NOW = 1_700_000_000_000

describe('institutions', () => {
  let folder: string
  let store: Store
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'matricula-'))
    store = await openSqlite({ path: join(folder, 'roll.db') })
  })
  after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const create = (id: string, settings = {}) => createInstitution(store, { id, name: ` ${id} `, settings, by, now: NOW })
  const change = (id: string, settings: object) => changeInstitution(store, { id, settings: settings as never, by, now: NOW + 1 })
  const eventsOf = (id: string) => store.find('events', id, { where: { op: 'eq', path: 'subject', value: id }, limit: 1000 })

  it('are there once they are made, with a trimmed name', async () => {
    assert.equal((await create('north')).kind, 'created')
    assert.equal((await getInstitution(store, 'north'))?.name, 'north')
  })

  it('are made once', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => create('once')))
    assert.deepEqual(made.map(({ kind }) => kind).sort(), ['created', 'exists', 'exists', 'exists', 'exists'])
  })

  for (const id of ['', '*', 'North', '-north', 'north campus', 'nörd', 'a/b', 'x'.repeat(64)])
    it(`have a plain id, not "${id.slice(0, 20)}"`, async () => {
      const made = await create(id)
      assert.equal(made.kind === 'invalid' && made.problems[0]?.field, 'id')
    })

  for (const name of ['', 'x'.repeat(257), 'North\u0001Campus', 'North\nCampus'])
    it(`have a name that can be written anywhere, not ${JSON.stringify(name.slice(0, 20))}`, async () => {
      const made = await createInstitution(store, { id: 'named', name, by, now: NOW })
      assert.equal(made.kind === 'invalid' && made.problems[0]?.field, 'name')
    })

  it('are not made with wrong settings', async () => {
    assert.equal((await create('wrong', { scim: { see: 'all' } })).kind, 'invalid')
    assert.equal(await getInstitution(store, 'wrong'), undefined)
  })

  it('are made and changed with what channels find right alone', async () => {
    const checks = [() => [{ field: 'sftp.keys[0]', code: 'value', message: 'no' }]]
    const given = { id: 'judged', name: 'Judged', by, now: NOW, checks }
    assert.equal((await createInstitution(store, given)).kind, 'invalid')
    await create('judged')
    assert.equal((await changeInstitution(store, given)).kind, 'invalid')
  })

  it('merge new settings into those they have, and say what differs', async () => {
    await create('merge', { scim: { sees: 'all', map: { netid: 'userName' } }, keyHoldDays: 30 })
    const changed = await change('merge', { scim: { sees: 'own' }, keyHoldDays: null, authority: { 'name.givenName': ['scim'] } })
    assert.equal(changed.kind, 'changed')
    assert.deepEqual(changed.institution.settings, {
      scim: { sees: 'own', map: { netid: 'userName' } },
      authority: { 'name.givenName': ['scim'] },
    })
    assert.deepEqual(await getInstitution(store, 'merge'), changed.institution)
    assert.deepEqual((await eventsOf('merge')).at(-1)?.differences, [
      { slot: 'settings.scim.sees', old: 'all', new: 'own' },
      { slot: 'settings.keyHoldDays', old: 30 },
      { slot: 'settings.authority["name.givenName"]', new: ['scim'] },
    ])
  })

  it('check what the merge makes, not the new part alone', async () => {
    await create('check', { accountTypes: ['Student'], defaultAccountType: 'Student' })
    assert.equal((await change('check', { accountTypes: ['Staff'] })).kind, 'invalid')
  })

  it('leave no event when nothing changes', async () => {
    await create('same', { keyHoldDays: 1 })
    assert.equal((await change('same', { keyHoldDays: 1, scim: { sees: null } })).kind, 'changed')
    assert.equal((await change('same', { keyHoldDays: 1 })).kind, 'unchanged')
    assert.equal((await eventsOf('same')).length, 2)
  })

  it('lose no change when two administrators race', async () => {
    await create('race')
    await Promise.all(Array.from({ length: 10 }, (_, i) => change('race', { authority: { [`emails[t${i}]`]: ['scim'] } })))
    assert.equal(Object.keys((await getInstitution(store, 'race'))?.settings.authority ?? {}).length, 10)
    assert.equal((await eventsOf('race')).length, 11)
  })

  describe('and their users of the drop box', () => {
    const holder = async (username: string) => (await institutionOfSftpUser(store, username))?._id

    it('are found by name, whatever its case', async () => {
      await create('box', { sftp: { username: 'Box-Files' } })
      assert.equal(await holder('box-FILES'), 'box')
      assert.equal(await holder('box'), undefined)
    })

    it('are called as the institution unless they are given a name', async () => {
      await create('plain', { sftp: { keys: [] } })
      assert.equal(await holder('plain'), 'plain')
      await create('none', { sftp: { pickUp: [] } })
      assert.equal(await holder('none'), undefined)
    })

    it('go with the setting', async () => {
      await create('moves', { sftp: { username: 'before' } })
      await change('moves', { sftp: { username: 'after' } })
      assert.deepEqual([await holder('before'), await holder('after')], [undefined, 'moves'])
      await change('moves', { sftp: null })
      assert.equal(await holder('after'), undefined)
      assert.equal((await getInstitution(store, 'moves'))?.keys, undefined)
    })

    it('are unique over all, however many ask for a name at once', async () => {
      const ids = ['s1', 's2', 's3', 's4', 's5']
      const made = await Promise.all(ids.map((id) => create(id, { sftp: { username: 'shared' } })))
      assert.deepEqual(made.map(({ kind }) => kind).toSorted(), ['created', 'invalid', 'invalid', 'invalid', 'invalid'])
      for (const id of ids) await create(id)
      const changed = await Promise.all(ids.map((id) => change(id, { sftp: { username: 'Contested' } })))
      assert.deepEqual(changed.map(({ kind }) => kind).toSorted(), ['changed', 'invalid', 'invalid', 'invalid', 'invalid'])
      const refused = changed.find(({ kind }) => kind === 'invalid')
      const message = 'sftp.username is "Contested", which another institution has; it should be a name of its own, for example '
      assert.ok(refused?.kind === 'invalid' && refused.problems[0]?.message.startsWith(message))
    })
  })

  it('cannot be changed before they are made', async () => assert.deepEqual(await change('nobody', {}), { kind: 'missing' }))

  it('are listed by id', async () => {
    const ids = (await listInstitutions(store)).map(({ _id }) => _id)
    assert.deepEqual(ids, ids.toSorted())
    assert.ok(ids.includes('north') && ids.includes('race'))
  })

  it('are known to a server the moment they are made, and their settings five seconds later', async () => {
    const clock = { now: 0 }
    const cache = institutionCache(store, () => clock.now)
    assert.equal(await cache.get('late'), undefined)
    await create('late')
    assert.equal((await cache.get('late'))?._id, 'late')
    await change('late', { keyHoldDays: 5 })
    clock.now = 5000
    assert.equal((await cache.get('late'))?.settings.keyHoldDays, 5)
  })
})

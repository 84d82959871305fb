import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { brokenLine } from '../../test/broken-line.ts'
import { anInstitution } from '../../test/builders.ts'
import { NO_SSHD, startSshd } from '../../test/sshd.ts'
import { temporaryFile } from '../../test/stores.ts'
import { SealError, sealWith } from '../auth/seal.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import type { Inbox } from './pick-up.ts'
import { pickUpKeys, replacePickUpKeys } from './pick-up-keys.ts'
import { pickUpAll } from './pick-ups.ts'

const seal = sealWith('a key of the tests')
const path = temporaryFile('roll.db')

describe('the keys for pick-ups', () => {
  it('are made once for an institution, however many ask', async () => {
    await using store = await openSqlite({ path })
    const asked = await Promise.all(Array.from({ length: 3 }, () => pickUpKeys(store, seal, 'north')))
    assert.equal(new Set(asked.map(({ privateKeys }) => privateKeys.join())).size, 1)
    assert.deepEqual(
      asked[0]?.publicKeys.map((key) => key.replace(/ \S+ /, ' … ')),
      ['ssh-ed25519 … matricula-north', 'ssh-rsa … matricula-north'],
    )
    assert.notDeepEqual((await pickUpKeys(store, seal, 'south')).publicKeys, asked[0]?.publicKeys)
  })

  it('are sealed in the store', async () => {
    await using store = await openSqlite({ path })
    const { privateKeys } = await pickUpKeys(store, seal, 'north')
    const kept = JSON.stringify(await store.get('pickUpKeys', 'north', 'pick-up'))
    for (const key of privateKeys) for (const line of key.split('\n').slice(1, -2)) assert.ok(!kept.includes(line))
    await assert.rejects(pickUpKeys(store, sealWith('another key of tests'), 'north'), SealError)
  })

  it('are replaced when that is wanted, also after the key that sealed them was lost', async () => {
    await using store = await openSqlite({ path })
    const before = await pickUpKeys(store, seal, 'lost')
    const other = sealWith('another key of tests')
    const made = await replacePickUpKeys(store, other, 'lost')
    assert.notDeepEqual(made.publicKeys, before.publicKeys)
    assert.deepEqual(await pickUpKeys(store, other, 'lost'), made)
  })
})

describe('picking up from all servers of an institution', { skip: NO_SSHD }, () => {
  const inboxFor = (taken: string[]): Inbox => ({
    maxBytes: 100_000_000,
    nameFault: () => undefined,
    known: async (ids) => new Set(ids.filter((id) => taken.some((name) => id.includes(`/${name}@`)))),
    async take({ name, content, pickUp }) {
      for await (const _ of content);
      taken.push(name)
      assert.equal(pickUp, name === 'other.csv' ? 'hr' : 'sis')
    },
  })

  async function open(store: Store, id: string) {
    const sshd = await startSshd()
    const line = await brokenLine(sshd.port)
    await sshd.authorize((await pickUpKeys(store, seal, id)).publicKeys)
    const place = { name: 'sis', host: '127.0.0.1', port: line.port, username: sshd.username, hostKeys: [sshd.hostKey()] }
    const failuresOf = async () => {
      const events = await store.find('events', id, { where: { op: 'eq', path: 'subject', value: id }, limit: 9 })
      return events.map(({ kind, code, source, credential }) => [kind, code, source, credential])
    }
    return { sshd, line, place: { ...place, folder: sshd.folder, settleSeconds: 0.01 }, failuresOf, [Symbol.asyncDispose]: close }
    async function close() {
      await line[Symbol.asyncDispose]()
      await sshd[Symbol.asyncDispose]()
    }
  }
  const quick = () => ({ signal: AbortSignal.timeout(60_000), pauseMs: 10 })

  it('goes on where a connection broke', async () => {
    await using store = await openSqlite({ path })
    await using there = await open(store, 'breaks')
    writeFileSync(join(there.sshd.folder, 'a.csv'), 'x')
    writeFileSync(join(there.sshd.folder, 'b.csv'), randomBytes(2_000_000))
    const institution = anInstitution({ sftp: { pickUp: [there.place] } }, 'breaks')
    const taken: string[] = []
    there.line.failAfter(1_000_000, 'cut')
    const inbox = inboxFor(taken)
    const take: Inbox['take'] = async (file) => {
      await inbox.take(file).catch((error) => {
        there.line.heal()
        throw error
      })
    }
    const [done, ...others] = await pickUpAll({ store, seal, institution, inbox: { ...inbox, take }, ...quick() })
    assert.deepEqual([done?.fetched, done?.fault, others], [['a.csv', 'b.csv'], undefined, []])
    assert.deepEqual(taken, ['a.csv', 'b.csv'])
    assert.deepEqual(await there.failuresOf(), [])
  })

  it('leaves a failure in the audit trail, and does not keep the other servers waiting', async () => {
    await using store = await openSqlite({ path })
    await using there = await open(store, 'fails')
    writeFileSync(join(there.sshd.folder, 'other.csv'), 'x')
    const nowhere = { ...there.place, port: 1 }
    const institution = anInstitution({ sftp: { pickUp: [nowhere, { ...there.place, name: 'hr' }] } }, 'fails')
    const all = await pickUpAll({ store, seal, institution, inbox: inboxFor([]), ...quick() })
    assert.deepEqual(
      all.map(({ place, fetched, fault }) => [place.name, fetched, fault?.code]),
      [
        ['sis', [], 'unreachable'],
        ['hr', ['other.csv'], undefined],
      ],
    )
    assert.deepEqual(await there.failuresOf(), [['pickUp.failed', 'unreachable', 'file', 'pick-up:sis']])
  })

  it('tries what cannot pass by itself no second time', async () => {
    await using store = await openSqlite({ path })
    await using there = await open(store, 'tries')
    const institution = anInstitution({ sftp: { pickUp: [{ ...there.place, username: 'nobody-of-this-name' }] } }, 'tries')
    await pickUpAll({ store, seal, institution, inbox: inboxFor([]), ...quick() })
    assert.equal(there.line.connections(), 1)
  })

  it('asks for no keys where there is nothing to pick up', async () => {
    await using store = await openSqlite({ path })
    assert.deepEqual(
      await pickUpAll({ store, seal, institution: anInstitution({}, 'idle'), inbox: inboxFor([]), ...quick() }),
      [],
    )
    assert.equal(await store.get('pickUpKeys', 'idle', 'pick-up'), undefined)
  })
})

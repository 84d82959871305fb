import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { storeWith } from '../../test/store-with.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import { EVERYTHING } from '../store/predicate.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Doc, Store } from '../store/store.ts'
import { authenticator } from './authenticate.ts'
import type { Scope } from './tokens.ts'
import { createToken, listTokens, revokeToken } from './tokens.ts'

const by = { source: 'admin', credential: 'cli' } as const
const START = 1_700_000_000_000

describe('tokens', () => {
  let folder: string
  let store: Store
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'matricula-'))
    store = await openSqlite({ path: join(folder, 'roll.db') })
    for (const id of ['north', 'south']) await createInstitution(store, { id, name: id, by, now: START })
  })
  after(async () => {
    await store[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const make = (institution: string, scope: Scope = 'scim', validUntil?: number) =>
    createToken(store, { institution, scope, by, now: START, ...(validUntil !== undefined && { validUntil }) })

  /** An authenticator whose clocks the test sets. */
  function aDoor() {
    const clock = { now: START, monotonic: 0, asked: 0 }
    const lookUp: Store['lookUp'] = (...asked) => {
      clock.asked++
      return store.lookUp(...asked)
    }
    const door = authenticator(storeWith(store, { lookUp }), async () => undefined, {
      now: () => clock.now,
      monotonic: () => clock.monotonic,
    })
    const enter = async (institution: string, text: string | undefined, scope: Scope = 'scim') =>
      (await door(institution, text === undefined ? text : `Bearer ${text}`, scope)).kind
    return { clock, door, enter }
  }

  it('can be told from other secrets, and are 256 bits', async () => {
    const { text } = await make('north')
    assert.match(text, /^mtr_[A-Za-z0-9_-]{43}$/)
    assert.notEqual(text, (await make('north')).text)
  })

  it('are not in the store: their SHA-256 is', async () => {
    const { text, token } = await make('north')
    const stored = JSON.stringify(await store.get('tokens', 'north', token._id))
    assert.ok(!stored.includes(text) && !stored.includes(text.slice(4, 20)))
    assert.match(token.keys.hash, /^[\w-]{43}$/)
  })

  it('open their own institution alone', async () => {
    const { enter } = aDoor()
    const { text } = await make('north')
    assert.equal(await enter('north', text), 'ok')
    assert.equal(await enter('south', text), 'unknown')
    assert.equal(await enter('nowhere', text), 'unknown')
    assert.equal(await enter('*', text), 'unknown')
  })

  it('open their own scope alone', async () => {
    const { enter } = aDoor()
    const { text } = await make('north', 'api')
    assert.equal(await enter('north', text, 'scim'), 'wrongScope')
    assert.equal(await enter('north', text, 'api'), 'ok')
  })

  for (const [why, header] of [
    ['nothing', undefined],
    ['an empty header', ''],
    ['another scheme', 'Basic bXRyXw=='],
    ['a scheme alone', 'Bearer'],
    ['a token that was never made', `Bearer mtr_${'A'.repeat(43)}`],
    ['something else', 'Bearer secret'],
    ['a very long token', `Bearer mtr_${'A'.repeat(100_000)}`],
  ] as const)
    it(`are asked for: ${why} is not one`, async () =>
      assert.equal((await aDoor().door('north', header, 'scim')).kind, 'unknown'))

  it('are read whatever the case of the scheme', async () => {
    const { door } = aDoor()
    const { text } = await make('north')
    assert.equal((await door('north', `bearer ${text}`, 'scim')).kind, 'ok')
    assert.equal((await door('north', `BEARER  ${text} `, 'scim')).kind, 'ok')
  })

  it('end when their time is over, also while remembered', async () => {
    const { clock, enter } = aDoor()
    const { text } = await make('north', 'scim', START + 1000)
    assert.equal(await enter('north', text), 'ok')
    clock.now = START + 1000
    assert.equal(await enter('north', text), 'unknown')
  })

  it('are asked for once while young, and told without a promise', async () => {
    const { clock, door } = aDoor()
    const header = `Bearer ${(await make('north')).text}`
    await door('north', header, 'scim')
    assert.ok(!(door('north', header, 'scim') instanceof Promise))
    assert.equal(clock.asked, 1)
  })

  it('work the moment they are made, also when tried before', async () => {
    const { enter } = aDoor()
    await enter('east', (await make('north')).text)
    await createInstitution(store, { id: 'east', name: 'East', by, now: START })
    assert.equal(await enter('east', (await make('east')).text), 'ok')
  })

  it('are refused at most five seconds after they were revoked', async () => {
    const { clock, enter } = aDoor()
    const { text, token } = await make('north')
    assert.equal(await enter('north', text), 'ok')
    assert.equal((await revokeToken(store, { institution: 'north', id: token._id, by, now: START }))?._id, token._id)
    clock.monotonic = 5000
    assert.equal(await enter('north', text), 'unknown')
  })

  it('of another institution can be neither listed nor revoked', async () => {
    const { token } = await make('north')
    assert.ok(!(await listTokens(store, 'south')).some(({ _id }) => _id === token._id))
    assert.equal(await revokeToken(store, { institution: 'south', id: token._id, by, now: START }), undefined)
  })

  it('are listed in the order in which they were made', async () => {
    const ids = []
    for (let i = 0; i < 3; i++) ids.push((await make('south')).token._id)
    assert.deepEqual(
      (await listTokens(store, 'south')).map(({ _id }) => _id),
      ids,
    )
  })

  it('leave an event when made and when revoked, without the secret', async () => {
    const more = { name: 'nightly', validUntil: START + 1000 }
    const { text, token } = await createToken(store, { institution: 'north', scope: 'files', by, now: START, ...more })
    await revokeToken(store, { institution: 'north', id: token._id, by, now: START + 1 })
    const events = await store.find('events', 'north', { where: { op: 'eq', path: 'subject', value: token._id }, limit: 10 })
    assert.deepEqual(
      events.map(({ kind, credential, differences }: Doc) => [kind, credential, differences]),
      (['new', 'old'] as const).map((side) => [
        side === 'new' ? 'token.created' : 'token.revoked',
        'cli',
        Object.entries({ scope: 'files', source: 'file', ...more }).map(([name, value]) => ({
          slot: `token.${name}`,
          [side]: value,
        })),
      ]),
    )
    const all = JSON.stringify(await store.find('events', 'north', { where: EVERYTHING, limit: 1000 }))
    assert.ok(!all.includes(text) && !all.includes(token.keys.hash))
  })
})

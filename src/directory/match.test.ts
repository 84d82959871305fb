import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aChange, aPost, aResource } from '../../test/builders.ts'
import { DAY_MS } from '../days.ts'
import type { Change } from './change.ts'
import { keysOf } from './keys.ts'
import type { Holder } from './match.ts'
import { conflictOf, DEFAULT_RULES, match } from './match.ts'
import type { Binding, Key, Keys, Resource, User } from './user.ts'
import { MATCH_KEYS } from './user.ts'

const NOW = Date.UTC(2026, 8, 1)
const rules = { ...DEFAULT_RULES, now: NOW }

function aUser(_id: string, resource: Resource, more: Partial<User> = {}): User {
  const keys = keysOf(resource) as User['keys']
  return {
    _id,
    institution: 'uni',
    version: '1',
    keys,
    resource,
    bindings: [],
    memberOf: [],
    provenance: [],
    created: 0,
    lastModified: 0,
    ...more,
  }
}

const among =
  (...users: User[]): Holder =>
  (key, value) =>
    users.find((user) => user.keys[key] === value)

const keysIn = (change: Change): Keys => ('keys' in change.target ? change.target.keys : {})
const matching = (change: Change, ...users: User[]) => match(change, keysIn(change), among(...users), rules)

describe('matching', () => {
  describe('takes the first key in the order netid3, netid2, netid, email that belongs to somebody', () => {
    for (let pattern = 0; pattern < 16; pattern++) {
      const present = MATCH_KEYS.filter((_, bit) => pattern & (1 << bit))
      it(`with ${present.join(', ') || 'no key'} known`, () => {
        const users = present.map((key) => aUser(key, aResource({ [key]: `${key}@uni.edu` })))
        const sent = aChange(Object.fromEntries(MATCH_KEYS.map((key) => [key, `${key}@uni.edu`])))
        const met = matching(sent, ...users)
        assert.deepEqual(met, present[0] === undefined ? undefined : { user: users[0], on: present[0] })
      })
    }
  })

  it('follows the order that the institution set', () => {
    const byNetid = aUser('netid', aResource({ netid: 'a' }))
    const byNetid2 = aUser('netid2', aResource({ netid2: 'b' }))
    const sent = aChange({ netid: 'a', netid2: 'b' })
    const met = match(sent, keysIn(sent), among(byNetid, byNetid2), { ...rules, order: ['netid', 'netid2', 'netid3', 'email'] })
    assert.deepEqual(met, { user: byNetid, on: 'netid' })
  })

  it('tries userName last', () => {
    const user = aUser('1', aResource({ userName: 'ada@uni.edu' }))
    assert.deepEqual(matching(aPost({ userName: 'ADA@uni.edu' }), user), { user, on: 'userName' })
  })

  it('takes an e-mail for the userName of a person whom a directory brought without an e-mail, and of nobody else', () => {
    const bare = aUser('1', aResource({ userName: 'ada@uni.edu' }))
    const withMail = aUser('2', aResource({ userName: 'bob@uni.edu', email: 'bob@home.example' }))
    assert.deepEqual(matching(aChange({ email: 'Ada@uni.edu' }), bare), { user: bare, on: 'userName' })
    assert.equal(matching(aChange({ email: 'bob@uni.edu' }), withMail), undefined)
  })

  const graduate = { netid: 'ada1', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }
  for (const [who, sent, code] of [
    ['a file, other names', aChange({ netid: 'ada2', email: 'ada@uni.edu', first: 'Ada', last: 'Yonath' }), 'key_disagrees'],
    [
      'a file, a first name alone',
      { ...aChange({ netid: 'ada2', email: 'ada@uni.edu' }), names: { givenName: 'Ada' } },
      'key_disagrees',
    ],
    ['a file without names', aChange({ netid: 'ada2', email: 'ada@uni.edu' }), 'key_disagrees'],
    ['a SCIM client, same names', aPost({ ...graduate, netid: 'ada2' }), 'key_disagrees'],
    ['a sign-in, same names', aChange({ ...graduate, netid: 'ada2' }, { source: 'saml' }), 'key_disagrees'],
    ['a file, same names: a new netid', aChange({ ...graduate, netid: 'ada2', first: 'ADA' }), undefined],
    ['REST, same names: a new netid', aChange({ ...graduate, netid: 'ada2' }, { source: 'api:crm' }), undefined],
    ['a file that has no netid', aChange({ email: 'ada@uni.edu' }), undefined],
    ['a file with a netid of another kind', aChange({ netid2: 'x', email: 'ada@uni.edu' }), undefined],
  ] as const) {
    it(`${code === undefined ? 'meets' : 'does not meet'} a person by e-mail alone when the netid differs: ${who}`, () => {
      const user = aUser('1', aResource(graduate))
      const met = matching(sent, user)
      if (code === undefined) assert.deepEqual(met, { user, on: 'email' })
      else assert.partialDeepStrictEqual(met, { kind: 'conflict', code, key: 'email', records: ['1'] })
    })
  }

  for (const [source, advice] of [
    ['api', 'send first and last name as they stand there'],
    ['scim', 'change the netid there first'],
  ] as const) {
    it(`says to ${source} what to do where an address met somebody with another netid who is the same person`, () => {
      const met = matching(aChange({ netid: 'ada2', email: 'ada@uni.edu' }, { source }), aUser('1', aResource(graduate)))
      assert.match(JSON.stringify(met), new RegExp(`if it is the same person, ${advice}"`))
    })
  }

  it('tells a newcomer from a leaver by the externalId of the same directory unless the names agree', () => {
    const bindings: Binding[] = [{ source: 'scim', externalId: 'x-1', state: 'bound' }]
    const leaver = aUser('1', aResource({ userName: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }), { bindings })
    const newcomer = aPost({ userName: 'ada@uni.edu', first: 'Ada', last: 'Yonath' }, 'scim', 'x-2')
    assert.partialDeepStrictEqual(matching(newcomer, leaver), { kind: 'conflict', code: 'key_disagrees' })
    assert.partialDeepStrictEqual(matching(aPost({ userName: 'ada@uni.edu' }, 'scim', 'x-2'), leaver), { code: 'key_disagrees' })
    const same = aPost({ userName: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }, 'scim', 'x-2')
    assert.deepEqual(matching(same, leaver), { user: leaver, on: 'userName' })
  })

  for (const [days, held] of [
    [89, false],
    [91, true],
  ] as const) {
    it(`${held ? 'does not meet' : 'meets'} by e-mail a person who has been inactive for ${days} days`, () => {
      const user = aUser('1', aResource(graduate), { inactive: { since: NOW - days * DAY_MS, by: 'scim' } })
      const met = matching(aChange({ email: 'ada@uni.edu' }), user)
      if (held) assert.partialDeepStrictEqual(met, { kind: 'conflict', code: 'key_held' })
      else assert.deepEqual(met, { user, on: 'email' })
      assert.deepEqual(matching(aChange({ netid: 'ada1' }), user), { user, on: 'netid' })
    })
  }

  it('meets nobody who is inactive by e-mail where keys are held for 0 days, not even in the moment in which that began', () => {
    const user = aUser('1', aResource(graduate), { inactive: { since: NOW, by: 'scim' } })
    const sent = aChange({ email: 'ada@uni.edu' })
    const met = match(sent, keysIn(sent), among(user), { ...rules, keyHoldDays: 0 })
    assert.partialDeepStrictEqual(met, { kind: 'conflict', code: 'key_held' })
  })

  it('meets a person however long inactive when the directory calls both by one externalId', () => {
    const bindings: Binding[] = [{ source: 'scim', externalId: 'x-1', state: 'deleted' }]
    const user = aUser('1', aResource({ userName: 'ada' }), { bindings, inactive: { since: NOW - 900 * DAY_MS, by: 'scim' } })
    assert.deepEqual(matching(aPost({ userName: 'ada' }, 'scim', 'x-1'), user), { user, on: 'userName' })
    assert.equal(matching(aPost({ userName: 'ada' }, 'scim', 'x-2'), user), undefined)
    assert.partialDeepStrictEqual(matching(aPost({ userName: 'ada' }, 'scim:b', 'x-1'), user), { code: 'key_held' })
  })

  it('passes over a record that every source has deleted when it is another person', () => {
    const bindings: Binding[] = [{ source: 'scim', state: 'deleted' }]
    const gone = aUser('1', aResource(graduate), { bindings, provenance: [{ source: 'scim', at: 0, slots: ['campus.netid'] }] })
    assert.equal(matching(aPost({ netid: 'ada2', email: 'ada@uni.edu' }), gone), undefined)
    const inFile = aUser('1', aResource(graduate), { bindings, provenance: [{ source: 'file', at: 0, slots: ['title'] }] })
    assert.partialDeepStrictEqual(matching(aPost({ netid: 'ada2', email: 'ada@uni.edu' }), inFile), { code: 'key_disagrees' })
  })
})

describe('a key of another record', () => {
  it('is a conflict that names the key and both records', () => {
    const ada = aUser('1', aResource({ netid: 'ada1' }))
    const bob = aUser('2', aResource({ netid2: 'b2' }))
    const sent = aChange({ netid: 'ada1', netid2: 'b2' })
    assert.partialDeepStrictEqual(conflictOf(sent, keysIn(sent), ada, among(ada, bob)), {
      kind: 'conflict',
      code: 'key_conflict',
      key: 'netid2' satisfies Key,
      records: ['1', '2'],
    })
  })

  it('is none when the record has it itself', () => {
    const ada = aUser('1', aResource({ netid: 'ada1', email: 'ada@uni.edu' }))
    const sent = aChange({ netid: 'ada1', email: 'ADA@uni.edu' })
    assert.equal(conflictOf(sent, keysIn(sent), ada, among(ada)), undefined)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aResource } from '../../test/builders.ts'
import { ownerOf } from './provenance.ts'
import type { Ranking, Settled } from './settle.ts'
import { seenBy, settle } from './settle.ts'
import { withSlot } from './slots.ts'
import type { Json, Resource, Source, User } from './user.ts'

const NOW = 1_000
const UNRANKED: Ranking = () => undefined
const SIS_FIRST: Ranking = (slot) => (slot === 'title' || slot === 'active' ? ['file:sis', 'scim'] : undefined)

/** A record that one source has made. */
function aUser(resource: Resource, source: Source, more: Partial<User> = {}): User {
  const { provenance } = settle(undefined, resource, { source, now: 0, ranking: UNRANKED })
  return {
    _id: '1',
    institution: 'uni',
    version: '1',
    keys: {},
    resource,
    bindings: [],
    memberOf: [],
    created: 0,
    lastModified: 0,
    ...more,
    provenance,
  }
}

/** The record after a source has set one slot of what it sees. */
function after(user: User, source: Source, slot: string, value: Json | undefined, ranking: Ranking, now = NOW): Settled {
  return settledOn(user, withSlot(seenBy(user, source), slot, value), { source, now, ranking })
}

function settledOn(user: User, wanted: Resource, by: Parameters<typeof settle>[2]): Settled {
  return settle({ user, resource: seenBy(user, by.source) }, wanted, by)
}

function store(user: User, { resource, provenance, claims }: Settled): User {
  const { claims: _, ...rest } = user
  return { ...rest, resource, provenance, ...(claims.length > 0 ? { claims } : {}) }
}

describe('without a ranking', () => {
  it('the last writer wins, and owns what it wrote alone', () => {
    const user = aUser(aResource({ title: 'Dr', netid: 'a' }), 'file')
    const settled = after(user, 'scim', 'title', 'Prof', UNRANKED)
    assert.equal(settled.resource.title, 'Prof')
    assert.deepEqual(settled.provenance, [
      { source: 'file', at: 0, slots: ['campus.netid'] },
      { source: 'scim', at: NOW, before: 'file', slots: ['title'] },
    ])
    assert.deepEqual(settled.differences, [{ slot: 'title', old: 'Dr', new: 'Prof' }])
  })

  it('a slot that goes back to the source it was taken from is contested', () => {
    const user = aUser(aResource({ title: 'Dr' }), 'file')
    const taken = store(user, after(user, 'scim', 'title', 'Prof', UNRANKED))
    const back = after(taken, 'file', 'title', 'Dr', UNRANKED)
    assert.deepEqual(back.contested, ['title'])
    assert.equal(back.resource.title, 'Dr')
    const writtenAgain = store(taken, after(taken, 'scim', 'title', 'Dean', UNRANKED))
    assert.deepEqual(after(writtenAgain, 'file', 'title', 'Dr', UNRANKED).contested, ['title'])
  })

  it('what was sent stands in the order in which it was sent', () => {
    const work = { type: 'work', value: 'a@uni.edu' }
    const home = { type: 'home', value: 'a@home.example' }
    const user = aUser({ emails: [work] }, 'file')
    const sent = { emails: [home, work], title: 'Dr', active: true }
    const { resource } = settledOn(user, sent, { source: 'scim', now: NOW, ranking: UNRANKED })
    assert.equal(JSON.stringify(resource), JSON.stringify(sent))
  })

  it('a primary address takes the place of the one before', () => {
    const user = aUser(aResource({ email: 'a@uni.edu' }), 'file')
    const { emails } = aResource({ email: 'b@uni.edu' })
    const settled = settledOn(user, { emails: emails as Json }, { source: 'scim', now: NOW, ranking: UNRANKED })
    assert.deepEqual([settled.resource.emails, settled.withheld], [emails, []])
  })

  it('of a long list the trail tells what came and what went', () => {
    const emails = ['a', 'b', 'c'].map((value) => ({ type: 'other', value }))
    const user = aUser({ emails }, 'scim')
    const settled = after(user, 'scim', 'emails[other]', [...emails.slice(1), { type: 'other', value: 'd' }], UNRANKED)
    assert.deepEqual(settled.differences, [{ slot: 'emails[other]', old: emails[0], new: { type: 'other', value: 'd' } }])
  })

  it('a list of which no element changes keeps its order, and with it the address that is the key', () => {
    const [first, second] = [
      { value: 'a@uni.edu', type: 'home' },
      { value: 'b@uni.edu', type: 'other' },
    ] as const
    const by = { source: 'scim', now: NOW, ranking: UNRANKED } as const
    const user = aUser({ emails: [first, second] }, 'scim')
    const wanted = { emails: [second, first], title: 'Dr' }
    assert.deepEqual(settledOn(user, wanted, by).resource, { emails: [first, second], title: 'Dr' })
    const third = { value: 'c@uni.edu', type: 'work' }
    assert.deepEqual(settledOn(user, { emails: [third, second, first] }, by).resource.emails, [third, second, first])
  })

  it('what is sent as it is in force changes nothing', () => {
    const user = aUser(aResource({ title: 'Dr', email: 'a@uni.edu' }), 'file')
    const settled = settledOn(user, user.resource, { source: 'scim', now: NOW, ranking: UNRANKED })
    assert.deepEqual(settled.differences, [])
    assert.deepEqual(settled.provenance, user.provenance)
  })
})

describe('where sources are ranked', () => {
  const user = aUser(aResource({ title: 'Dr' }), 'file:sis')

  it('a lower source does not overwrite, and what it sent is kept as its claim', () => {
    const settled = after(user, 'scim', 'title', 'Prof', SIS_FIRST)
    assert.equal(settled.resource.title, 'Dr')
    assert.deepEqual(settled.withheld, ['title'])
    assert.deepEqual(settled.differences, [])
    assert.deepEqual(settled.claims, [{ source: 'scim', slot: 'title', value: 'Prof', at: NOW }])
  })

  it('the lower source reads its own value back, and sending it again changes nothing', () => {
    const claimed = store(user, after(user, 'scim', 'title', 'Prof', SIS_FIRST))
    assert.equal(seenBy(claimed, 'scim').title, 'Prof')
    assert.equal(seenBy(claimed, 'file:sis').title, 'Dr')
    const again = settledOn(claimed, { title: 'Prof' }, { source: 'scim', now: NOW + 1, ranking: SIS_FIRST })
    assert.deepEqual([again.resource, again.claims, again.differences], [claimed.resource, claimed.claims, []])
  })

  it('the claim takes effect when the higher source lets go', () => {
    const claimed = store(user, after(user, 'scim', 'title', 'Prof', SIS_FIRST))
    const settled = after(claimed, 'file:sis', 'title', undefined, SIS_FIRST)
    assert.equal(settled.resource.title, 'Prof')
    assert.equal(ownerOf(settled.provenance, 'title')?.source, 'scim')
    assert.deepEqual(settled.claims, [])
    assert.deepEqual(settled.differences, [{ slot: 'title', old: 'Dr', new: 'Prof' }])
  })

  it('of several claims the highest-ranked takes effect, of equals the latest, and none of another slot', () => {
    const ranking: Ranking = (slot) => (slot === 'title' ? ['file:sis', 'scim'] : ['file:sis'])
    const claim = (source: Source, slot: string, value: string, at: number) => ({ source, slot, value, at })
    const equals = [claim('api', 'title', 'Mx', 1), claim('saml', 'title', 'Ms', 3), claim('file', 'title', 'Mr', 2)]
    for (const [claims, title] of [
      [equals, 'Ms'],
      [[...equals, claim('scim', 'title', 'Prof', 0)], 'Prof'],
      [[claim('scim', 'nickName', 'Ada', 9), ...equals], 'Ms'],
      [[{ source: 'scim', slot: 'title', at: 9 } as const, ...equals], 'Ms'],
      [[claim('scim', 'nickName', 'Ada', 9)], undefined],
    ] as const) {
      const settled = after({ ...user, claims }, 'file:sis', 'title', undefined, ranking)
      assert.equal(settled.resource.title, title)
      assert.equal(settled.claims.length, title === undefined ? claims.length : claims.length - 1)
    }
  })

  it('the same value that is kept back of two attributes is a claim of each', () => {
    const ranking: Ranking = () => ['file:sis']
    const user = aUser({ title: 'Dr', nickName: 'Ada' }, 'file:sis')
    const claimed = store(user, after(user, 'scim', 'title', 'Prof', ranking))
    const settled = after(claimed, 'scim', 'nickName', 'Prof', ranking)
    assert.deepEqual(
      settled.claims.map(({ slot, value }) => [slot, value]),
      [
        ['title', 'Prof'],
        ['nickName', 'Prof'],
      ],
    )
  })

  it('a claim that agrees again is gone', () => {
    const claimed = store(user, after(user, 'scim', 'title', 'Prof', SIS_FIRST))
    assert.deepEqual(after(claimed, 'scim', 'title', 'Dr', SIS_FIRST).claims, [])
  })

  it('a lower source fills a gap, and a higher one takes the slot over', () => {
    const bare = aUser(aResource({ netid: 'a' }), 'file:sis')
    const filled = store(bare, after(bare, 'scim', 'title', 'Prof', SIS_FIRST))
    assert.equal(filled.resource.title, 'Prof')
    assert.equal(after(filled, 'file:sis', 'title', 'Dr', SIS_FIRST).resource.title, 'Dr')
  })

  it('other attributes of the same request take effect', () => {
    const settled = settledOn(user, aResource({ title: 'Prof', first: 'Ada' }), { source: 'scim', now: NOW, ranking: SIS_FIRST })
    assert.deepEqual(settled.resource, { title: 'Dr', name: { givenName: 'Ada' } })
  })

  it('one address is primary in force: that of the higher source, while the lower one reads back what it sent', () => {
    const work = { value: 'ada@uni.edu', type: 'work', primary: true }
    const ranking: Ranking = (slot) => (slot === 'emails[work]' ? ['file:sis', 'scim'] : undefined)
    const user = aUser({ emails: [work] }, 'file:sis')
    const emails = [
      { ...work, primary: false },
      { value: 'ada@home.example', type: 'home', primary: true },
    ]
    const by = { source: 'scim', now: NOW, ranking } as const
    for (const sent of [emails, emails.toReversed()]) {
      const settled = settledOn(user, { emails: sent }, by)
      assert.deepEqual(settled.resource.emails, [work, { value: 'ada@home.example', type: 'home', primary: false }])
      assert.deepEqual(settled.withheld.toSorted(), ['emails[home]', 'emails[work]'])
      const claimed = store(user, settled)
      assert.deepEqual(seenBy(claimed, 'scim').emails, emails)
      const again = settledOn(claimed, seenBy(claimed, 'scim'), { ...by, now: NOW + 1 })
      assert.deepEqual([again.resource, again.claims, again.differences], [claimed.resource, claimed.claims, []])
      const moved = { value: 'ada@new.example', type: 'home', primary: true }
      for (const rules of [by, { ...by, ranking: UNRANKED }]) {
        const settled = after(claimed, 'scim', 'emails[home]', [moved], rules.ranking)
        assert.deepEqual(settled.resource.emails, [work, { ...moved, primary: false }])
      }
    }
  })

  it('what is primary of one attribute makes nothing of another one second', () => {
    const ranking: Ranking = (slot) => (slot === 'phoneNumbers[work]' ? ['file:sis', 'scim'] : undefined)
    const user = aUser({ phoneNumbers: [{ value: '1', type: 'work', primary: true }] }, 'file:sis')
    const { emails } = aResource({ email: 'ada@uni.edu' })
    const sent = { phoneNumbers: [{ value: '2', type: 'work' }], emails: emails as Json }
    assert.deepEqual(settledOn(user, sent, { source: 'scim', now: NOW, ranking }).resource.emails, emails)
  })

  it('a channel stands for all its sources, and one that is not named is the lowest', () => {
    const byScim = aUser(aResource({ title: 'Prof' }), 'scim:entra')
    assert.deepEqual(after(byScim, 'api', 'title', 'x', SIS_FIRST).withheld, ['title'])
    assert.deepEqual(after(byScim, 'scim:okta', 'title', 'x', SIS_FIRST).withheld, [])
  })
})

describe('a person who was turned inactive', () => {
  for (const [who, by, fromStart, ranking, comes] of [
    ['is not brought back by another source', 'file', false, UNRANKED, false],
    ['is brought back by the same source', 'scim', false, UNRANKED, true],
    ['is brought back by an administrator', 'admin', false, UNRANKED, true],
    ['is activated by any source when made inactive', 'file', true, UNRANKED, true],
    ['is brought back by a higher-ranked source', 'file:sis', false, SIS_FIRST, true],
    ['is not brought back by a lower-ranked source', 'api', false, SIS_FIRST, false],
  ] as const) {
    it(who, () => {
      const inactive = { since: 0, by: 'scim' as const, ...(fromStart ? { fromStart: true as const } : {}) }
      const user = aUser(aResource({ active: false }), 'scim', { inactive })
      const settled = after(user, by, 'active', true, ranking)
      assert.equal(settled.resource.active, comes)
      assert.deepEqual(settled.withheld, comes ? [] : ['active'])
    })
  }

  it('shows active as it is in force, to the source that claims otherwise too', () => {
    const user = aUser(aResource({ active: false }), 'file:sis', { inactive: { since: 0, by: 'file:sis' } })
    const claimed = store(user, after(user, 'scim', 'active', true, SIS_FIRST))
    assert.equal(claimed.claims?.length, 1)
    assert.equal(seenBy(claimed, 'scim').active, false)
  })

  it('leaves no claim without a ranking, since whoever turned a person inactive has nothing to let go of', () => {
    const user = aUser(aResource({ active: false }), 'scim', { inactive: { since: 0, by: 'scim' } })
    const settled = after(user, 'scim:okta', 'active', true, UNRANKED)
    assert.deepEqual([settled.withheld, settled.claims], [['active'], []])
  })

  it('stays so when a source leaves active out', () => {
    const user = aUser(aResource({ active: false, title: 'Dr' }), 'scim')
    assert.deepEqual(settledOn(user, { title: 'Prof' }, { source: 'scim', now: NOW, ranking: UNRANKED }).resource, {
      title: 'Prof',
      active: false,
    })
  })
})

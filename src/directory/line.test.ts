import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aChange, aDelete, anInstitution, aPost } from '../../test/builders.ts'
import { storeWith } from '../../test/store-with.ts'
import { temporaryFile } from '../../test/stores.ts'
import { EVERYTHING } from '../store/predicate.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store, Write } from '../store/store.ts'
import { StoreError } from '../store/store.ts'
import { apply } from './apply.ts'
import type { Change } from './change.ts'
import { Line, MOST_OPEN } from './line.ts'
import { SLICE } from './slice.ts'
import type { User } from './user.ts'

const openStore = () => openSqlite({ path: temporaryFile('line.db') })
const many = (from: number, number = SLICE): Change[] =>
  Array.from({ length: number }, (_, n) => aChange({ netid: `n${from + n}`, title: 'new' }))

/** Somebody whom nobody knew a short while ago. */
function aNewcomer(netid: string): Change {
  const asked = aChange({ netid, title: 'known' })
  return { ...asked, target: { keys: {} }, ifKnown: () => asked }
}

/** The store with something done before each of its writes. */
function before(store: Store, hook: (call: number, writes: readonly Write[]) => Promise<void>): Store {
  let calls = 0
  return storeWith(store, {
    write: async (...given) => {
      await hook(++calls, given[0])
      return store.write(...given)
    },
  })
}

async function titlesIn(store: Store, institution: string): Promise<(string | undefined)[]> {
  const users = (await store.find('users', institution, { where: EVERYTHING, limit: 1000 })) as User[]
  return users.map(({ resource }) => resource.title as string | undefined)
}

describe('a line of changes', () => {
  it('plans the next slices while one is being written, and not all of them', async () => {
    await using store = await openStore()
    const { promise: isLetOn, resolve: letOn } = Promise.withResolvers<void>()
    const { promise: isLast, resolve: last } = Promise.withResolvers<void>()
    let most = 0
    const held = before(store, async (call) => {
      most = call
      if (call === MOST_OPEN) last()
      await isLetOn
    })
    const uni = anInstitution()
    const outcomes = new Line(held, uni).apply(many(0, (MOST_OPEN + 2) * SLICE), uni)
    await isLast
    // Another would have been planned by the time that another slice is planned and written.
    await apply(store, anInstitution(), many(0))
    assert.equal(most, MOST_OPEN)
    letOn()
    assert.ok((await outcomes).every(({ kind }) => kind === 'created'))
    assert.equal(most, MOST_OPEN + 2)
  })

  it('plans what comes while everything before it is being written', async () => {
    await using store = await openStore()
    const { promise: isLetOn, resolve: letOn } = Promise.withResolvers<void>()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const held = before(store, async (call) => {
      if (call === 2) second.resolve()
      else first.resolve()
      await isLetOn
    })
    const uni = anInstitution()
    const line = new Line(held, uni)
    const some = line.apply(many(0, 1), uni)
    await first.promise
    const more = line.apply(many(1, 1), uni)
    await second.promise
    letOn()
    assert.deepEqual(
      [await some, await more].flat().map(({ kind }) => kind),
      ['created', 'created'],
    )
  })

  it('keeps the order of calls about one person when one of them loses a race', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    await apply(store, uni, many(0, 1))
    const raced = before(store, async (call) => {
      if (call === 1) await apply(store, uni, [aChange({ netid: 'n0', title: 'of another process' })])
    })
    // The longest pause before what was lost is tried again.
    const line = new Line(raced, uni, { random: () => 1 })
    const outcomes = await Promise.all([
      line.apply([aChange({ netid: 'n0', title: 'first' }), ...many(1)], uni),
      line.apply([aChange({ netid: 'n0', title: 'second' }), ...many(300)], uni),
      line.apply([aChange({ netid: 'n0', title: 'third' })], uni),
    ])
    assert.deepEqual(
      outcomes.map(([outcome]) => outcome?.kind),
      ['updated', 'updated', 'updated'],
    )
    assert.equal((await titlesIn(store, uni._id)).filter((title) => title !== 'new').join(), 'third')
  })

  it('keeps the order of changes of one person when whoever gave up a key for the first of them loses a race', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const [leaver] = await apply(store, uni, [aPost({ netid: 'old', userName: 'old', email: 'ada@uni.edu' })])
    assert.ok(leaver?.kind === 'created')
    await apply(store, uni, [aDelete(leaver.user)])
    const raced = before(store, async (call) => {
      if (call === 1) await apply(store, uni, [aChange({ netid: 'old', title: 'Dr' }, { source: 'scim' })])
    })
    const outcomes = await new Line(raced, uni).apply(
      [aChange({ netid: 'new', email: 'ada@uni.edu' }), aChange({ netid: 'new', email: 'ada.l@uni.edu' })],
      uni,
    )
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['created', 'updated'],
    )
    const [found] = (await store.lookUp('users', uni._id, { keys: { netid: ['new'] } })) as User[]
    assert.equal(found?.keys.email, 'ada.l@uni.edu')
  })

  it('makes a person whom nobody knew without asking the store', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const unasked = storeWith(store, { lookUp: () => assert.fail('the store was asked') })
    const outcomes = await new Line(unasked, uni).apply([aNewcomer('n0'), aNewcomer('n1')], uni)
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['created', 'created'],
    )
  })

  for (const [who, stored, earlier] of [
    ['in the store', 1, 0],
    ['of a change before', 0, 1],
    ['of a slice before, which is being written', 0, SLICE],
  ] as const) {
    it(`asks what else there is where a person whom nobody knew is one ${who} by now`, async () => {
      await using store = await openStore()
      const uni = anInstitution()
      await apply(store, uni, many(0, stored))
      const outcomes = await new Line(store, uni).apply([...many(0, earlier), aNewcomer('n0'), aNewcomer('n700')], uni)
      assert.deepEqual(
        outcomes.slice(earlier).map(({ kind }) => kind),
        ['updated', 'created'],
      )
      assert.equal((await titlesIn(store, uni._id)).length, stored + earlier + 1)
    })
  }

  it('tells the version of who has it when a change is refused for an older one and its record loses a race', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const [made] = await apply(store, uni, many(0, 1))
    assert.ok(made?.kind === 'created')
    const raced = before(store, async (call) => {
      if (call === 1) await apply(store, uni, [aChange({ netid: 'n0', title: 'of another process' })])
    })
    const onlyThen = aChange({ netid: 'n0', title: 'later' }, { ifVersion: (version) => version === made.user.version })
    const [, refused] = await new Line(raced, uni).apply([aChange({ netid: 'n0', title: 'first' }), onlyThen], uni)
    const stored = await store.lookUp('users', uni._id, { keys: { netid: ['n0'] } })
    assert.deepEqual(refused, { kind: 'stale', version: stored[0]?.version })
  })

  it('tells nobody that a record is as they want it when that record was not written', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const raced = before(store, async (call) => {
      if (call === 1) await apply(store, uni, [aChange({ netid: 'n0', title: 'of another process' })])
    })
    const line = new Line(raced, uni)
    const [[made], [same]] = await Promise.all([line.apply(many(0, 1), uni), line.apply(many(0, 1), uni)])
    assert.ok(made?.kind === 'updated' && same?.kind === 'unchanged')
    assert.equal(same.user.version, made.user.version)
    assert.deepEqual(await titlesIn(store, uni._id), ['new'])
  })

  it('forgets what is written, so that it sees what another process makes of it', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const line = new Line(store, uni)
    await line.apply(many(0, 1), uni)
    await apply(store, uni, [aChange({ netid: 'n0', title: 'of another process' })])
    const [outcome] = await line.apply(many(0, 1), uni)
    assert.equal(outcome?.kind, 'updated')
    assert.deepEqual(await titlesIn(store, uni._id), ['new'])
  })

  it('goes by the settings that the institution has when a call comes', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const line = new Line(store, uni)
    await line.apply(many(0, 1), uni)
    const [outcome] = await line.apply(many(1, 1), { ...uni, settings: { defaultAccountType: 'Guest' } })
    assert.partialDeepStrictEqual(outcome, { kind: 'created', user: { resource: { userType: 'Guest' } } })
  })

  it('plans a slice on what those before it will have done, so that nothing is written in vain', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    let written = 0
    const counted = before(store, async (_, writes) => {
      written += writes.length
    })
    const later = Array.from({ length: SLICE }, (_, n) => aChange({ netid: `n${n}`, title: 'newer' }))
    const outcomes = await new Line(counted, uni).apply([...many(0), ...later], uni)
    assert.ok(outcomes.slice(SLICE).every(({ kind }) => kind === 'updated'))
    assert.equal(written, 2 * SLICE)
  })

  it('writes nothing of who is as the change wants it', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    await apply(store, uni, many(0, 2))
    let written = 0
    const counted = before(store, async (_, writes) => {
      written += writes.length
    })
    await new Line(counted, uni).apply([...many(0, 2), aChange({ netid: 'n0', title: 'newer' })], uni)
    assert.equal(written, 1)
  })

  it('fails a call with the store, leaves the rest of it undone, and goes on with others on what is stored', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const failing = before(store, async (call) => {
      if (call === 1) throw new StoreError('unavailable', 'gone for a moment')
    })
    const line = new Line(failing, uni)
    const lost = line.apply(many(0, 5 * SLICE), uni)
    const found = line.apply(many(0, 1), uni)
    await assert.rejects(lost, /gone for a moment/)
    assert.deepEqual(
      (await found).map(({ kind }) => kind),
      ['created'],
    )
    assert.ok((await titlesIn(store, uni._id)).length <= (MOST_OPEN - 1) * SLICE + 1)
  })

  it('fails with one call of a list all that come later, and does nothing of them', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const failing = before(store, async (call) => {
      if (call === 1) throw new StoreError('unavailable', 'gone for a moment')
    })
    const line = new Line(failing, uni, { isOneList: true })
    const calls = [line.apply(many(0), uni), line.apply(many(0), uni), line.apply(many(0, 2), uni)]
    for (const call of await Promise.allSettled(calls)) assert.equal(call.status, 'rejected')
    await assert.rejects(line.apply(many(0, 1), uni), /gone for a moment/)
    assert.deepEqual(await titlesIn(store, uni._id), [])
  })

  it('tells an observer of every change once', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    const raced = before(store, async (call) => {
      if (call === 1) await apply(store, uni, many(3, 2))
    })
    const seen: string[] = []
    const line = new Line(raced, uni, { observe: (_, outcomes) => seen.push(...outcomes.map(({ kind }) => kind)) })
    await line.apply(many(0, 10), uni)
    assert.deepEqual(seen.toSorted(), [...Array(8).fill('created'), 'unchanged', 'unchanged'])
  })

  it('stores large changes of one person by and by, and all of them in their order', async () => {
    await using store = await openStore()
    const uni = anInstitution()
    let most = 0
    const measured = before(store, async (_, writes) => {
      for (const { events } of writes) most = Math.max(most, JSON.stringify(events).length)
    })
    const large = Array.from({ length: 12 }, (_, n) => withPhotos('ada', `${n}`))
    const changes = [...large, ...many(0, 3), ...large]
    const outcomes = await new Line(measured, uni).apply(changes, uni)
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['created', ...Array(11).fill('updated'), ...Array(3).fill('created'), ...Array(12).fill('updated')],
    )
    assert.ok(most < 6_000_000, `${most} characters at once`)
    assert.equal(await store.count('events', uni._id, EVERYTHING), 27)
    const [ada] = (await store.lookUp('users', uni._id, { keys: { netid: ['ada'] } })) as User[]
    assert.match(JSON.stringify(ada?.resource.photos), /^\[{"value":"11-/)
    const rehearsed = await apply(store, anInstitution(), changes, { dryRun: true })
    assert.deepEqual(
      rehearsed.map(({ kind }) => kind),
      outcomes.map(({ kind }) => kind),
    )
  })
})

/** About a million characters. */
function withPhotos(netid: string, name: string): Change {
  const photos = Array.from({ length: 30 }, () => ({ value: `${name}-${'p'.repeat(32_000)}` }))
  const change = aChange({ netid })
  return {
    ...change,
    edit: (current, context) => {
      const draft = change.edit(current, context)
      return 'kind' in draft ? draft : { ...draft, resource: { ...draft.resource, photos } }
    },
  }
}

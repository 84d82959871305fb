import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange, aDelete, aPost } from '../../test/builders.ts'
import { countingTrips } from '../../test/store-trips.ts'
import { storeWith } from '../../test/store-with.ts'
import { forEachStore } from '../../test/stores.ts'
import { DAY_MS } from '../days.ts'
import { apply } from '../directory/apply.ts'
import type { Change } from '../directory/change.ts'
import type { Institution } from '../directory/institution.ts'
import { getInstitution } from '../directory/institution.ts'
import { changeInstitution, createInstitution } from '../directory/institution-changes.ts'
import { purgeUser } from '../directory/purge.ts'
import type { Settings } from '../directory/settings.ts'
import type { Json, Source, User } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { StoreError } from '../store/store.ts'
import { purgeDaily } from './purge-deleted.ts'

const START = Date.parse('2026-03-01T12:00:00Z')
const ADA = { userName: 'ada', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }
const AFTER_30 = { scim: { purgeAfterDays: 30 } }
const BY = { source: 'admin' } as const
const never = new AbortController().signal

await forEachStore((name, place) => {
  describe(`people whom every source has deleted, on ${name}`, () => {
    let spot: ReturnType<typeof place>
    let store: Store
    let worlds = 0
    before(async () => {
      spot = place()
      store = await spot.open()
    })
    after(() => store[Symbol.asyncDispose]())

    /** An institution of its own, and a clock that the test sets. */
    async function aWorld(settings: Settings = AFTER_30) {
      const id = `uni-${worlds++}`
      const made = await createInstitution(store, { id, name: id, settings: settings as Json, by: BY, now: START })
      assert.equal(made.kind, 'created')
      const clock = { at: START + 1000 }
      const now = () => clock.at
      const told: number[] = []
      const current = async () => (await getInstitution(store, id)) as Institution
      const say = async (change: Change): Promise<User> => {
        const [outcome] = await apply(store, await current(), [change], { now })
        assert.ok(outcome !== undefined && 'user' in outcome, JSON.stringify(outcome))
        return outcome.user
      }
      const subjectEvents = async (subject: string) =>
        store.find('events', id, { where: { op: 'eq', path: 'subject', value: subject }, limit: 100 })
      return {
        id,
        clock,
        told,
        say,
        current,
        post: (source: Source = 'scim', person = ADA) => say(aPost(person, source)),
        leave: (user: User, source: Source = 'scim') => say(aDelete(user, source)),
        /** A visit so long after the last one that something was said. */
        visit: async (laterMs: number, { over = store, as }: { over?: Store; as?: Institution } = {}) => {
          clock.at += laterMs
          const onPurged = (_: string, people: number) => told.push(people)
          await purgeDaily(as ?? (await current()), { store: over, onPurged, now }, never)
        },
        isThere: async (user: User) => (await store.get('users', id, user._id)) !== undefined,
        kinds: async (user: User) => (await subjectEvents(user._id)).map(({ kind }) => kind),
        trace: async (user: User) => subjectEvents(user._id),
        notes: () => store.count('purges', id, EVERYTHING),
        /** An answer that shows the person, as the API keeps it for whoever sends a request twice. */
        keep: async ({ _id, resource }: User) => {
          const dates = { since: clock.at, expires: Date.now() + DAY_MS }
          const doc = {
            _id: 'key',
            institution: id,
            version: '1',
            request: 'r',
            ...dates,
            about: _id,
            answer: { body: resource },
          }
          await store.write([{ collection: 'idempotency', op: 'insert', doc }])
        },
        kept: async () => JSON.stringify(await store.find('idempotency', id, { where: EVERYTHING, limit: 9 })),
      }
    }

    it('are erased with their history, and one event says so', async () => {
      const world = await aWorld()
      const ada = await world.leave(await world.post())
      await world.visit(31 * DAY_MS)
      assert.equal(await world.isThere(ada), false)
      const trace = await world.trace(ada)
      assert.deepEqual(
        trace.map(({ kind, source, credential, at }) => ({ kind, source, credential, at })),
        [{ kind: 'user.purged', source: 'admin', credential: 'setting:scim.purgeAfterDays', at: world.clock.at }],
      )
      assert.doesNotMatch(JSON.stringify(trace), /ada@|lovelace/i)
      assert.deepEqual([world.told, await world.notes()], [[1], 0])
      assert.notEqual((await world.post())._id, ada._id)
    })

    it('are erased side by side: ten take no more round trips one after the other than one', async () => {
      const { store: counted, tripsOf } = countingTrips(store)
      const roundsOf = async (people: number) => {
        const world = await aWorld()
        for (let n = 0; n < people; n++) {
          await world.leave(await world.post('scim', { ...ADA, userName: `ada${n}`, email: `ada${n}@uni.edu` }))
        }
        const { rounds } = await tripsOf(() => world.visit(31 * DAY_MS, { over: counted }))
        assert.deepEqual(world.told, [people])
        return rounds
      }
      assert.equal(await roundsOf(10), await roundsOf(1))
    })

    it('are erased when each of several clients has deleted them', async () => {
      const world = await aWorld()
      const ada = await world.post()
      await world.post('scim:okta')
      await world.leave(ada)
      await world.leave(ada, 'scim:okta')
      await world.visit(31 * DAY_MS)
      assert.equal(await world.isThere(ada), false)
    })

    it('are kept to the last millisecond of the last day', async () => {
      for (const [laterMs, isThere] of [
        [30 * DAY_MS - 1, true],
        [30 * DAY_MS, true],
        [30 * DAY_MS + 1, false],
      ] as const) {
        const world = await aWorld()
        const ada = await world.leave(await world.post())
        await world.visit(laterMs)
        assert.equal(await world.isThere(ada), isThere, `${laterMs} ms`)
      }
    })

    it('are kept for all the days since the deletion, however long they were inactive before', async () => {
      const world = await aWorld()
      const ada = await world.post()
      await world.say(aChange({ active: false }, { source: 'scim', target: { id: ada._id } }))
      world.clock.at += 100 * DAY_MS
      await world.leave(ada)
      await world.visit(29 * DAY_MS)
      assert.equal(await world.isThere(ada), true)
      await world.visit(2 * DAY_MS)
      assert.equal(await world.isThere(ada), false)
    })

    it('are kept for all the days since anybody last changed the record', async () => {
      const world = await aWorld()
      const ada = await world.leave(await world.post())
      world.clock.at += 20 * DAY_MS
      await world.say(aChange({ title: 'Countess' }, { source: 'scim', target: { id: ada._id } }))
      await world.visit(29 * DAY_MS)
      assert.equal(await world.isThere(ada), true)
    })

    type World = Awaited<ReturnType<typeof aWorld>>
    /** Each makes a person whom SCIM deletes in the end. */
    const SPARED: readonly (readonly [why: string, make: (world: World) => Promise<User>, settings?: Settings])[] = [
      [
        'a file brought them, even where SCIM said otherwise of everything since',
        async ({ say, post }) => {
          await say(aChange({ email: ADA.email, first: 'A.', last: 'L.' }))
          return post()
        },
      ],
      [
        'a REST client gave something',
        async ({ say, post }) => {
          const ada = await post()
          await say(aChange({ email: ADA.email, title: 'Countess' }, { source: 'api:sis' }))
          return ada
        },
      ],
      [
        'a sign-in gave something',
        async ({ say, post }) => {
          const ada = await post()
          await say(aChange({ email: ADA.email, title: 'Countess' }, { source: 'saml:idp' }))
          return ada
        },
      ],
      [
        'a file says something that is withheld',
        async ({ say, post }) => {
          const ada = await post()
          await say(aChange({ email: ADA.email, title: 'Countess' }))
          return ada
        },
        { authority: { title: ['scim', 'file'] } },
      ],
      [
        'a roster let them go, which only deactivates',
        async ({ say, post }) => {
          const ada = await post()
          await say(aChange({ email: ADA.email, title: 'Countess' }, { source: 'file:sis' }))
          await say({ ...aDelete(ada, 'file:sis'), intent: 'update' })
          return ada
        },
      ],
      ['another client still has them', ({ post }) => post().then(() => post('scim:okta'))],
      [
        'another client put them into a group',
        async ({ say, post }) => {
          const ada = await post()
          const edit: Change['edit'] = (current) => ({
            resource: current?.resource ?? {},
            membership: { memberOf: ['g1'], told: [{ slot: 'memberOf[g1]', new: 'Staff' }] },
          })
          return say({ target: { id: ada._id }, intent: 'update', source: 'scim:okta', edit })
        },
      ],
    ]
    for (const [why, make, settings = {}] of SPARED) {
      it(`are spared when ${why}`, async () => {
        const world = await aWorld({ ...settings, ...AFTER_30 })
        const ada = await make(world)
        await world.leave(ada)
        await world.visit(400 * DAY_MS)
        assert.equal(await world.isThere(ada), true)
        assert.deepEqual(world.told, [])
      })
    }

    it('are spared when somebody above the client that deleted them keeps them active', async () => {
      const world = await aWorld({ ...AFTER_30, authority: { active: ['scim:hr', 'scim'] } })
      const ada = await world.post('scim:hr')
      await world.post()
      await world.leave(ada)
      await world.say({
        ...aDelete(ada, 'scim:hr'),
        edit: (current) => ({ resource: current?.resource ?? {}, binding: { state: 'deleted' } }),
      })
      await world.visit(400 * DAY_MS)
      assert.equal(await world.isThere(ada), true)
    })

    it('are erased although somebody else took a key from the record', async () => {
      const world = await aWorld()
      const ada = await world.leave(await world.say(aPost({ ...ADA, netid: 'a1' })))
      await world.say(aPost({ ...ADA, userName: 'ada2', netid: 'a2' }, 'scim:okta'))
      assert.ok((await world.kinds(ada)).includes('user.key_released'))
      await world.visit(31 * DAY_MS)
      assert.equal(await world.isThere(ada), false)
    })

    it('are no people whom nobody has deleted, or who came back', async () => {
      const world = await aWorld()
      const inactive = await world.post('scim', { ...ADA, userName: 'bob', email: 'bob@uni.edu' })
      await world.say(aChange({ active: false }, { source: 'scim', target: { id: inactive._id } }))
      const ada = await world.leave(await world.post())
      world.clock.at += 10 * DAY_MS
      assert.equal((await world.post())._id, ada._id)
      await world.visit(400 * DAY_MS)
      assert.deepEqual([await world.isThere(inactive), await world.isThere(ada)], [true, true])
    })

    for (const [when, interfering] of [
      [
        'while the history is looked at',
        (meanwhile: () => Promise<unknown>): Partial<Store> => ({
          find: async (collection, ...rest) => {
            if (collection === 'events') await meanwhile()
            return store.find(collection, ...rest)
          },
        }),
      ],
      [
        'at the very moment of the erasure',
        (meanwhile: () => Promise<unknown>): Partial<Store> => ({
          write: async (writes, lane) => {
            if (writes.some(({ collection, op }) => collection === 'users' && op === 'delete')) await meanwhile()
            return store.write(writes, lane)
          },
        }),
      ],
    ] as const) {
      it(`are spared when a client binds them again ${when}`, async () => {
        const world = await aWorld()
        const ada = await world.leave(await world.post())
        let back: User | undefined
        const meanwhile = async () => {
          back ??= await world.post()
        }
        await world.visit(31 * DAY_MS, { over: storeWith(store, interfering(meanwhile)) })
        assert.equal(back?._id, ada._id)
        assert.equal(await world.isThere(ada), true)
        assert.deepEqual([...new Set(await world.kinds(ada))].sort(), ['user.activated', 'user.created', 'user.deleted'])
        assert.deepEqual(world.told, [])
      })
    }

    it('are erased once by two processes that look at the same time, however many they are', async () => {
      const world = await aWorld()
      // More than a page; FerretDB, which has no index of events, takes seconds a person.
      const number = name === 'sqlite' ? 101 : 3
      const names = Array.from({ length: number }, (_, index) => ({ userName: `user${index}`, email: `user${index}@uni.edu` }))
      const now = () => world.clock.at
      const institution = await world.current()
      const made = await apply(
        store,
        institution,
        names.map((one) => aPost(one)),
        { now },
      )
      const people = made.map((outcome) => (outcome as { user: User }).user)
      await apply(
        store,
        institution,
        people.map((user) => aDelete(user)),
        { now },
      )
      const other = await spot.open()
      try {
        world.clock.at += 31 * DAY_MS
        await Promise.all([world.visit(0), world.visit(0, { over: other })])
        await Promise.all([world.visit(0), world.visit(0, { over: other })])
      } finally {
        await other[Symbol.asyncDispose]()
      }
      assert.deepEqual([world.told, await store.count('users', world.id, EVERYTHING)], [[number], 0])
      assert.equal(await store.count('events', world.id, { op: 'eq', path: 'kind', value: 'user.purged' }), number)
      assert.equal(await store.count('events', world.id, { op: 'sw', path: 'kind', value: 'user.' }), number)
    })

    it('leave one event when two processes erase one of them at once', async () => {
      const world = await aWorld()
      const ada = await world.leave(await world.post())
      const given = { institution: world.id, id: ada._id, by: BY, now: world.clock.at, ifVersion: ada.version }
      const other = await spot.open()
      try {
        await Promise.all([purgeUser(store, given), purgeUser(other, given)])
      } finally {
        await other[Symbol.asyncDispose]()
      }
      assert.deepEqual(await world.kinds(ada), ['user.purged'])
    })

    it('are gone for good with the next night, wherever the first one was interrupted', async () => {
      let isBroken = true
      for (let at = 1; isBroken; at++) {
        for (const isDone of [false, true]) {
          const world = await aWorld()
          const ada = await world.leave(await world.post())
          await world.keep(ada)
          let writes = 0
          const write: Store['write'] = async (...args) => {
            writes += 1
            if (writes !== at) return store.write(...args)
            if (isDone) await store.write(...args)
            throw new StoreError('unavailable', 'the power is gone')
          }
          const broken = world.visit(31 * DAY_MS, { over: storeWith(store, { write }) })
          await broken.catch((error) => assert.match(String(error), /the power is gone/))
          isBroken = writes >= at
          await world.visit(DAY_MS)
          assert.deepEqual([await world.kinds(ada), await world.notes()], [['user.purged'], 0], `write ${at}, done: ${isDone}`)
          assert.doesNotMatch(await world.kept(), /ada@/, `write ${at}, done: ${isDone}`)
        }
      }
    })

    it('are looked for once a day, at night, where the institution is', async () => {
      const world = await aWorld({ ...AFTER_30, files: { timeZone: 'America/New_York' } })
      const ada = await world.leave(await world.post())
      await world.visit(30 * DAY_MS)
      await world.visit(1000)
      assert.equal(await world.isThere(ada), true)
      // 04:00 in New York is 08:00 UTC at that time of the year.
      await world.visit(20 * 3_600_000 - 2002)
      assert.equal(await world.isThere(ada), true)
      await world.visit(2)
      assert.equal(await world.isThere(ada), false)
    })

    it('of another institution are left alone', async () => {
      const [mine, without, longer] = [await aWorld(), await aWorld({}), await aWorld({ scim: { purgeAfterDays: 365 } })]
      const [ada, theirs, others] = [
        await mine.leave(await mine.post()),
        await without.leave(await without.post()),
        await longer.leave(await longer.post()),
      ]
      for (const world of [mine, without, longer]) await world.visit(31 * DAY_MS)
      assert.deepEqual(
        [await mine.isThere(ada), await without.isThere(theirs), await longer.isThere(others)],
        [false, true, true],
      )
      assert.equal((await without.kinds(theirs)).length, 2)
    })

    it('stay where the setting is null', async () => {
      const world = await aWorld({ scim: { purgeAfterDays: null } })
      const ada = await world.leave(await world.post())
      await world.visit(4000 * DAY_MS)
      assert.equal(await world.isThere(ada), true)
    })

    it('stay where the setting is taken away while people are looked for', async () => {
      const world = await aWorld()
      const ada = await world.leave(await world.post())
      const as = await world.current()
      await changeInstitution(store, { id: world.id, settings: { scim: null }, by: BY, now: world.clock.at })
      await world.visit(31 * DAY_MS, { as })
      assert.equal(await world.isThere(ada), true)
    })

    it('stay until the night after the setting', async () => {
      const world = await aWorld({})
      const ada = await world.leave(await world.post())
      world.clock.at += 31 * DAY_MS
      await changeInstitution(store, { id: world.id, settings: AFTER_30, by: BY, now: world.clock.at })
      await world.visit(60_000)
      assert.equal(await world.isThere(ada), true)
      await world.visit(DAY_MS)
      assert.equal(await world.isThere(ada), false)
    })
  })
})

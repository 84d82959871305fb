import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { aChange, aDelete, anInstitution, aPost } from '../../test/builders.ts'
import { storeWith } from '../../test/store-with.ts'
import { forEachStore } from '../../test/stores.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { apply } from './apply.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import type { Settings } from './settings.ts'
import { SLICE } from './slice.ts'
import type { User } from './user.ts'

const all = async (store: Store, collection: 'users' | 'events', institution: Institution): Promise<Doc[]> =>
  store.find(collection, institution._id, { where: EVERYTHING, limit: 10_000 })

const people = async (store: Store, institution: Institution) => (await all(store, 'users', institution)) as User[]
const codeOf = (outcome: Outcome) => (outcome.kind === 'conflict' ? outcome.code : outcome.kind)
const kinds = (outcomes: readonly Outcome[]) => outcomes.map(({ kind }) => kind)

function userOf(outcome: Outcome | undefined): User {
  assert.ok(outcome !== undefined && 'user' in outcome, `expected a record, got ${JSON.stringify(outcome)}`)
  return outcome.user
}

/** Each version of a record but those that only clear a key has one event of that id. */
async function assertEachWriteHasItsEvent(store: Store, institution: Institution): Promise<void> {
  const events = new Set((await all(store, 'events', institution)).map(({ _id }) => _id))
  for (const user of await people(store, institution))
    assert.ok(events.has(user.version), `${user._id} has no event of its last write`)
}

await forEachStore((name, place) => {
  describe(`apply on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())
    const run = (institution: Institution, ...changes: Change[]) => apply(store, institution, changes)

    it('creates, finds again by any key, updates, and leaves what is the same alone', async () => {
      const uni = anInstitution()
      const [made] = await run(uni, aChange({ netid: 'ada1', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }))
      assert.equal(made?.kind, 'created')
      const [changed] = await run(uni, aChange({ email: 'ADA@uni.edu', title: 'Prof' }))
      assert.partialDeepStrictEqual(changed, { kind: 'updated', matchedOn: 'email' })
      assert.equal(userOf(changed)._id, userOf(made)._id)
      const [same] = await run(uni, aChange({ netid: 'ada1', title: 'Prof' }))
      assert.equal(same?.kind, 'unchanged')
      assert.equal(userOf(same).version, userOf(changed).version)
      assert.deepEqual(userOf(same).resource.name, { givenName: 'Ada', familyName: 'Lovelace' })
      assert.equal((await all(store, 'events', uni)).length, 2)
    })

    it('keeps the history in order where a process with a clock that is ahead had a part in it', async () => {
      const uni = anInstitution()
      const made = userOf((await run(uni, aChange({ netid: 'a', email: 'a@uni.edu' })))[0])
      const ahead = { ...made, version: '0fffffff-ffff-7fff-bfff-ffffffffffff' }
      await store.write([{ collection: 'users', op: 'replace', doc: ahead, expected: made.version }])
      await run(uni, aChange({ netid: 'a', title: 'Dr' }), aChange({ netid: 'a', title: 'Prof' }))
      const [, dr, prof] = await all(store, 'events', uni)
      assert.partialDeepStrictEqual([dr?.differences, prof?.differences], [[{ new: 'Dr' }], [{ old: 'Dr', new: 'Prof' }]])
      assert.ok(String(dr?._id) > ahead.version)
    })

    it('tells in an event who changed what, from which source, old and new', async () => {
      const uni = anInstitution()
      await run(uni, aChange({ netid: 'a', title: 'Dr' }))
      await run(uni, aChange({ netid: 'a', title: 'Prof' }, { source: 'api:crm', credential: 'token-1', run: 'r1', row: 7 }))
      const events = await all(store, 'events', uni)
      assert.partialDeepStrictEqual(events[1], {
        kind: 'user.updated',
        source: 'api:crm',
        credential: 'token-1',
        run: 'r1',
        row: 7,
        matchedOn: 'netid',
        differences: [{ slot: 'title', old: 'Dr', new: 'Prof' }],
      })
    })

    it('applies changes of one batch that meet on one person in order, as one write with an event each', async () => {
      const uni = anInstitution()
      const outcomes = await run(
        uni,
        aChange({ netid: 'a', title: '1' }),
        aChange({ netid: 'a', title: '2' }),
        aChange({ netid: 'a', email: 'a@uni.edu' }),
      )
      assert.deepEqual(kinds(outcomes), ['created', 'updated', 'updated'])
      const [user, ...others] = await people(store, uni)
      assert.equal(others.length, 0)
      assert.partialDeepStrictEqual(user, { resource: { title: '2' }, keys: { netid: 'a', email: 'a@uni.edu' } })
      assert.equal((await all(store, 'events', uni)).length, 3)
    })

    it('refuses a change whose keys belong to two people, names both, and writes nothing of it', async () => {
      const uni = anInstitution()
      const [ada, bob] = await run(uni, aChange({ netid: 'a', email: 'a@uni.edu' }), aChange({ netid: 'b', email: 'b@uni.edu' }))
      const [refused] = await run(uni, aChange({ netid: 'a', email: 'b@uni.edu', title: 'x' }))
      assert.partialDeepStrictEqual(refused, {
        kind: 'conflict',
        code: 'key_conflict',
        key: 'email',
        records: [userOf(ada)._id, userOf(bob)._id],
      })
      assert.ok((await people(store, uni)).every(({ resource }) => resource.title === undefined))
    })

    it("refuses keys of two people also where the one that is another's would be kept back", async () => {
      const uni = anInstitution({ authority: { email: ['scim', 'file'] } })
      await run(uni, aPost({ netid: 'a', email: 'a@uni.edu' }), aPost({ netid: 'b', email: 'b@uni.edu' }))
      const [kept] = await run(uni, aChange({ netid: 'a', email: 'c@uni.edu' }))
      assert.partialDeepStrictEqual(kept, { kind: 'updated', withheld: ['emails[work]'] })
      const [refused] = await run(uni, aChange({ netid: 'a', email: 'b@uni.edu' }))
      assert.partialDeepStrictEqual(refused, { kind: 'conflict', code: 'key_conflict', key: 'email' })
    })

    it('finds people by the keys that the institution goes by, in its order', async () => {
      const uni = anInstitution({ matchOrder: ['email', 'netid'] })
      await run(uni, aChange({ netid: 'a', email: 'a@uni.edu', netid2: 'x' }))
      const [byEmail] = await run(uni, aChange({ netid: 'a', email: 'a@uni.edu', title: 'Dr' }))
      assert.partialDeepStrictEqual(byEmail, { kind: 'updated', matchedOn: 'email' })
      const [refused] = await run(uni, aChange({ netid2: 'x', title: 'Prof' }))
      assert.partialDeepStrictEqual(refused, { kind: 'conflict', code: 'key_conflict', key: 'netid2' })
    })

    it('refuses a record that is not what the schemas say, and names what is wrong', async () => {
      const uni = anInstitution()
      const [refused] = await run(uni, aChange({ netid: 'a' }, { edit: () => ({ resource: { title: 1 } }) }))
      assert.partialDeepStrictEqual(refused, { kind: 'invalid', problems: [{ field: 'title', code: 'invalid_value' }] })
      assert.deepEqual(await people(store, uni), [])
    })

    it('lets a later change take a key that an earlier one of the batch frees, a whole circle of them too', async () => {
      const uni = anInstitution()
      const mails = ['a', 'b', 'c', 'd']
      await run(uni, ...mails.map((id) => aChange({ netid: id, email: `${id}@uni.edu` })))
      const freeing = aChange({ netid: 'a', email: 'aside@uni.edu' })
      const taking = [
        ['d', 'a'],
        ['c', 'd'],
        ['b', 'c'],
        ['a', 'b'],
      ].map(([netid, from]) => aChange({ netid: netid as string, email: `${from}@uni.edu` }))
      const outcomes = await run(uni, freeing, ...taking)
      assert.deepEqual(kinds(outcomes), ['updated', 'updated', 'updated', 'updated', 'updated'])
      const held = Object.fromEntries((await people(store, uni)).map(({ keys }) => [keys.netid, keys.email]))
      assert.deepEqual(held, { a: 'b@uni.edu', b: 'c@uni.edu', c: 'd@uni.edu', d: 'a@uni.edu' })
      await assertEachWriteHasItsEvent(store, uni)
    })

    for (const source of ['scim', 'api', 'file', 'saml'] as const) {
      it(`keeps a leaver and the newcomer who got the address apart: ${source}`, async () => {
        const uni = anInstitution()
        const leaver = { netid: 'ada1', email: 'ada@uni.edu', userName: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }
        const newcomer = { ...leaver, netid: 'ada2', last: 'Yonath' }
        const [made] = await run(uni, aPost(leaver), aChange({ netid: 'ada1', active: false }, { source: 'scim' }))
        const [outcome] = await run(uni, source === 'scim' ? aPost(newcomer) : aChange(newcomer, { source }))
        assert.partialDeepStrictEqual(outcome, { kind: 'conflict', code: 'key_disagrees', records: [userOf(made)._id] })
        assert.equal((await people(store, uni)).length, 1)
      })
    }

    it('gives the address of a person whom every source has deleted to another one', async () => {
      const uni = anInstitution()
      const [made] = await run(uni, aPost({ netid: 'ada1', userName: 'ada@uni.edu', email: 'ada@uni.edu' }))
      await run(uni, aDelete(userOf(made)))
      const [next] = await run(uni, aPost({ netid: 'ada2', userName: 'ada@uni.edu', email: 'ada@uni.edu' }))
      assert.equal(next?.kind, 'created')
      const held = (await people(store, uni)).map(({ keys }) => keys)
      assert.deepEqual(held, [{ netid: 'ada1' }, { netid: 'ada2', userName: 'ada@uni.edu', email: 'ada@uni.edu' }])
      await assertEachWriteHasItsEvent(store, uni)
      const released = (await all(store, 'events', uni)).filter(({ kind }) => kind === 'user.key_released')
      assert.deepEqual(
        released.map(({ subject, differences }) => ({ subject, differences })),
        ['email', 'userName'].map((key) => ({
          subject: userOf(made)._id,
          differences: [{ slot: `key[${key}]`, old: 'ada@uni.edu' }],
        })),
      )
      const [later] = await run(uni, aChange({ netid: 'ada1', title: 'Dr' }))
      assert.partialDeepStrictEqual(later, { kind: 'updated', user: { keys: { netid: 'ada1' } } })
    })

    it('gives a person the address back when whoever got it has it no more, so that it never makes a second record', async () => {
      const uni = anInstitution()
      const leaver = { netid: 'ada1', userName: 'ada1', email: 'ada@uni.edu' }
      const [made] = await run(uni, aPost(leaver))
      await run(uni, aDelete(userOf(made)))
      const [newcomer] = await run(uni, aPost({ netid: 'ada2', userName: 'ada2', email: 'ada@uni.edu' }))
      const other = aChange({ netid: 'ada1', title: 'Dr' })
      assert.equal(userOf((await run(uni, other))[0]).keys.email, undefined)
      await run(uni, aChange({ email: 'ada2@uni.edu' }, { target: { id: userOf(newcomer)._id } }))
      const [back] = await run(uni, aPost(leaver))
      assert.partialDeepStrictEqual(back, { user: { _id: userOf(made)._id, keys: { email: 'ada@uni.edu' } } })
      const [met] = await run(uni, aChange({ email: 'ada@uni.edu', title: 'Prof' }))
      assert.equal(userOf(met)._id, userOf(made)._id)
      await assertEachWriteHasItsEvent(store, uni)
    })

    it('lets no client take on a record under a name that went to another person', async () => {
      const uni = anInstitution()
      const [made] = await run(uni, aPost({ netid: 'ada1', userName: 'ada' }))
      await run(uni, aDelete(userOf(made)))
      const [next] = await run(uni, aPost({ netid: 'ada2', userName: 'ada' }))
      const takeOn = (person: Parameters<typeof aPost>[0]) => ({
        ...aPost(person, 'scim:okta'),
        target: { id: userOf(made)._id },
      })
      const [refused] = await run(uni, takeOn({ title: 'Dr' }))
      const records = [userOf(made)._id, userOf(next)._id]
      assert.partialDeepStrictEqual(refused, { kind: 'conflict', code: 'key_conflict', key: 'userName', records })
      const [renamed] = await run(uni, takeOn({ title: 'Dr', userName: 'ada1' }))
      assert.partialDeepStrictEqual(renamed, { kind: 'updated', user: { keys: { userName: 'ada1' } } })
    })

    it('lets a person whose address went to another one have further addresses', async () => {
      const uni = anInstitution()
      const [made] = await run(uni, aPost({ netid: 'ada1', userName: 'ada1', email: 'ada@uni.edu' }))
      await run(uni, aDelete(userOf(made)))
      await run(uni, aPost({ netid: 'ada2', userName: 'ada2', email: 'ada@uni.edu' }))
      const emails = [
        { type: 'work', value: 'ada@uni.edu', primary: true },
        { type: 'home', value: 'ada@home.edu' },
      ]
      const edit: Change['edit'] = (current) => ({ resource: { ...current?.resource, emails } })
      const [outcome] = await run(uni, aChange({ netid: 'ada1' }, { edit }))
      assert.deepEqual([outcome?.kind, userOf(outcome).keys.email], ['updated', undefined])
    })

    it('leaves the default account type to whoever sends one, and to nobody who sends none', async () => {
      const uni = anInstitution({ defaultAccountType: 'Student' })
      const [made] = await run(uni, aPost({ userName: 'ada' }))
      const { resource, provenance } = userOf(made)
      assert.equal(resource.userType, 'Student')
      assert(!provenance.some(({ slots }) => slots.includes('userType')))
    })

    it('brings a deleted person back under the same id', async () => {
      const uni = anInstitution()
      const bind: Partial<Change> = {
        edit: () => ({ resource: { userName: 'ada@uni.edu', active: true }, binding: { state: 'bound' } }),
      }
      const [made, same] = await run(uni, aPost({ userName: 'ada@uni.edu' }), { ...aPost({ userName: 'ada@uni.edu' }), ...bind })
      assert.deepEqual([made?.kind, same?.kind], ['created', 'unchanged'])
      const [gone] = await run(uni, aDelete(userOf(made)))
      assert.partialDeepStrictEqual(userOf(gone), {
        resource: { active: false },
        bindings: [{ source: 'scim', state: 'deleted' }],
      })
      const [back] = await run(uni, aPost({ userName: 'ada@uni.edu' }))
      assert.partialDeepStrictEqual(userOf(back), {
        _id: userOf(made)._id,
        resource: { active: true },
        bindings: [{ state: 'bound' }],
      })
      assert.equal(userOf(back).inactive, undefined)
    })

    it('derives the userName from the e-mail until a client sets one, and falls back to the id where it is taken', async () => {
      const uni = anInstitution()
      const [byFile] = await run(uni, aChange({ netid: 'a', email: 'Ada@uni.edu' }))
      assert.partialDeepStrictEqual(userOf(byFile), { resource: { userName: 'Ada@uni.edu' }, userNameIsDerived: true })
      const [moved] = await run(uni, aChange({ netid: 'a', email: 'ada.l@uni.edu' }))
      assert.equal(userOf(moved).resource.userName, 'ada.l@uni.edu')
      const [same] = await run(uni, aChange({ netid: 'a', userName: 'ada.l@uni.edu' }))
      assert.partialDeepStrictEqual(same, { kind: 'updated', changed: [] })
      assert.equal(userOf(same).userNameIsDerived, undefined)
      assert.ok(userOf(same).provenance.some(({ slots }) => slots.includes('userName')))
      const [named] = await run(uni, aPost({ netid: 'a', userName: 'ada' }))
      assert.equal(userOf(named).userNameIsDerived, undefined)
      const [still] = await run(uni, aChange({ netid: 'a', email: 'lovelace@uni.edu' }))
      assert.equal(userOf(still).resource.userName, 'ada')
      await run(uni, aPost({ netid: 'b', userName: 'bob@uni.edu' }))
      const [third] = await run(uni, aChange({ netid: 'c', email: 'bob@uni.edu' }))
      assert.equal(userOf(third).resource.userName, userOf(third)._id)
    })

    it('ends a file record and a directory record of one netid as one', async () => {
      const uni = anInstitution()
      const [byFile] = await run(uni, aChange({ netid: 'jdoe' }))
      const [byScim] = await run(uni, aPost({ netid: 'jdoe', userName: 'jdoe@uni.edu', email: 'jdoe@uni.edu' }))
      assert.equal(userOf(byScim)._id, userOf(byFile)._id)
    })

    it('keeps what a higher-ranked source said and names the attribute as withheld', async () => {
      const uni = anInstitution({ authority: { title: ['file', 'scim'] } } satisfies Settings)
      await run(uni, aChange({ netid: 'a', title: 'Dr' }))
      const [outcome] = await run(uni, aPost({ netid: 'a', userName: 'a@uni.edu', title: 'Prof' }))
      assert.partialDeepStrictEqual(outcome, { kind: 'updated', withheld: ['title'], user: { resource: { title: 'Dr' } } })
      const [first] = await run(uni, aChange({ netid: 'a', title: 'Dean' }, { source: 'api' }))
      assert.partialDeepStrictEqual(first, { kind: 'updated', changed: [], withheld: ['title'] })
      const letGo: Change['edit'] = ({ resource: { title: _, ...rest } } = aCurrent()) => ({ resource: rest })
      await run(uni, aPost({ netid: 'a' }), aChange({ netid: 'a' }, { source: 'scim', edit: letGo }))
      const [fallen] = await run(uni, aChange({ netid: 'a' }, { edit: letGo }))
      assert.equal(userOf(fallen).resource.title, 'Dean')
    })

    it('answers stale, and never tries again, when the caller knew another version', async () => {
      const uni = anInstitution()
      const [made] = await run(uni, aChange({ netid: 'a' }))
      const { _id, version } = userOf(made)
      const patch = (title: string) =>
        aChange({ title }, { target: { id: _id }, intent: 'update', ifVersion: (one) => one === version })
      const outcomes = await run(uni, patch('1'), patch('2'))
      assert.deepEqual(kinds(outcomes), ['updated', 'stale'])
    })

    it('says what would happen without writing in a dry run, conflicts included', async () => {
      const uni = anInstitution()
      await run(uni, aChange({ netid: 'a', email: 'a@uni.edu' }))
      const id = userOf((await run(uni, aChange({ netid: 'b' })))[0])._id
      const takes = aChange({ email: 'a@uni.edu' }, { target: { id }, intent: 'update' })
      const outcomes = await apply(store, uni, [aChange({ netid: 'c' }), takes], { dryRun: true })
      assert.deepEqual(kinds(outcomes), ['created', 'conflict'])
      assert.equal((await people(store, uni)).length, 2)
    })

    // FerretDB looks through the whole roll for each question: two hundred at once take it longer than a change may wait.
    const racers = name === 'ferretdb' ? 20 : 200
    it(`makes one person of ${racers} changes at once, each its own batch`, async () => {
      const uni = anInstitution()
      const outcomes = (
        await Promise.all(Array.from({ length: racers }, () => run(uni, aPost({ userName: 'ada@uni.edu' }))))
      ).flat()
      assert.equal(kinds(outcomes).filter((kind) => kind === 'created').length, 1)
      assert.equal(kinds(outcomes).filter((kind) => kind === 'conflict').length, racers - 1)
      assert.equal((await people(store, uni)).length, 1)
    })

    it('plans each slice of a long batch on what the slices before it do, whether or not they are written yet', async () => {
      const uni = anInstitution()
      const [wave, many] = [150, 450]
      const changes = Array.from({ length: many }, (_, n) =>
        aChange({ netid: `n${n % wave}`, email: `m${(n + Math.floor(n / wave) * 1000) % 1900}@uni.edu`, title: String(n) }),
      )
      const outcomes = await run(uni, ...changes)
      assert.deepEqual(
        kinds(outcomes),
        Array.from(changes, (_, n) => (n < wave ? 'created' : 'updated')),
      )
      const found = await people(store, uni)
      assert.deepEqual(
        new Set(found.map(({ resource }) => resource.title)),
        new Set(Array.from({ length: wave }, (_, n) => String(n + 2 * wave))),
      )
      await assertEachWriteHasItsEvent(store, uni)
    })

    it('keeps the order of a long batch also where keys go from one person to another in it', async () => {
      const uni = anInstitution()
      const [ada, bob] = ['ada', 'bob'].map((netid) => ({ netid, email: `${netid}@uni.edu`, first: netid, last: 'King' }))
      await run(uni, ...[ada, bob, { netid: 'eve', email: 'eve@uni.edu' }].map((person) => aChange(person as object)))
      const moves = [aChange({ netid: 'eve', email: 'aside@uni.edu' }), aChange({ netid: 'bob', email: 'eve@uni.edu' })]
      const filling = Array.from({ length: SLICE - moves.length }, (_, n) => aChange({ netid: `n${n}` }))
      const outcomes = await run(
        uni,
        ...moves,
        ...filling,
        aChange({ netid: 'bob', title: 'Dr' }),
        aChange({ netid: 'new', email: 'eve@uni.edu' }),
        aChange({ ...ada, netid: 'new' }),
      )
      assert.partialDeepStrictEqual(outcomes.slice(-3), [
        { kind: 'updated' },
        { kind: 'conflict', code: 'key_disagrees' },
        { kind: 'updated', matchedOn: 'email' },
      ])
    })

    it('plans again what rested on a record that another writer changed meanwhile', async () => {
      const uni = anInstitution()
      const many = name === 'ferretdb' ? 60 : 250
      const changes = Array.from({ length: many }, (_, n) => aChange({ netid: `n${n}`, title: 'first' }))
      await run(uni, ...changes)
      const [ours, theirs] = await Promise.all([
        run(uni, ...Array.from({ length: many }, (_, n) => aChange({ netid: `n${n}`, title: 'second' }))),
        run(uni, ...Array.from({ length: 20 }, (_, n) => aChange({ netid: `n${n}`, email: `n${n}@uni.edu` }))),
      ])
      assert.deepEqual([...new Set(kinds([...ours, ...theirs]))], ['updated'])
      const found = await people(store, uni)
      assert.ok(found.every(({ resource }) => resource.title === 'second'))
      assert.equal(found.filter(({ keys }) => keys.email !== undefined).length, 20)
    })

    it('refuses in a batch what takes the key of somebody whom nothing else in it names, also where it is given back', async () => {
      const uni = anInstitution()
      const [ada] = await run(uni, aChange({ netid: 'a' }), aChange({ netid: 'b' }))
      const target = { id: userOf(ada)._id }
      const taking = aChange({ netid: 'b', title: 'x' }, { target, intent: 'update' })
      const giving = aChange({ netid: 'c' }, { target, intent: 'update' })
      assert.deepEqual(kinds(await run(uni, taking, giving)), ['conflict', 'updated'])
      const found = await people(store, uni)
      assert.ok(found.every(({ resource }) => resource.title === undefined))
    })

    it('keeps institutions apart', async () => {
      const [uni, other] = [anInstitution(), anInstitution()]
      const [here] = await run(uni, aChange({ netid: 'a' }))
      const [there] = await run(other, aChange({ netid: 'a' }))
      assert.equal(there?.kind, 'created')
      assert.deepEqual(kinds(await run(other, aChange({ title: 'x' }, { target: { id: userOf(here)._id } }))), ['missing'])
    })

    describe('random changes of keys', () => {
      const runs = name === 'ferretdb' ? 3 : 60
      const word = fc.constantFrom('1', '2', '3', '4')
      const keys = fc.dictionary(fc.constantFrom('netid', 'netid2', 'email'), word, { minKeys: 1, noNullPrototype: true })
      const persons = fc.array(keys, { minLength: 1, maxLength: 12 })
      const changesOf = (batch: readonly object[]) =>
        batch.map((person, row) => aChange({ ...person, title: String(row) }, { row }))

      it('end in one batch as they end one by one', async () => {
        await fc.assert(
          fc.asyncProperty(persons, persons, async (first, second) => {
            const [together, oneByOne] = [anInstitution(), anInstitution()]
            const batched = [...(await run(together, ...changesOf(first))), ...(await run(together, ...changesOf(second)))]
            const single: Outcome[] = []
            for (const change of [...changesOf(first), ...changesOf(second)]) single.push(...(await run(oneByOne, change)))
            assert.deepEqual(kinds(batched), kinds(single))
            assert.deepEqual(await rollOf(store, together), await rollOf(store, oneByOne))
            await assertEachWriteHasItsEvent(store, together)
          }),
          { numRuns: runs },
        )
      })

      it('end the same in a list of several slices', async () => {
        const filler = aChange({ netid: 'filler' })
        const named = fc
          .record({ person: keys, last: fc.constantFrom('Lee', 'Ray') })
          .map(({ person, last }) => ({ ...person, first: 'Ann', last }))
        const many = fc.array(named, { minLength: 10, maxLength: 25 })
        await fc.assert(
          fc.asyncProperty(many, many, many, async (known, first, second) => {
            const [together, oneByOne] = [anInstitution(), anInstitution()]
            for (const uni of [together, oneByOne]) await run(uni, filler, ...changesOf(known))
            const filling = Array.from({ length: SLICE - first.length }, () => filler)
            const outcomes = await run(together, ...changesOf(first), ...filling, ...changesOf(second))
            outcomes.splice(first.length, filling.length)
            const single: Outcome[] = []
            for (const change of [...changesOf(first), ...changesOf(second)]) single.push(...(await run(oneByOne, change)))
            assert.deepEqual(outcomes.map(codeOf), single.map(codeOf))
            assert.deepEqual(await rollOf(store, together), await rollOf(store, oneByOne))
          }),
          { numRuns: runs },
        )
      })

      it('end the same when the process dies between any two waves and the batch is sent again', async () => {
        const order = fc.uniqueArray(fc.nat(5), { minLength: 6, maxLength: 6 })
        await fc.assert(
          fc.asyncProperty(order, fc.nat(3), async (addresses, wavesDone) => {
            const ids = [0, 1, 2, 3, 4, 5]
            const [killed, undisturbed] = [anInstitution(), anInstitution()]
            for (const uni of [killed, undisturbed])
              await run(uni, ...ids.map((id) => aChange({ netid: `n${id}`, email: `${id}@uni.edu` })))
            const aside = ids.map((id) => aChange({ netid: `n${id}`, email: `aside-${id}@uni.edu` }))
            const anew = ids.map((id) => aChange({ netid: `n${id}`, email: `${addresses[id]}@uni.edu` }))
            await apply(dyingAfter(store, wavesDone), killed, [...aside, ...anew]).catch((error) =>
              assert.match(error.message, /killed/),
            )
            await run(killed, ...aside, ...anew)
            await run(undisturbed, ...aside, ...anew)
            assert.deepEqual(await rollOf(store, killed), await rollOf(store, undisturbed))
            await assertEachWriteHasItsEvent(store, killed)
          }),
          { numRuns: runs },
        )
      })
    })
  })
})

/** Everybody's keys and title, without what differs between two runs (ids, times). */
async function rollOf(store: Store, institution: Institution) {
  const users = await people(store, institution)
  return users
    .map(({ _id, keys, resource }) => ({
      keys: Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== _id)),
      title: resource.title,
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function aCurrent(): never {
  throw new Error('nobody matched')
}

/** A store whose process dies when it is asked to write more than so many times. */
function dyingAfter(store: Store, writes: number): Store {
  let left = writes
  return storeWith(store, {
    write: (batch, lane) => {
      if (left-- <= 0) throw new Error('killed')
      return store.write(batch, lane)
    },
  })
}

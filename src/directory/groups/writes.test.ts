import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { storeWith } from '../../../test/store-with.ts'
import { forEachStore } from '../../../test/stores.ts'
import type { Store } from '../../store/store.ts'
import type { Group } from './group.ts'
import type { GroupChange, GroupDraft } from './plan.ts'
import { openGroupWrites } from './writes.ts'

let count = 0
const anInstitutionId = () => `inst-${++count}`

function aChange(target: GroupChange['target'], draft: GroupDraft | ((group: Group | undefined) => GroupDraft)): GroupChange {
  return { target, source: 'scim', edit: typeof draft === 'function' ? draft : () => draft }
}

const rename = (id: string, displayName: string) => aChange({ id }, { displayName })

await forEachStore((name, place) => {
  describe(`writing groups on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    async function make(institution: string, displayName: string): Promise<string> {
      const made = await openGroupWrites(store).write(institution, aChange({ displayName }, { displayName }))
      assert.ok(made.kind === 'created')
      return made.group._id
    }

    it('makes few writes of many changes that come together', async () => {
      let writes = 0
      const counted = storeWith(store, {
        write: (...given) => {
          writes += 1
          return store.write(...given)
        },
      })
      const institution = anInstitutionId()
      const id = await make(institution, 'Staff')
      const groups = openGroupWrites(counted)
      const joins = Array.from({ length: 50 }, (_, n) =>
        aChange({ id }, (group) => ({ memberOf: [...(group?.memberOf ?? []), `g${n}`], moves: true })),
      )
      const outcomes = await Promise.all(joins.map((change) => groups.write(institution, change)))
      assert.equal(writes, 2)
      const stored = (await store.get('groups', institution, id)) as Group
      assert.equal(stored.memberOf.length, 50)
      // Whoever was answered last has the version that is in force.
      const last = outcomes.at(-1)
      assert.equal(last !== undefined && 'group' in last && last.group.version, stored.version)
    })

    it('keeps the time at which a group was made until its members have joined, and no longer', async () => {
      const institution = anInstitutionId()
      let clock = 1000
      const groups = openGroupWrites(store, () => ++clock)
      const target = { displayName: 'Staff' }
      const write = async (draft: GroupDraft) => {
        const outcome = await groups.write(institution, aChange(target, draft))
        assert.ok('group' in outcome)
        return outcome.group
      }
      const made = await write({ displayName: 'Staff', isUnfinished: true })
      const joined = await write({ moves: true, isUnfinished: false })
      assert.equal(joined.lastModified, joined.created)
      assert.notEqual(joined.version, made.version)
      const changed = await write({ moves: true })
      assert.ok(changed.lastModified > changed.created)
    })

    it('loses nothing between processes', async () => {
      const institution = anInstitutionId()
      const id = await make(institution, 'Staff')
      const processes = [openGroupWrites(store), openGroupWrites(store), openGroupWrites(store)]
      const outcomes = await Promise.all(
        Array.from({ length: 30 }, (_, n) =>
          processes[n % 3]?.write(
            institution,
            aChange({ id }, (group) => ({ memberOf: [...(group?.memberOf ?? []), `g${n}`] })),
          ),
        ),
      )
      assert.deepEqual([...new Set(outcomes.map((outcome) => outcome?.kind))], ['updated'])
      assert.equal(((await store.get('groups', institution, id)) as Group).memberOf.length, 30)
    })

    it('makes one group of one name, however many make it at once', async () => {
      const institution = anInstitutionId()
      const edit = (group: Group | undefined) => (group === undefined ? { displayName: 'Staff' } : ({ kind: 'taken' } as const))
      const processes = [openGroupWrites(store), openGroupWrites(store)]
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          processes[n % 2]?.write(institution, { target: { displayName: n < 5 ? 'staff' : 'STAFF' }, source: 'scim', edit }),
        ),
      )
      assert.deepEqual(outcomes.map((outcome) => outcome?.kind).sort(), ['created', ...Array(9).fill('taken')])
    })

    it('refuses a name that is taken, and nothing else that came together with it', async () => {
      const institution = anInstitutionId()
      await make(institution, 'Guests')
      const id = await make(institution, 'Staff')
      const groups = openGroupWrites(store)
      // The first goes alone; the others wait for it, and then go together.
      const changes = [aChange({ id }, { moves: true }), rename(id, 'guests'), aChange({ id }, { memberOf: ['g1'] })]
      const outcomes = await Promise.all(changes.map((change) => groups.write(institution, change)))
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ['updated', 'taken', 'updated'],
      )
      const stored = (await store.get('groups', institution, id)) as Group
      assert.partialDeepStrictEqual(stored, { displayName: 'Staff', keys: { name: 'staff' }, memberOf: ['g1'] })
    })

    it('takes a version that the caller has not seen for stale, also of what came together', async () => {
      const institution = anInstitutionId()
      const id = await make(institution, 'Staff')
      const { version } = (await store.get('groups', institution, id)) as Group
      const groups = openGroupWrites(store)
      const [first, second] = ['Staff 1', 'Staff 2'].map((name) =>
        groups.write(institution, { ...rename(id, name), ifVersion: (one) => one === version }),
      )
      assert.deepEqual([(await first)?.kind, (await second)?.kind], ['updated', 'stale'])
    })
  })
})

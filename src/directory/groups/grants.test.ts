import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange, anInstitution, aPost, aResource } from '../../../test/builders.ts'
import { forEachStore } from '../../../test/stores.ts'
import type { Doc, Store } from '../../store/store.ts'
import type { Change, Outcome } from '../change.ts'
import type { Difference } from '../difference.ts'
import { openGate } from '../gate.ts'
import { isObject } from '../json.ts'
import { ownerOf } from '../provenance.ts'
import type { Roll } from '../roll.ts'
import type { Settings } from '../settings.ts'
import type { Source, User } from '../user.ts'
import { MAX_ELEMENTS } from '../validate.ts'
import { changeGroup } from './change.ts'
import { deleteGroup } from './drop.ts'
import { openGroupWrites } from './writes.ts'

const MAP = { Staff: { accountType: 'staff', tags: ['Payroll', 'Gym'] }, Students: { accountType: 'Student', tags: ['Gym'] } }

/** An institution, and what its clients do. */
function aUniversity(store: Store, settings: Settings = {}) {
  const institution = anInstitution({ groups: { map: MAP }, ...settings })
  const gate = openGate(store)
  const roll: Roll = { store, gate, groups: openGroupWrites(store) }
  const submit = (change: Change): Promise<Outcome> => gate.submit(institution, change)
  const by = { source: 'scim:entra' } as const

  const read = async (id: string) => (await store.get('users', institution._id, id)) as User
  const person = async (change: Change) => {
    const outcome = await submit(change)
    assert.ok(outcome.kind === 'created')
    return outcome.user._id
  }
  async function group(displayName: string, ...ids: readonly string[]): Promise<string> {
    const edit = () => ({ displayName, binding: { state: 'bound' } }) as const
    const members = { isWhole: false, join: new Set(ids), leave: new Set<string>() }
    const outcome = await changeGroup(roll, institution, { ...by, target: { displayName }, edit }, members)
    assert.ok('group' in outcome, outcome.kind)
    return outcome.group._id
  }
  async function change(id: string, join: readonly string[], leave: readonly string[] = [], displayName?: string) {
    const edit = () => (displayName === undefined ? {} : { displayName })
    const members = { isWhole: false, join: new Set(join), leave: new Set(leave) }
    const outcome = await changeGroup(roll, institution, { ...by, target: { id }, edit }, members)
    assert.ok('group' in outcome, outcome.kind)
  }
  const drop = (id: string) => deleteGroup(roll, institution, { ...by, id })
  async function told(id: string) {
    const { resource } = await read(id)
    const tags = isObject(resource.campus) ? resource.campus.tags : undefined
    return [resource.userType, tags]
  }
  return { institution, submit, read, person, group, change, drop, told }
}

const ADA = { netid: 'ada1', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }

function says(userType: string | undefined, source: Source): Change {
  return aChange(ADA, {
    source,
    edit: (current) => {
      const { userType: _, ...rest } = current?.resource ?? aResource(ADA)
      return { resource: userType === undefined ? rest : { ...rest, userType } }
    },
  })
}

await forEachStore((name, place) => {
  describe(`what groups mean, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('takes in also whoever has no room for another tag', async () => {
      const { read, person, group } = aUniversity(store)
      const tags = Array.from({ length: MAX_ELEMENTS - 1 }, (_, n) => `t${n}`)
      const resource = { ...aResource(ADA), campus: { netid: ADA.netid, tags } }
      const ada = await person(aChange(ADA, { edit: () => ({ resource }) }))
      const staff = await group('Staff', ada)
      const { memberOf, resource: now } = await read(ada)
      assert.deepEqual(memberOf, [staff])
      assert.deepEqual([now.userType, now.campus], ['Staff', { netid: ADA.netid, tags: [...tags, 'Payroll'] }])
    })

    it('comes with the membership, and provenance names the group', async () => {
      const { person, group, told, read } = aUniversity(store)
      const ada = await person(aPost(ADA, 'scim:entra'))
      await group('STAFF', ada)
      assert.deepEqual(await told(ada), ['Staff', ['Payroll', 'Gym']])
      const { provenance } = await read(ada)
      for (const slot of ['userType', 'campus.tags[gym]']) {
        assert.partialDeepStrictEqual(ownerOf(provenance, slot), { source: 'scim:entra', group: 'Staff' })
      }
    })

    it('may be a tag alone, of the one group that means something, for a person of whom a name is all that is known', async () => {
      const { person, group, told } = aUniversity(store, { groups: { map: { Gym: { tags: ['Gym'] } } } })
      const bob = await person(aPost({ userName: 'bob' }))
      await group('Gym', bob)
      assert.deepEqual(await told(bob), [undefined, ['Gym']])
    })

    it('goes with it, but for what another group means as well', async () => {
      const { person, group, change, told } = aUniversity(store)
      const ada = await person(aPost(ADA))
      const staff = await group('Staff', ada)
      const students = await group('Students', ada)
      assert.deepEqual(await told(ada), ['Staff', ['Payroll', 'Gym']])
      await change(staff, [], [ada])
      assert.deepEqual(await told(ada), ['Student', ['Gym']])
      await change(students, [], [ada])
      assert.deepEqual(await told(ada), [undefined, undefined])
    })

    it('gives way to the default account type when it goes', async () => {
      const { institution, person, group, drop, told, read } = aUniversity(store, { defaultAccountType: 'Guest' })
      const ada = await person(aPost(ADA))
      assert.deepEqual(await told(ada), ['Guest', undefined])
      const staff = await group('Staff', ada)
      assert.deepEqual(await told(ada), ['Staff', ['Payroll', 'Gym']])
      await drop(staff)
      assert.deepEqual(await told(ada), ['Guest', undefined])
      const { version } = await read(ada)
      const { differences } = (await store.get('events', institution._id, version)) as Doc & { differences: Difference[] }
      assert.deepEqual(
        differences.filter(({ slot }) => slot === 'userType'),
        [
          { slot: 'userType', old: 'Staff' },
          { slot: 'userType', new: 'Guest' },
        ],
      )
    })

    it('leaves alone what others said of themselves', async () => {
      const { person, group, change, told, submit, read } = aUniversity(store)
      const ada = await person(aPost(ADA))
      await submit(
        aChange(ADA, { edit: ({ resource } = aCurrent()) => ({ resource: { ...resource, campus: { tags: ['Gym'] } } }) }),
      )
      const staff = await group('Staff', ada)
      await submit(says('Faculty', 'file'))
      assert.equal(ownerOf((await read(ada)).provenance, 'userType')?.group, undefined)
      await change(staff, [], [ada])
      assert.deepEqual(await told(ada), ['Faculty', ['Gym']])
    })

    it('is withheld where a higher source has the say, and is no claim any more when it goes', async () => {
      const { person, group, change, told, submit, read } = aUniversity(store, { authority: { account_type: ['file', 'scim'] } })
      const ada = await person(says('Faculty', 'file'))
      const staff = await group('Staff', ada)
      assert.equal((await told(ada))[0], 'Faculty')
      assert.partialDeepStrictEqual((await read(ada)).claims, [{ slot: 'userType', value: 'Staff', group: 'Staff' }])
      await submit(says(undefined, 'file'))
      assert.equal((await told(ada))[0], 'Staff')
      await submit(says('Faculty', 'file'))
      await change(staff, [ada])
      await change(staff, [], [ada])
      assert.equal((await read(ada)).claims, undefined)
      await submit(says(undefined, 'file'))
      assert.equal((await told(ada))[0], undefined)
    })

    it('reaches people through groups within, whichever way these came together', async () => {
      const { person, group, change, told, drop } = aUniversity(store)
      const ada = await person(aPost(ADA))
      const law = await group('Law school', ada)
      const staff = await group('Staff', law)
      assert.deepEqual((await told(ada))[0], 'Staff')
      await change(staff, [], [law])
      assert.deepEqual((await told(ada))[0], undefined)
      await change(staff, [law])
      assert.deepEqual((await told(ada))[0], 'Staff')
      await drop(staff)
      assert.deepEqual(await told(ada), [undefined, undefined])
    })

    it('comes and goes with the name of the group', async () => {
      const { person, group, change, told } = aUniversity(store, { groups: { map: { Staff: MAP.Staff } } })
      const ada = await person(aPost(ADA))
      const id = await group('Employees', ada)
      await change(id, [], [], 'Staff')
      assert.deepEqual((await told(ada))[0], 'Staff')
      await change(id, [], [], 'Former staff')
      assert.deepEqual(await told(ada), [undefined, undefined])
    })

    it('comes to who is in already when it is sent again after the settings were made', async () => {
      const { person, group, change, told, institution } = aUniversity(store, { groups: { map: {} } })
      const ada = await person(aPost(ADA))
      const id = await group('Staff', ada)
      Object.assign(institution.settings, { groups: { map: MAP } })
      await change(id, [ada])
      assert.deepEqual((await told(ada))[0], 'Staff')
    })
  })
})

function aCurrent(): never {
  throw new Error('nobody matched')
}

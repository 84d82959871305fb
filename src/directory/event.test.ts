import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange, anInstitution, aPost } from '../../test/builders.ts'
import { forEachStore } from '../../test/stores.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { apply } from './apply.ts'
import type { Change } from './change.ts'
import { inFull } from './event.ts'
import type { Settings } from './settings.ts'

await forEachStore((name, place) => {
  describe(`the event of a new person, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    async function eventOf(change: Change, settings: Settings = {}): Promise<{ stored: Doc; told: Doc }> {
      const uni = anInstitution(settings)
      await apply(store, uni, [change])
      const [stored] = await store.find('events', uni._id, { where: EVERYTHING, limit: 10 })
      assert.ok(stored)
      return { stored, told: inFull(stored) }
    }

    it('tells each slot that was sent, and the binding', async () => {
      const emails = ['a', 'b'].map((value) => ({ type: 'work', value: `${value}@uni.edu` }))
      const sent = { userName: 'ada', active: true, emails, campus: { netid: 'ada1', tags: ['Dorm', 'Band'] } }
      const change = aPost({ netid: 'ada1', userName: 'ada' }, 'scim', '00u1')
      const edit: Change['edit'] = () => ({ resource: sent, binding: { state: 'bound', externalId: '00u1' } })
      const { told } = await eventOf({ ...change, edit })
      assert.deepEqual(told.differences, [
        { slot: 'userName', new: 'ada' },
        { slot: 'active', new: true },
        { slot: 'emails[work]', new: emails },
        { slot: 'campus.netid', new: 'ada1' },
        { slot: 'campus.tags[dorm]', new: 'Dorm' },
        { slot: 'campus.tags[band]', new: 'Band' },
        { slot: 'binding[scim]', new: 'bound' },
        { slot: 'externalId[scim]', new: '00u1' },
      ])
    })

    it('tells nothing that nobody sent, but the account type that the institution gives', async () => {
      const { told } = await eventOf(aChange({ netid: 'ada1', email: 'ada@uni.edu', title: 'Dr' }), {
        defaultAccountType: 'Student',
      })
      assert.deepEqual(told.differences, [
        { slot: 'title', new: 'Dr' },
        { slot: 'emails[work]', new: { value: 'ada@uni.edu', type: 'work', primary: true } },
        { slot: 'campus.netid', new: 'ada1' },
        { slot: 'userType', new: 'Student' },
      ])
    })

    it('holds the record instead of each of its slots', async () => {
      const { stored, told } = await eventOf(aChange({ netid: 'ada1', title: 'Dr' }))
      assert.deepEqual(stored.differences, [])
      const { differences: _, resource: _r, filledIn: _f, ...rest } = stored
      const { differences: _d, ...same } = told
      assert.deepEqual(same, rest)
    })
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange } from '../../test/builders.ts'
import { as, endpoint, filterBy } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Settings } from '../directory/settings.ts'
import type { Source } from '../directory/user.ts'
import type { Store } from '../store/store.ts'

const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'

await forEachStore((name, place) => {
  describe(`who is seen, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    async function aRoll(settings: Settings = {}) {
      const { call, institution, add } = endpoint(store, settings)
      await add(institution, aChange({ netid: 'file1', email: 'f@uni.edu', userName: 'filed' }))
      const other = await call('POST', '/Users', { userName: 'others', externalId: 'o' }, as('scim:other'))
      const own = await call('POST', '/Users', { userName: 'own', externalId: 'e' })
      const gone = await call('POST', '/Users', { userName: 'gone', emails: [{ value: 'gone@uni.edu' }] })
      await call('DELETE', `/Users/${gone.json.id}`)
      const seen = async (path: string, source: Source = 'scim') => {
        const { json } = await call('GET', path, undefined, as(source))
        assert.equal(json.totalResults, json.Resources.length)
        return json.Resources.map((user: { userName: string }) => user.userName).sort()
      }
      return { call, seen, gone, own, other }
    }

    it('lists a client its own records, and finds anybody by what identifies a person', async () => {
      const { seen, call, other } = await aRoll()
      assert.deepEqual(await seen('/Users'), ['own'])
      assert.deepEqual(await seen(filterBy('active eq true')), ['own'])
      assert.deepEqual(await seen(filterBy('userName sw "f"')), [])
      for (const filter of [
        'userName eq "FILED"',
        'emails eq "f@uni.edu"',
        'emails.value eq "f@uni.edu" and active eq true',
        'emails[type eq "work"].value eq "f@uni.edu"',
        'emails[type eq "work" and value eq "f@uni.edu"]',
        `${CAMPUS}:netid eq "FILE1"`,
      ]) {
        assert.deepEqual(await seen(filterBy(filter)), ['filed'], filter)
      }
      assert.equal((await call('GET', `/Users/${other.json.id}`)).status, 200)
    })

    it('lists everybody where the institution says so', async () => {
      const { seen } = await aRoll({ scim: { sees: 'all' } })
      assert.deepEqual(await seen('/Users'), ['filed', 'others', 'own'])
      assert.deepEqual(await seen(filterBy('userName sw "f"')), ['filed'])
    })

    it('hides what a client deleted from that client alone', async () => {
      const { seen } = await aRoll()
      for (const filter of ['userName eq "gone"', 'emails eq "gone@uni.edu"']) {
        assert.deepEqual(await seen(filterBy(filter)), [])
        assert.deepEqual(await seen(filterBy(filter), 'scim:other'), ['gone'])
      }
    })

    it('shows and finds each client’s own externalId', async () => {
      const { seen } = await aRoll()
      assert.deepEqual(await seen(filterBy('externalId eq "e"')), ['own'])
      assert.deepEqual(await seen(filterBy('externalId eq "o"')), [])
      assert.deepEqual(await seen(filterBy('externalId eq "o"'), 'scim:other'), ['others'])
    })

    it('brings a deleted person back under the same id', async () => {
      const { call, gone } = await aRoll()
      const back = await call('POST', '/Users', { userName: 'gone' })
      assert.partialDeepStrictEqual(back, { status: 201, json: { id: gone.json.id, active: true } })
      assert.equal(back.json.emails, undefined)
    })

    it('adopts whom a file put on the roll, by a netid that is mapped from userName', async () => {
      const settings = { scim: { map: { netid: { path: 'userName', take: 'localPart' } } } } as const
      const { call, institution, add } = endpoint(store, settings)
      const made = await add(institution, aChange({ netid: 'jdoe', title: 'Dr' }))
      assert('user' in made)
      const adopted = await call('POST', '/Users', { userName: 'JDoe@uni.edu', externalId: 'x', active: true })
      assert.partialDeepStrictEqual(adopted, {
        status: 201,
        json: { id: made.user._id, userName: 'JDoe@uni.edu', title: 'Dr' },
      })
    })
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createToken } from '../src/auth/tokens.ts'
import { createInstitution } from '../src/directory/institution-changes.ts'
import type { Store } from '../src/store/store.ts'
import { apiOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { forEachStore } from './stores.ts'

const ADA = { netid: '0042', email: 'ada@uni.example', first_name: 'Ada', last_name: 'King', account_type: 'Student' }

await forEachStore((name, place) => {
  describe(`reading over REST on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())
    const anApi = () => apiOver(store, anInstitution())

    it('finds by any match key and any field, inactive people too', async () => {
      const api = anApi()
      const person = {
        ...ADA,
        netid2: 'N2',
        netid3: 'N3',
        alumni_email: 'Ada@Alumni.example',
        middle_initial: 'B',
        gender: 'Female',
        pronouns: 'she/her',
        school_program: 'Mathematics',
        degree: 'BSc',
        month_of_entry: 9,
        year_of_entry: 2024,
        month_of_graduation: 6,
        year_of_graduation: 2028,
        phone_number: '+351 555 0101',
        mobile_number: '+351 555 0102',
        street_address: 'Rua 1',
        city: 'Porto',
        state: 'Norte',
        zipcode: '4000',
        country: 'PT',
        nationality: 'GB',
        account_status: 'inactive',
        company_name: 'Engines Ltd',
        work_title: 'Analyst',
        bio: `Éngines. ${'x'.repeat(900)}`,
        user_tags: ['Greek', 'Scholar'],
      }
      const made = await api.post('/users', person)
      assert.deepEqual(made.body.user, person)
      await api.post('/users', { ...ADA, netid: '1', email: 'other@uni.example' })
      for (const [field, value] of Object.entries(person)) {
        const wanted = Array.isArray(value) ? String(value[1]) : String(value)
        const { status, body } = await api.get(`/users?netid2=n2&${field}=${encodeURIComponent(wanted.toUpperCase())}`)
        assert.deepEqual([status, body.users?.map(({ id }) => id)], [200, [made.body.id]], field)
      }
      assert.deepEqual((await api.get('/users?city=Lisboa')).body, { users: [], next: null })
      assert.equal((await api.get('/users?country=portugal&account_status=no')).body.users.length, 1)
      assert.equal((await api.get('/users?first_name=ada')).body.users.length, 2)
    })

    it('pages through everybody, and through what changed since, each once', async () => {
      const api = anApi()
      const start = new Date().toISOString()
      const people = Array.from({ length: 25 }, (_, index) => ({ ...ADA, netid: `n${index}`, email: `n${index}@uni.example` }))
      await api.post('/users/batch', { users: people })
      await api.post('/users', { netid: 'n3', city: 'Porto' })
      for (const query of ['limit=10', `limit=10&changed_since=${start}`, `limit=10&first_name=Ada&changed_since=${start}`]) {
        const seen: string[] = []
        for (let next: unknown = `/users?${query}`; next !== null; ) {
          const { status, body } = await api.get(String(next))
          assert.equal(status, 200)
          assert.ok(body.users.length <= 10)
          seen.push(...body.users.map(({ user }) => String(user.netid)))
          next = body.next
        }
        assert.deepEqual(new Set(seen).size, 25, query)
        assert.equal(seen.length, 25)
      }
      const late = await api.get(`/users?changed_since=${new Date(Date.now() + 60_000).toISOString()}`)
      assert.equal(late.body.users.length, 0)
    })

    it('shows one person, and who gave which value', async () => {
      const api = anApi()
      const { body } = await api.post('/users', { ...ADA, user_tags: 'Greek' })
      await api.request('/users', {
        method: 'POST',
        source: 'api:crm',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ netid: '0042', city: 'Porto', account_status: 'inactive' }),
      })
      const shown = await api.get(`/users/${body.id}`)
      assert.deepEqual(shown.body.user, { ...ADA, city: 'Porto', account_status: 'inactive', user_tags: ['Greek'] })
      const provenance = shown.body.provenance as { [field: string]: { source: string; at: string } }
      assert.deepEqual(Object.fromEntries(Object.entries(provenance).map(([field, { source }]) => [field, source])), {
        ...Object.fromEntries([...Object.keys(ADA), 'user_tags'].map((field) => [field, 'api'])),
        city: 'api:crm',
        account_status: 'api:crm',
      })
      assert.ok(!Number.isNaN(Date.parse(provenance.city?.at ?? '')))
      assert.equal((await api.get('/users/nobody')).status, 404)
    })

    it('tells what happened to a person: who, when, old and new', async () => {
      const api = anApi()
      const { body } = await api.post('/users', { ...ADA, city: 'Porto' })
      await api.post('/users', { netid: '0042', city: 'Faro', user_tags: ['Greek'], account_status: 'inactive' })
      const { body: first } = await api.get(`/users/${body.id}/events?limit=1`)
      assert.partialDeepStrictEqual(first.events, [{ kind: 'user.created', source: 'api', credential: 'token-1' }])
      const { body: second } = await api.get(String(first.next))
      const [event] = second.events as { kind: string; matched_on: string; changes: { slot: string }[] }[]
      assert.deepEqual([event?.kind, event?.matched_on, second.next], ['user.deactivated', 'netid', null])
      assert.deepEqual(
        event?.changes.toSorted((a, b) => a.slot.localeCompare(b.slot)),
        [
          { field: 'account_status', slot: 'active', old: 'active', new: 'inactive' },
          { field: 'city', slot: 'addresses[work]', old: 'Porto', new: 'Faro' },
          { field: 'user_tags', slot: 'campus.tags[greek]', new: ['Greek'] },
        ],
      )
      assert.equal((await api.get('/users/nobody/events')).status, 404)
    })

    it('tells of people alone: what happened to tokens and to the institution is for its administrator', async () => {
      const institution = anInstitution({}, 'overseen')
      const api = apiOver(store, institution)
      const made = { by: { source: 'admin', credential: 'cli:root' }, now: Date.now() } as const
      const { token } = await createToken(store, { institution: institution._id, scope: 'admin', ...made })
      await createInstitution(store, { id: institution._id, name: 'Overseen', ...made })
      for (const id of [token._id, institution._id]) assert.equal((await api.get(`/users/${id}/events`)).status, 404)
    })

    it('refuses what it cannot ask, naming what is near', async () => {
      const api = anApi()
      for (const [query, code] of [
        ['netdi=1', 'parameter_unknown'],
        ['limit=0', 'value_invalid'],
        ['limit=1001', 'value_invalid'],
        ['limit=ten', 'value_invalid'],
        ['cursor=x', 'value_invalid'],
        ['changed_since=yesterday', 'value_invalid'],
        ['changed_since=2026-13-01T00:00:00Z', 'value_invalid'],
        ['changed_since=2026-02-30T00:00:00Z', 'value_invalid'],
        [`changed_since=2026-02-28T00:00:00Z&cursor=${Buffer.from('["a"]').toString('base64url')}`, 'value_invalid'],
        ['netid=', 'value_invalid'],
        ['user_tags=', 'value_invalid'],
        ['country=Nowhere', 'country_unknown'],
        ['year_of_entry=soon', 'value_invalid'],
        ['account_status=perhaps', 'value_invalid'],
      ] as const) {
        const { status, body } = await api.get(`/users?${query}`)
        assert.deepEqual([status, body.problems[0]?.code], [400, code], query)
      }
      assert.match((await api.get('/users?netdi=1')).body.problems[0]?.message ?? '', /did you mean "netid"/)
    })

    it('shows nobody of another institution', async () => {
      const [here, there] = [anApi(), anApi()]
      const { body } = await here.post('/users', ADA)
      assert.equal((await there.get(`/users/${body.id}`)).status, 404)
      assert.equal((await there.get(`/users/${body.id}/events`)).status, 404)
      assert.equal((await there.get('/users?netid=0042')).body.users.length, 0)
      assert.equal((await there.post('/users', { id: body.id, city: 'Porto' })).status, 404)
    })
  })
})

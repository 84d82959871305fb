import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Settings } from '../src/directory/institution.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import { apiOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { forEachStore } from './stores.ts'

const ADA = { netid: '0042', email: 'ada@uni.example', first_name: 'Ada', last_name: 'King', account_type: 'Student' }

await forEachStore((name, place) => {
  describe(`the REST endpoint on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())
    const anApi = (settings: Settings = {}) => apiOver(store, anInstitution(settings))

    describe('POST /users', () => {
      it('creates with 201 and the address of the record', async () => {
        const api = anApi()
        const made = await api.post('/users', { ...ADA, account_type: 'student', country: 'Portugal' })
        assert.equal(made.status, 201)
        assert.match(made.headers.get('location') ?? '', new RegExp(`/api/v1/users/${made.body.id}$`))
        assert.deepEqual(made.body, {
          outcome: 'created',
          id: made.body.id,
          matched_on: null,
          changed: ['netid', 'email', 'first_name', 'last_name', 'account_type', 'country'],
          withheld: [],
          user: { ...ADA, country: 'PT', account_status: 'active' },
        })
      })

      it('updates what was sent and nothing else, and tells which fields differ', async () => {
        const api = anApi()
        const { body } = await api.post('/users', { ...ADA, city: 'Porto', country: 'PT' })
        const changed = await api.post('/users', { netid: '0042', city: 'Faro', country: 'pt', last_name: '' })
        assert.equal(changed.status, 200)
        assert.deepEqual(changed.body, {
          outcome: 'updated',
          id: body.id,
          matched_on: 'netid',
          changed: ['city'],
          withheld: [],
          user: { ...ADA, city: 'Faro', country: 'PT', account_status: 'active' },
        })
        const same = await api.post('/users', { email: 'ADA@uni.example', city: 'Faro' })
        assert.deepEqual(
          [same.status, same.body.outcome, same.body.matched_on, same.body.changed],
          [200, 'unchanged', 'email', []],
        )
      })

      it('addresses a record by its id, and says when nobody has it', async () => {
        const api = anApi()
        const { body } = await api.post('/users', ADA)
        const changed = await api.post('/users', { id: body.id, email: 'ak@uni.example' })
        assert.deepEqual([changed.body.matched_on, changed.body.user.email], ['id', 'ak@uni.example'])
        const nobody = await api.post('/users', { id: 'nobody', city: 'Porto' })
        assert.deepEqual([nobody.status, nobody.body.problems[0]?.code], [404, 'id_unknown'])
      })

      it('refuses two keys of two people with 409, the key and both ids, and writes nothing', async () => {
        const api = anApi()
        const ada = await api.post('/users', ADA)
        const bob = await api.post('/users', { ...ADA, netid: '0043', email: 'bob@uni.example', first_name: 'Bob' })
        const refused = await api.post('/users', { netid: '0042', email: 'bob@uni.example', city: 'Porto' })
        assert.equal(refused.status, 409)
        assert.equal(refused.headers.get('content-type'), 'application/problem+json')
        assert.partialDeepStrictEqual(refused.body, { status: 409, outcome: 'conflict', code: 'key_conflict', key: 'email' })
        assert.deepEqual(new Set(refused.body.records as string[]), new Set([ada.body.id, bob.body.id]))
        assert.equal((await api.get('/users?city=Porto')).body.users.length, 0)
      })

      it('names every bad field at once with 422, and writes none of the others', async () => {
        const api = anApi()
        await api.post('/users', ADA)
        const refused = await api.post('/users', { netid: '0042', city: 'Porto', account_type: 'Studnet', nope: 1, email: 'x' })
        assert.equal(refused.status, 422)
        assert.equal(refused.body.outcome, 'invalid')
        assert.match(String(refused.body.type), /\/docs#invalid$/)
        assert.deepEqual(refused.body.problems.map(({ field, code }) => [field, code]).sort(), [
          ['account_type', 'account_type_unknown'],
          ['email', 'email_invalid'],
          ['nope', 'field_unknown'],
        ])
        assert.equal((await api.get('/users?netid=0042')).body.users[0]?.user.city, undefined)
      })

      it('names the fields that a higher-ranked source keeps', async () => {
        const api = anApi({ authority: { work_title: ['scim', 'api'], city: ['scim', 'api'] } })
        const first = { method: 'POST', source: 'scim', headers: { 'content-type': 'application/json' } } as const
        await api.request('/users', {
          ...first,
          body: JSON.stringify({ ...ADA, work_title: 'Dr', city: 'Porto', country: 'PT' }),
        })
        const { body } = await api.post('/users', { netid: '0042', work_title: 'Prof', city: 'Faro', bio: 'Maps.' })
        assert.partialDeepStrictEqual(body, { outcome: 'updated', changed: ['bio'], withheld: ['city', 'work_title'] })
        assert.deepEqual([body.user.work_title, body.user.city], ['Dr', 'Porto'])
      })

      it('deactivates and brings back', async () => {
        const api = anApi()
        await api.post('/users', ADA)
        const left = await api.post('/users', { netid: '0042', account_status: 'no' })
        assert.deepEqual([left.body.changed, left.body.user.account_status], [['account_status'], 'inactive'])
        const back = await api.post('/users', { netid: '0042', account_status: true })
        assert.equal(back.body.user.account_status, 'active')
      })
    })

    describe('a dry run', () => {
      it('gives the same answers and writes nothing', async () => {
        const api = anApi()
        const made = await api.post('/users?dry_run=true', ADA)
        assert.deepEqual([made.status, made.body.outcome, made.body.id, made.body.user.netid], [200, 'created', null, '0042'])
        assert.equal((await api.get('/users')).body.users.length, 0)
        await api.post('/users', ADA)
        const changed = await api.post('/users?dry_run=true', { netid: '0042', city: 'Porto' })
        assert.deepEqual([changed.status, changed.body.outcome, changed.body.changed], [200, 'updated', ['city']])
        assert.equal((await api.post('/users?dry_run=true', { netid: '0042', email: 'x' })).status, 422)
        const batch = await api.post('/users/batch?dry_run=true', { users: [{ netid: '0042', city: 'Faro' }, ADA] })
        assert.deepEqual(
          batch.body.results.map(({ outcome }) => outcome),
          ['updated', 'unchanged'],
        )
        assert.deepEqual((await api.get('/users')).body.users[0]?.user, { ...ADA, account_status: 'active' })
      })

      it('is not done by halves: a misspelt parameter is refused', async () => {
        const api = anApi()
        const refused = await api.post('/users?dryrun=true', ADA)
        assert.deepEqual([refused.status, refused.body.problems[0]?.message.includes('dry_run')], [400, true])
        assert.equal((await api.get('/users')).body.users.length, 0)
      })
    })

    describe('POST /users/batch', () => {
      it('tells of each in order, with counts', async () => {
        const api = anApi()
        const { status, body } = await api.post('/users/batch', {
          users: [
            ADA,
            { netid: '0042', city: 'Porto' },
            { netid: '0042', city: 'Porto' },
            { netid: '7' },
            'x',
            { id: 'nobody', bio: 'x' },
          ],
        })
        assert.equal(status, 200)
        assert.deepEqual(body.counts, { created: 1, updated: 1, unchanged: 1, conflict: 0, invalid: 3 })
        assert.deepEqual(
          body.results.map(({ index, outcome }) => [index, outcome]),
          [
            [0, 'created'],
            [1, 'updated'],
            [2, 'unchanged'],
            [3, 'invalid'],
            [4, 'invalid'],
            [5, 'invalid'],
          ],
        )
        assert.equal(body.results[1]?.id, body.results[0]?.id)
      })

      it('takes 1,000 and refuses 1,001 with the limit', async () => {
        const api = anApi()
        const people = Array.from({ length: 1001 }, (_, index) => ({
          ...ADA,
          netid: `n${index}`,
          email: `n${index}@uni.example`,
        }))
        const refused = await api.post('/users/batch', { users: people })
        assert.deepEqual([refused.status, refused.body.limit], [413, 1000])
        // The small MongoDB-wire servers write so many in a minute.
        const most = name === 'sqlite' ? 1000 : 50
        const taken = await api.post('/users/batch', { users: people.slice(0, most) })
        assert.deepEqual(taken.body.counts, { created: most, updated: 0, unchanged: 0, conflict: 0, invalid: 0 })
      })

      it('refuses a body past 8 MiB with the limit', async () => {
        const refused = await anApi().post('/users/batch', JSON.stringify({ users: ['x'.repeat(8 * 1024 * 1024)] }))
        assert.deepEqual([refused.status, refused.body.limit], [413, 8 * 1024 * 1024])
      })
    })

    describe('reading', () => {
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

    describe('an Idempotency-Key', () => {
      const key = { 'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' }

      it('gets the same request the same answer, and does it once', async () => {
        const institution = anInstitution()
        const api = apiOver(store, institution)
        const first = await api.post('/users', ADA, key)
        await api.post('/users', { netid: '0042', city: 'Porto' })
        const again = await api.post('/users', ADA, key)
        assert.deepEqual([again.status, again.body], [first.status, first.body])
        assert.equal(again.headers.get('location'), first.headers.get('location'))
        const bare = await api.post('/users', ADA, { 'idempotency-key': key['idempotency-key'].replaceAll('"', '') })
        assert.equal(bare.body.outcome, 'created')
        assert.equal((await store.find('events', institution._id, { where: EVERYTHING, limit: 9 })).length, 2)
      })

      it('cannot stand for another request', async () => {
        const api = anApi()
        await api.post('/users', ADA, key)
        for (const [path, body] of [
          ['/users', { ...ADA, city: 'Porto' }],
          ['/users?dry_run=true', ADA],
          ['/users/batch', { users: [ADA] }],
        ] as const) {
          const { status, body: refused } = await api.post(path, body, key)
          assert.deepEqual([status, /#key_reused$/.test(String(refused.type))], [422, true], path)
        }
      })

      it('keeps refusals too', async () => {
        const api = anApi()
        assert.equal((await api.post('/users', { netid: 'x' }, key)).status, 422)
        assert.equal((await api.post('/users', { netid: 'x' }, key)).status, 422)
      })

      it('is refused with 409 while its first request is under way', async () => {
        const institution = anInstitution()
        const [held, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const slow = writingBy(store, async (...args) => {
          if (args[0][0]?.collection === 'users') {
            reached.resolve()
            await held.promise
          }
          return store.write(...args)
        })
        const api = apiOver(slow, institution)
        const first = api.post('/users', ADA, key)
        await reached.promise
        const other = await api.post('/users', ADA, key)
        assert.deepEqual([other.status, other.headers.get('retry-after')], [409, '1'])
        held.resolve()
        assert.equal((await first).status, 201)
        assert.equal((await api.post('/users', ADA, key)).status, 201)
      })

      it('is free again after a day', async () => {
        const institution = anInstitution()
        let time = Date.now() - 25 * 3_600_000
        const api = apiOver(store, institution, () => time)
        await api.post('/users', ADA, key)
        time = Date.now()
        const later = await api.post('/users', { netid: '0042', city: 'Porto' }, key)
        assert.deepEqual([later.status, later.body.outcome], [200, 'updated'])
      })

      it('of a request whose server was lost is taken over after a minute', async () => {
        const institution = anInstitution()
        const lost = writingBy(store, async (...args) => {
          if (args[0][0]?.collection === 'users') throw new Error('the process was killed here')
          if (args[0][0]?.op === 'delete') throw new Error('and here')
          return store.write(...args)
        })
        let time = Date.now()
        const broken = apiOver(lost, institution, () => time)
        await assert.rejects(broken.post('/users', ADA, key))
        const api = apiOver(store, institution, () => time)
        assert.equal((await api.post('/users', ADA, key)).status, 409)
        time += 61_000
        assert.equal((await api.post('/users', ADA, key)).status, 201)
      })

      it('has a shape', async () => {
        for (const bad of ['', '""', 'x'.repeat(256), '"a']) {
          const { status } = await anApi().post('/users', ADA, { 'idempotency-key': bad })
          assert.equal(status, bad === '"a' ? 201 : 400, bad)
        }
      })
    })

    describe('bodies and addresses that are wrong', () => {
      it('are refused, each by its own problem', async () => {
        const api = anApi()
        for (const [why, path, init, status, code] of [
          ['no JSON', '/users', { body: '{' }, 400, 'malformed'],
          ['nothing', '/users', { body: '' }, 400, 'malformed'],
          ['not UTF-8', '/users', { body: new Uint8Array([0x7b, 0xff]) }, 400, 'malformed'],
          ['a list', '/users', { body: '[]' }, 422, 'invalid'],
          [
            'a form',
            '/users',
            { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
            415,
            'media_type',
          ],
          [
            'Latin-1',
            '/users',
            { body: '{}', headers: { 'content-type': 'application/json; charset=latin1' } },
            415,
            'media_type',
          ],
          ['past 1 MiB', '/users', { body: `"${'x'.repeat(1024 * 1024)}"` }, 413, 'too_large'],
          ['no list of users', '/users/batch', { body: '{"user": []}' }, 422, 'invalid'],
          ['users that are none', '/users/batch', { body: '{"users": {}}' }, 422, 'invalid'],
          ['something beside them', '/users/batch', { body: '{"users": [], "dry_run": true}' }, 422, 'invalid'],
          ['another method', '/users', { method: 'DELETE' }, 405, 'method'],
          ['another address', '/people', {}, 404, 'not_found'],
        ] as const) {
          const headers = { 'content-type': 'application/json', ...('headers' in init ? init.headers : {}) }
          const response = await api.request(path, { method: 'POST', ...init, headers })
          const body = (await response.json()) as { type: string }
          assert.deepEqual([response.status, body.type.split('#').at(-1)], [status, code], why)
          assert.equal(response.headers.get('content-type'), 'application/problem+json')
        }
        assert.equal((await api.get('/users')).body.users.length, 0)
      })
    })
  })
})

/** The same store, but for how it writes. */
function writingBy(store: Store, write: Store['write']): Store {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'write') return write
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

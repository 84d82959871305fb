import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Settings } from '../src/directory/settings.ts'
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

      it('names what a new person lacks together with what is wrong, alone and among many', async () => {
        const api = anApi()
        const expected = [
          ['email', 'email_invalid'],
          ['last_name', 'required_missing'],
          ['account_type', 'required_missing'],
        ]
        const sent = { email: 'ada at uni', first_name: 'Ada' }
        const named = (problems: readonly { readonly field?: string; readonly code: string }[] = []) =>
          problems.map(({ field, code }) => [field, code])
        const refused = await api.post('/users', sent)
        assert.deepEqual([refused.status, named(refused.body.problems)], [422, expected])
        const [among] = (await api.post('/users/batch', { users: [sent] })).body.results
        assert.deepEqual([among?.outcome, named(among?.problems)], ['invalid', expected])
      })

      it('names what is wrong before whose the keys are', async () => {
        const api = anApi()
        await api.post('/users', ADA)
        await api.post('/users', { ...ADA, netid: '0043', email: 'bob@uni.example', first_name: 'Bob' })
        for (const keys of [{ netid: '0042', email: 'bob@uni.example' }, { id: 'nobody' }]) {
          const { status, body } = await api.post('/users', { ...keys, country: 'Portugall' })
          assert.deepEqual([status, body.problems.map(({ code }) => code)], [422, ['country_unknown']])
        }
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

      describe('where a higher-ranked source keeps what was sent', () => {
        async function ranked() {
          const ranks = ['scim', 'api']
          const api = anApi({ authority: { work_title: ranks, city: ranks, emails: ranks, user_tags: ranks } })
          const person = { ...ADA, work_title: 'Dr', city: 'Porto', user_tags: ['Greek'] }
          const headers = { 'content-type': 'application/json' }
          await api.request('/users', { method: 'POST', source: 'scim', headers, body: JSON.stringify(person) })
          return api
        }

        for (const [why, first, again, withheld] of [
          ['says so each time', { city: 'Faro' }, { city: 'Faro' }, ['city']],
          ['says so of what it would clear', { work_title: null }, { work_title: null }, ['work_title']],
          ['says so of an address', { email: 'ak@uni.example' }, { email: 'ak@uni.example' }, ['email']],
          ['says so of tags it would take away', { user_tags: [] }, { user_tags: [] }, ['user_tags']],
          ['says nothing of what was not sent again', { city: 'Faro' }, { bio: 'Maps.' }, []],
          ['says so of what belongs together with it', { city: 'Faro' }, { zipcode: '8000' }, ['zipcode']],
          ['says nothing of what is in force', { city: 'Faro' }, { city: 'Porto' }, []],
          ['says nothing of tags it adds', { user_tags: [] }, { user_tags: ['New'], keep_existing_user_tags: true }, []],
        ] as const) {
          it(why, async () => {
            const api = await ranked()
            await api.post('/users', { netid: '0042', ...first })
            assert.deepEqual((await api.post('/users', { netid: '0042', ...again })).body.withheld, withheld)
            const { body } = await api.post('/users', { netid: '0042', ...again })
            assert.partialDeepStrictEqual(body, { outcome: 'unchanged', changed: [], withheld })
          })
        }

        it('counts a repeat as no change, and tells no event of it', async () => {
          const api = await ranked()
          const { body } = await api.post('/users', { netid: '0042', city: 'Faro' })
          const events = () => api.get(`/users/${body.id}/events`)
          const before = await events()
          assert.equal((await api.post('/users', { netid: '0042', city: 'Faro' })).body.outcome, 'unchanged')
          assert.deepEqual((await events()).body, before.body)
        })

        it('says so of each of many', async () => {
          const api = await ranked()
          const users = [{ netid: '0042', city: 'Faro' }, { netid: '0042', city: 'Faro' }, { netid: '0042' }]
          const { body } = await api.post('/users/batch', { users })
          assert.deepEqual(
            body.results.map(({ outcome, withheld }) => [outcome, withheld]),
            [
              ['updated', ['city']],
              ['unchanged', ['city']],
              ['unchanged', undefined],
            ],
          )
        })
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

      it('names no record that does not exist', async () => {
        const api = anApi()
        const users = [ADA, { netid: '0042', city: 'Porto' }, { ...ADA, netid: '0043', first_name: 'Eve', last_name: 'Moss' }]
        const { body } = await api.post('/users/batch?dry_run=true', { users })
        assert.deepEqual(
          body.results.map(({ outcome, id, records }) => [outcome, id, records]),
          [
            ['created', null, undefined],
            ['updated', null, undefined],
            ['conflict', undefined, []],
          ],
        )
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

    describe('bodies and addresses that are wrong', () => {
      it('are refused, each by its own problem', async () => {
        const api = anApi()
        for (const [why, path, init, status, code] of [
          ['no JSON', '/users', { body: '{' }, 400, 'malformed'],
          ['nothing', '/users', { body: '' }, 400, 'malformed'],
          ['a name twice', '/users', { body: '{"email": "a@uni.example", "email": "b@uni.example"}' }, 400, 'malformed'],
          ['a name twice among many', '/users/batch', { body: '{"users": [{"id": "a", "id": "b"}]}' }, 400, 'malformed'],
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
          ['packed', '/users', { body: '{}', headers: { 'content-encoding': 'gzip' } }, 415, 'media_type'],
          [
            'a packed stream',
            '/users/batch',
            { body: '{}', headers: { 'content-encoding': 'br', 'content-type': 'application/x-ndjson' } },
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

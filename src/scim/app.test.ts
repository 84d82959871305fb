import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { aChange } from '../../test/builders.ts'
import { endpoint, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'
import { StoreError } from '../store/store.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'

await forEachStore((name, place) => {
  describe(`SCIM on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('creates, reads, replaces, patches and deletes', async () => {
      const { call, institution } = endpoint(store)
      const base = `http://roll.example/institutions/${institution._id}/scim/v2`
      const made = await call('POST', '/Users', { schemas: [CORE], userName: 'Ada', externalId: 'x', title: 'Dr' })
      assert.equal(made.status, 201)
      assert.equal(made.headers.get('location'), made.json.meta.location)
      assert.equal(made.json.meta.location, `${base}/Users/${made.json.id}`)
      assert.equal(made.headers.get('etag'), made.json.meta.version)
      const path = `/Users/${made.json.id}`
      assert.deepEqual((await call('GET', path)).json, made.json)
      const replaced = await call('PUT', path, { userName: 'Ada', displayName: 'Ada L' })
      assert.partialDeepStrictEqual(replaced.json, { id: made.json.id, externalId: 'x', displayName: 'Ada L', active: true })
      assert.equal(replaced.json.title, undefined)
      const patched = await call('PATCH', path, patch({ op: 'add', path: 'title', value: 'Prof' }))
      assert.partialDeepStrictEqual(patched, { status: 200, json: { title: 'Prof', displayName: 'Ada L' } })
      const gone = await call('DELETE', path)
      assert.deepEqual([gone.status, gone.text], [204, ''])
      for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
        const body =
          method === 'PUT' ? { userName: 'Ada' } : method === 'PATCH' ? patch({ op: 'remove', path: 'title' }) : undefined
        assert.equal((await call(method, path, body)).status, 404)
      }
    })

    it('makes no formatted name, and leaves one to whoever sends it when another source changes its parts', async () => {
      const { call, add, institution } = endpoint(store)
      const ada = { netid: 'a', email: 'a@uni.edu', first: 'Ada', last: 'King' }
      const made = await add(institution, aChange(ada))
      const path = `/Users/${'user' in made ? made.user._id : ''}`
      const nameSeen = async () => (await call('GET', path)).json.name
      assert.deepEqual(await nameSeen(), { givenName: 'Ada', familyName: 'King' })
      const formatted = 'King, Ada'
      await call('PATCH', path, patch({ op: 'add', path: 'name.formatted', value: formatted }))
      await add(institution, aChange({ ...ada, last: 'Lovelace' }))
      assert.deepEqual(await nameSeen(), { givenName: 'Ada', familyName: 'Lovelace', formatted })
    })

    it('changes nothing, not even lastModified, when a PATCH adds what is there', async () => {
      const { call } = endpoint(store)
      const made = await call('POST', '/Users', { userName: 'ada', roles: [{ value: 'dean' }] })
      const same = await call('PATCH', `/Users/${made.json.id}`, patch({ op: 'add', path: 'roles', value: [{ value: 'dean' }] }))
      assert.deepEqual(same.json, made.json)
    })

    it('shows no second active user under one userName, in any case', async () => {
      const { call } = endpoint(store)
      await call('POST', '/Users', { userName: 'ada@uni.edu' })
      const again = await call('POST', '/Users', { userName: 'ADA@uni.edu' })
      assert.partialDeepStrictEqual(again, { status: 409, json: { schemas: [ERROR], status: '409', scimType: 'uniqueness' } })
      assert.doesNotMatch(again.json.detail, /ada@/i)
    })

    it('answers one 201 when fifty clients create one person at once', async () => {
      const { call } = endpoint(store)
      const body = { userName: 'ada', emails: [{ value: 'ada@uni.edu' }] }
      const answers = await Promise.all(Array.from({ length: 50 }, () => call('POST', '/Users', body)))
      assert.equal(answers.filter(({ status }) => status === 201).length, 1)
      assert(answers.every(({ status }) => status === 201 || status === 409))
    })

    it('loses none of fifty e-mails that are added at once', async () => {
      const { call } = endpoint(store)
      const path = `/Users/${(await call('POST', '/Users', { userName: 'ada' })).json.id}`
      const adds = Array.from({ length: 50 }, (_, i) =>
        call('PATCH', path, patch({ op: 'add', path: 'emails', value: [{ value: `${i}@x`, type: `t${i}` }] })),
      )
      assert((await Promise.all(adds)).every(({ status }) => status === 200))
      assert.equal((await call('GET', path)).json.emails.length, 50)
    })

    describe('lists', () => {
      it('come in pages', async () => {
        const { call } = endpoint(store)
        for (const userName of ['c', 'a', 'b']) await call('POST', '/Users', { userName, title: 'same' })
        for (const [query, names, startIndex] of [
          ['sortBy=userName&count=2', ['a', 'b'], 1],
          ['sortBy=USERNAME&sortOrder=Descending&startIndex=3&count=2', ['a'], 3],
          ['sortBy=userName&startIndex=-5&count=1', ['a'], 1],
          ['sortBy=userName&startIndex=4', [], 4],
          ['count=0', [], 1],
          ['count=-1', [], 1],
          ['filter=title%20eq%20%22same%22&sortBy=userName&startIndex=2&count=1', ['b'], 2],
          ['filter=title+eq+%22same%22&startIndex=9&count=1', [], 9],
        ] as const) {
          const { status, json } = await call('GET', `/Users?${query}`)
          assert.deepEqual(
            [status, json.totalResults, json.startIndex, json.itemsPerPage],
            [200, 3, startIndex, names.length],
            query,
          )
          assert.deepEqual(
            json.Resources.map((user: { userName: string }) => user.userName),
            names,
            query,
          )
        }
      })

      it('are searched by POST as well, at both addresses', async () => {
        const { call } = endpoint(store)
        await call('POST', '/Users', { userName: 'ada', title: 'Dr' })
        for (const path of ['/Users/.search', '/.search']) {
          const body = { filter: 'title eq "Dr"', attributes: ['userName'], COUNT: '10', startIndex: 1, sortBy: 'userName' }
          const { status, json } = await call('POST', path, body)
          assert.deepEqual([status, json.totalResults, Object.keys(json.Resources[0])], [200, 1, ['schemas', 'id', 'userName']])
        }
      })

      it('show what is asked for, and so do answers to writes', async () => {
        const { call } = endpoint(store)
        const query = '?attributes=userName'
        const made = await call('POST', `/Users${query}`, { userName: 'ada', title: 'Dr' })
        const path = `/Users/${made.json.id}${query}`
        const shown = [
          made.json,
          (await call('GET', path)).json,
          (await call('PUT', path, { userName: 'ada', title: 'Prof' })).json,
          (await call('PATCH', path, patch({ op: 'remove', path: 'title' }))).json,
          (await call('GET', `/Users${query}`)).json.Resources[0],
        ]
        for (const user of shown) assert.deepEqual(user, { schemas: [CORE], id: made.json.id, userName: 'ada' })
        const { json } = await call('GET', `/Users/${made.json.id}?excludedAttributes=meta,id`)
        assert.deepEqual(Object.keys(json).sort(), ['active', 'id', 'schemas', 'userName'])
      })
    })

    it('answers 4xx, with a SCIM body, to whatever it cannot serve', async () => {
      const { call } = endpoint(store)
      const json = { 'content-type': 'application/json' }
      const packed = { ...json, 'content-encoding': 'gzip' }
      for (const [status, scimType, method, path, body, headers] of [
        [400, 'invalidSyntax', 'POST', '/Users', '', json],
        [400, 'invalidSyntax', 'POST', '/Users', '{', json],
        [400, 'invalidSyntax', 'POST', '/Users', '[]', json],
        [400, 'invalidValue', 'POST', '/Users', '{}', json],
        [400, 'invalidValue', 'POST', '/Users', '{"userName":"a","active":"maybe"}', json],
        [400, 'invalidValue', 'POST', '/Users', `{"userName":"\\u0000"}`, json],
        [400, 'invalidSyntax', 'PATCH', '/Users/x', '{}', json],
        [400, 'invalidSyntax', 'POST', '/Users/.search', '[]', json],
        [400, 'invalidFilter', 'POST', '/Users/.search', '{"filter":5}', json],
        [400, 'invalidFilter', 'GET', '/Users?filter=', undefined, {}],
        [400, 'invalidFilter', 'GET', '/Users?filter=userName', undefined, {}],
        [400, 'invalidValue', 'GET', '/Users?count=x', undefined, {}],
        [400, 'invalidValue', 'GET', '/Users?sortBy=nonsense', undefined, {}],
        [400, 'invalidValue', 'GET', '/Users?sortOrder=up', undefined, {}],
        [403, 'sensitive', 'GET', '/Users?filter=password%20pr', undefined, {}],
        [403, undefined, 'GET', '/Schemas?filter=x', undefined, {}],
        [404, undefined, 'GET', '/Users/%00', undefined, {}],
        [404, undefined, 'GET', `/Users/${'x'.repeat(2000)}`, undefined, {}],
        [404, undefined, 'GET', '/Schemas/urn:none', undefined, {}],
        [404, undefined, 'GET', '/ResourceTypes/None', undefined, {}],
        [404, undefined, 'GET', '/Group', undefined, {}],
        [404, undefined, 'GET', '/Groups/%00', undefined, {}],
        [400, 'invalidSyntax', 'POST', '/Groups', '[]', json],
        [400, 'invalidSyntax', 'PATCH', '/Groups/x', '{}', json],
        [400, 'invalidSyntax', 'POST', '/Bulk', '{}', json],
        [405, undefined, 'GET', '/Bulk', undefined, {}],
        [400, 'invalidCursor', 'GET', '/Users?cursor=made-up', undefined, {}],
        [400, 'invalidCursor', 'POST', '/.search', '{"cursor":5}', json],
        [400, 'invalidCount', 'GET', '/Users?cursor=&count=x', undefined, {}],
        [400, 'invalidValue', 'GET', '/?sortBy=nonsense', undefined, {}],
        [404, undefined, 'GET', '/nonsense/of/any/depth', undefined, {}],
        [405, undefined, 'DELETE', '/Users', undefined, {}],
        [405, undefined, 'GET', '/Users/.search', undefined, {}],
        [405, undefined, 'POST', '/Schemas', '{}', json],
        [413, undefined, 'POST', '/Users', JSON.stringify({ userName: 'a', title: 'x'.repeat(2 ** 20) }), json],
        [415, undefined, 'POST', '/Users', 'userName=a', { 'content-type': 'application/x-www-form-urlencoded' }],
        [415, undefined, 'POST', '/Users', '{}', { 'content-type': 'application/json; charset=latin1' }],
        [415, undefined, 'POST', '/Users', '{"userName":"a"}', packed],
        [415, undefined, 'PATCH', '/Users/x', '{}', packed],
        [415, undefined, 'POST', '/.search', '{}', packed],
        [415, undefined, 'POST', '/Bulk', '{}', packed],
        [501, undefined, 'GET', '/Me', undefined, {}],
      ] as const) {
        const answer = await call(method, path, body, headers)
        const why = `${method} ${path} ${String(body).slice(0, 60)}: ${answer.text.slice(0, 200)}`
        assert.deepEqual([answer.status, answer.json?.scimType], [status, scimType], why)
        assert.deepEqual([answer.json.schemas, answer.json.status], [[ERROR], String(status)], why)
        assert.equal(typeof answer.json.detail, 'string')
        assert.equal(answer.headers.get('content-type'), 'application/scim+json')
        if (status === 405) assert.match(answer.headers.get('allow') ?? '', /POST|GET/)
      }
    })

    it('refuses what is nested deeper than anything it knows, and passes over what is not', async () => {
      const { call, failures } = endpoint(store)
      const { json: made } = await call('POST', '/Users', { userName: 'ada' })
      const lists = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
      const cores = (levels: number) => `${`{"${CORE}":`.repeat(levels)}{}${'}'.repeat(levels)}`
      for (const [status, method, path, body] of [
        [400, 'POST', '/Users', `{"userName":"a","name":${lists(400_000)}}`],
        [400, 'PATCH', `/Users/${made.id}`, `{"Operations":[{"op":"add","path":"name","value":${lists(60)}}]}`],
        [400, 'POST', '/Users', `{"userName":"a","${CORE}":${cores(64)}}`],
        [201, 'POST', '/Users', `{"userName":"a","${CORE}":${cores(60)}}`],
        [200, 'PATCH', `/Users/${made.id}`, `{"Operations":[{"op":"add","value":${cores(60)}}]}`],
      ] as const) {
        assert.equal((await call(method, path, body)).status, status, `${method} ${body.slice(0, 60)}`)
      }
      assert.deepEqual(failures, [])
    })

    it('keeps the default account type through a PUT that says nothing of it', async () => {
      const { call } = endpoint(store, { defaultAccountType: 'Student' })
      const { json: made } = await call('POST', '/Users', { userName: 'ada' })
      const { json: put } = await call('PUT', `/Users/${made.id}`, { userName: 'ada', title: 'Dr' })
      assert.deepEqual([made.userType, put.userType], ['Student', 'Student'])
    })

    it('answers in the media type that is asked for', async () => {
      const { call } = endpoint(store)
      for (const [accept, type] of [
        ['application/json', 'application/json'],
        ['application/json;q=0.9, text/html', 'application/json'],
        ['application/scim+json, application/json', 'application/scim+json'],
        ['*/*', 'application/scim+json'],
      ] as const) {
        for (const path of ['/Users', '/Users/none', '/ServiceProviderConfig', '/nonsense']) {
          assert.equal((await call('GET', path, undefined, { accept })).headers.get('content-type'), type)
        }
      }
    })

    it('lets nobody in without a token, but to the service provider configuration', async () => {
      const { app, institution } = endpoint(store)
      const at = (path: string, method = 'GET') => app.request(`/institutions/${institution._id}/scim/v2${path}`, { method })
      assert.equal((await at('/ServiceProviderConfig')).status, 200)
      for (const path of ['/Users', '/Users/x', '/Schemas', '/Schemas/x', '/ResourceTypes', '/ResourceTypes/User']) {
        const answer = await at(path)
        assert.deepEqual([answer.status, answer.headers.get('www-authenticate')], [401, 'Bearer'], path)
        assert.equal(JSON.parse(await answer.text()).status, '401')
      }
      for (const [method, path] of [
        ['POST', '/Users'],
        ['POST', '/.search'],
        ['PUT', '/Users/x'],
        ['PATCH', '/Users/x'],
        ['DELETE', '/Users/x'],
      ] as const) {
        assert.equal((await at(path, method)).status, 401)
      }
    })

    it('passes on what the limits say', async () => {
      const refusal = { kind: 'refused', status: 429, detail: 'too many', headers: { 'retry-after': '3' } } as const
      const { status, headers, json } = await endpoint(store, {}, { refusal }).call('GET', '/Users')
      assert.deepEqual([status, headers.get('retry-after'), json.status], [429, '3', '429'])
    })

    it('sends back what a client prefers', async () => {
      const { call } = endpoint(store)
      const minimal = { prefer: 'respond-async, return=minimal; wait=5' }
      for (const [path, body] of [
        ['/Users', { userName: 'ada' }],
        ['/Groups', { displayName: 'Staff' }],
      ] as const) {
        const made = await call('POST', path, body, minimal)
        assert.deepEqual([made.status, made.text, made.headers.get('preference-applied')], [201, '', 'return=minimal'])
        const there = (made.headers.get('location') ?? '').split('/scim/v2')[1] ?? ''
        assert.equal((await call('GET', there)).headers.get('etag'), made.headers.get('etag'))
        const put = await call('PUT', there, body, minimal)
        assert.deepEqual([put.status, put.text], [204, ''])
        const operation = patch({ op: 'add', path: 'externalId', value: 'x' })
        assert.equal((await call('PATCH', there, operation, minimal)).status, 204)
        const whole = await call('PATCH', there, operation, { prefer: 'return="representation"' })
        assert.deepEqual([whole.status, whole.json.externalId], [200, 'x'])
        const narrow = await call('PATCH', `${there}?attributes=externalId`, operation, minimal)
        assert.deepEqual([narrow.status, Object.keys(narrow.json)], [200, ['schemas', 'id', 'externalId']])
      }
    })

    it('describes itself', async () => {
      const { call } = endpoint(store)
      const config = (await call('GET', '/ServiceProviderConfig')).json
      assert.partialDeepStrictEqual(config, {
        patch: { supported: true },
        bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 8 * 1024 * 1024 },
        pagination: { cursor: true, index: true, defaultPaginationMethod: 'index', maxPageSize: 200 },
        filter: { supported: true, maxResults: 200 },
      })
      for (const path of ['/Schemas', '/ResourceTypes']) {
        const { json } = await call('GET', `${path}?count=1&startIndex=2&sortBy=id`)
        assert.equal(json.totalResults, json.Resources.length)
        for (const resource of json.Resources) {
          const there = new URL(resource.meta.location).pathname.split('/scim/v2')[1] ?? ''
          assert.deepEqual((await call('GET', there)).json, resource)
        }
      }
    })

    it('takes back what it gave as no change, by PUT and by PATCH', async () => {
      const { call } = endpoint(store)
      const text = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).filter((one) => !one.includes('\0'))
      const element = fc.record(
        { value: text, type: fc.constantFrom('work', 'home', 'x'), primary: fc.boolean() },
        { requiredKeys: ['value'] },
      )
      const optional = {
        title: text,
        active: fc.boolean(),
        name: fc.record({ givenName: text, familyName: text }, { requiredKeys: [] }),
        emails: fc.array(element, { maxLength: 4 }),
        roles: fc.array(element, { maxLength: 4 }),
        [ENTERPRISE]: fc.record({ department: text, manager: fc.record({ value: text }) }, { requiredKeys: [] }),
        [CAMPUS]: fc.record({ tags: fc.array(text, { maxLength: 3 }), entryYear: fc.integer() }, { requiredKeys: [] }),
      }
      let n = 0
      await fc.assert(
        fc.asyncProperty(fc.record(optional, { requiredKeys: [] }), async (body) => {
          const emails = body.emails?.map((one) => ({ ...one, value: `${n}-${one.value}` }))
          const made = await call('POST', '/Users', { ...body, ...(emails === undefined ? {} : { emails }), userName: `u${n++}` })
          assert.equal(made.status, 201, made.text)
          const path = `/Users/${made.json.id}`
          assert.deepEqual((await call('PUT', path, made.json)).json, made.json)
          assert.deepEqual((await call('PATCH', path, patch({ op: 'replace', value: made.json }))).json, made.json)
          assert.deepEqual((await call('PATCH', path, patch({ op: 'add', value: made.json }))).json, made.json)
        }),
        { numRuns: 20 },
      )
    })

    it('has no 5xx for any body, any path and any query', async () => {
      const { call, failures } = endpoint(store)
      const id = (await call('POST', '/Users', { userName: 'ada' })).json.id
      const names = fc.constantFrom(
        'userName',
        'emails',
        'name',
        'active',
        CAMPUS,
        'externalId',
        'Operations',
        'filter',
        'attributes',
        'count',
        'startIndex',
        'sortBy',
        '__proto__',
      )
      const operation = fc.record(
        { op: fc.constantFrom('add', 'replace', 'remove'), path: fc.oneof(names, fc.string()), value: fc.jsonValue() },
        { requiredKeys: ['op'] },
      )
      const body = fc.oneof(
        fc.json(),
        fc.string(),
        fc.dictionary(names, fc.jsonValue()).map((one) => JSON.stringify(one)),
        fc.array(operation).map((all) => JSON.stringify({ Operations: all })),
      )
      const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
      const path = fc.oneof(
        fc.constantFrom('/Users', `/Users/${id}`, '/Users/.search', '/.search', '/Schemas', '/Me'),
        fc.webPath(),
      )
      const query = fc.oneof(
        fc.constant(''),
        fc.webQueryParameters().map((text) => `?${text}`),
        fc.tuple(names, fc.string()).map(([name_, value]) => `?${name_}=${encodeURIComponent(value.toWellFormed())}`),
      )
      const headers = fc.record(
        { 'if-match': fc.constantFrom('*', '"', 'W/"x"'), accept: fc.constantFrom('', ';', 'application/json') },
        { requiredKeys: [] },
      )
      await fc.assert(
        fc.asyncProperty(method, path, query, body, headers, async (verb, where, asked, sent, more) => {
          const answer = await call(verb, where + asked, verb === 'GET' ? undefined : sent, more)
          assert(answer.status < 500 || answer.status === 501, answer.text)
        }),
        { numRuns: 400 },
      )
      assert.deepEqual(failures, [])
    })
  })
})

describe('SCIM on a store that fails', () => {
  function failing(error: unknown): Store {
    const fail = () => Promise.reject(error)
    return {
      name: 'failing',
      ping: fail,
      write: fail,
      get: fail,
      lookUp: fail,
      find: fail,
      count: fail,
      take: fail,
      [Symbol.asyncDispose]: fail,
    }
  }

  for (const [why, error, status, scimType, told] of [
    ['says try again when the store cannot be reached', new StoreError('unavailable', 'secret'), 503, undefined, 1],
    ['says narrow the filter when a question takes too long', new StoreError('tooSlow', 'secret'), 400, 'tooMany', 0],
    ['tells nothing of the inside when something else breaks', new Error('secret'), 500, undefined, 1],
  ] as const) {
    it(why, async () => {
      const { call, failures } = endpoint(failing(error))
      for (const answer of [await call('GET', '/Users'), await call('POST', '/Users', { userName: 'a' })]) {
        assert.partialDeepStrictEqual(answer, { status, json: { schemas: [ERROR], status: String(status) } })
        assert.equal(answer.json.scimType, scimType)
        assert.doesNotMatch(answer.text, /secret/)
        if (status === 503) assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
      }
      assert.equal(failures.length, told * 2)
    })
  }
})

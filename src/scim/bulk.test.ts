import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Told } from '../../test/scim-bulk.ts'
import { bulkEndpoint, ENTERPRISE, group, idOf, manager, user } from '../../test/scim-bulk.ts'
import { endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'

await forEachStore((name, place) => {
  describe(`POST /Bulk on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())
    const anEndpoint = () => bulkEndpoint(store)

    it('does every kind of operation, and tells where and of which version', async () => {
      const { call, bulk, institution } = anEndpoint()
      const [ada, staff] = await bulk([user('ada'), group('Staff', 'bulkId:ada')])
      const base = `http://roll.example/institutions/${institution._id}/scim/v2`
      assert.ok(ada !== undefined && staff !== undefined)
      assert.deepEqual(ada, {
        method: 'POST',
        bulkId: 'ada',
        location: `${base}/Users/${idOf(ada)}`,
        version: ada.version,
        status: '201',
      })
      const path = `/Users/${idOf(ada)}`
      const later = await bulk([
        { method: 'patch', path, data: patch({ op: 'add', path: 'title', value: 'Dr' }) },
        { method: 'PUT', path: `/Groups/${idOf(staff)}`, data: { displayName: 'Employees' } },
        { method: 'POST', path: 'Users', bulkId: 'bob', data: { userName: 'bob' } },
        { method: 'DELETE', path: '/Users/bulkId:bob' },
      ])
      assert.deepEqual(
        later.map(({ status }) => status),
        ['200', '200', '201', '204'],
      )
      const { json, headers } = await call('GET', path)
      assert.partialDeepStrictEqual(json, { title: 'Dr', groups: [{ display: 'Employees' }] })
      assert.equal(later[0]?.version, headers.get('etag'))
      assert.equal((await call('GET', filterBy('userName eq "bob"'))).json.totalResults, 0)
    })

    describe('resolves references', () => {
      it('to what comes later in the request', async () => {
        const { call, bulk } = anEndpoint()
        const [staff, , ada] = await bulk([
          group('Staff', 'bulkId:eve', 'bulkId:ada'),
          user('eve'),
          user('ada', manager('bulkId:eve')),
        ])
        assert.ok(staff !== undefined && ada !== undefined)
        const { json } = await call('GET', `/Groups/${idOf(staff)}`)
        assert.deepEqual(json.members.map(({ display }: { display: string }) => display).sort(), ['ada', 'eve'])
        const { [ENTERPRISE]: enterprise } = (await call('GET', `/Users/${idOf(ada)}`)).json
        assert.match(enterprise.manager.value, /^[0-9a-f-]{36}$/)
      })

      it('in paths of operations, of PATCH, and in addresses', async () => {
        const { call, bulk } = anEndpoint()
        const results = await bulk([
          { method: 'PATCH', path: '/Groups/bulkId:g', data: patch({ op: 'remove', path: 'members[value eq "bulkId:a"]' }) },
          group('g', 'bulkId:a', 'bulkId:b'),
          user('a'),
          user('b', { [ENTERPRISE]: { manager: { $ref: '../Users/bulkId:a', value: 'bulkId:a' } } }),
        ])
        assert.deepEqual(
          results.map(({ status }) => status),
          ['200', '201', '201', '201'],
        )
        const { json } = await call('GET', `/Groups/${idOf(results[1] as Told)}`)
        assert.deepEqual(
          json.members.map(({ display }: { display: string }) => display),
          ['b'],
        )
      })

      it('in a circle of people', async () => {
        const { call, bulk } = anEndpoint()
        const circle = ['a', 'b', 'c']
        const results = await bulk(
          circle.map((one, at) => user(one, { title: 'T', ...manager(`bulkId:${circle[(at + 1) % 3]}`) })),
        )
        for (const [at, result] of results.entries()) {
          assert.equal(result.status, '201')
          const { json, headers } = await call('GET', `/Users/${idOf(result)}`)
          assert.equal(json[ENTERPRISE].manager.value, idOf(results[(at + 1) % 3] as Told))
          assert.deepEqual([json.title, result.version], ['T', headers.get('etag')])
        }
      })

      it('of somebody to themselves', async () => {
        const { call, bulk } = anEndpoint()
        const [ada] = await bulk([user('ada', manager('bulkId:ada'))])
        assert.ok(ada !== undefined)
        assert.equal((await call('GET', `/Users/${idOf(ada)}`)).json[ENTERPRISE].manager.value, idOf(ada))
      })

      for (const [how, managerOf] of [
        ['as a dotted name', (value: string) => ({ [`${ENTERPRISE}:manager`]: value })],
        ['as a dotted name of a part', (value: string) => ({ [`${ENTERPRISE}:manager.value`]: value })],
        ['within its extension', (value: string) => ({ [ENTERPRISE]: { manager: value, department: 'Physics' } })],
      ] as const) {
        it(`in a circle where the manager is told ${how}`, async () => {
          const { call, bulk } = anEndpoint()
          const [a, b] = await bulk([user('a', managerOf('bulkId:b')), user('b', managerOf('bulkId:a'))])
          assert.ok(a !== undefined && b !== undefined)
          for (const [one, other] of [
            [a, b],
            [b, a],
          ] as const) {
            assert.equal((await call('GET', `/Users/${idOf(one)}`)).json[ENTERPRISE]?.manager.value, idOf(other))
          }
        })
      }

      it('in circles that touch each other, and in what names them', async () => {
        const { call, bulk } = anEndpoint()
        const names = ['a', 'b', 'c', 'd']
        const results = await bulk([
          user('a', manager('bulkId:b')),
          group('Staff', 'bulkId:d', 'bulkId:a'),
          user('b', manager('bulkId:c')),
          user('c', manager('bulkId:b')),
          user('d', manager('bulkId:d')),
        ])
        assert.deepEqual(
          results.map(({ status }) => status),
          Array(5).fill('201'),
        )
        const ids = [0, 2, 3, 4].map((at) => idOf(results[at] as Told))
        for (const [at, other] of [1, 2, 1, 3].entries()) {
          const { json } = await call('GET', `/Users/${ids[at]}`)
          assert.deepEqual([json.userName, json[ENTERPRISE].manager.value], [names[at], ids[other]])
        }
        assert.equal((await call('GET', `/Groups/${idOf(results[1] as Told)}`)).json.members.length, 2)
      })

      for (const bulkId of ['sp ace/é', '100%', 'a "b" \\', ' x', 'bulkId:y', 'übung\n']) {
        it(`whatever text a bulkId is, as ${JSON.stringify(bulkId)}`, async () => {
          const { call, bulk } = anEndpoint()
          const inPath = patch({ op: 'remove', path: `members[value eq ${JSON.stringify(`bulkId:${bulkId}`)}]` })
          const $ref = `../Users/bulkId:${encodeURIComponent(bulkId)}`
          const results = await bulk([
            group('g', `bulkId:${bulkId}`, 'bulkId:other'),
            user('other', { [ENTERPRISE]: { manager: { $ref, value: `bulkId:${bulkId}` } } }),
            { ...user(bulkId), data: { userName: 'ada' } },
            { method: 'PATCH', path: '/Groups/bulkId:g', data: inPath },
            {
              method: 'PATCH',
              path: `/Users/bulkId:${encodeURIComponent(bulkId)}`,
              data: patch({ op: 'add', value: { title: '1' } }),
            },
            {
              method: 'PATCH',
              path: `/Users/${encodeURIComponent(`bulkId:${bulkId}`)}`,
              data: patch({ op: 'add', value: { title: '2' } }),
            },
            { method: 'PATCH', path: `/Users/bulkId:${bulkId}`, data: patch({ op: 'add', value: { nickName: '3' } }) },
          ])
          assert.deepEqual(
            results.map(({ status }) => status),
            ['201', '201', '201', '200', '200', '200', '200'],
          )
          assert.equal(results[2]?.bulkId, bulkId)
          assert.partialDeepStrictEqual((await call('GET', `/Users/${idOf(results[2] as Told)}`)).json, {
            title: '2',
            nickName: '3',
          })
          assert.equal((await call('GET', `/Groups/${idOf(results[0] as Told)}`)).json.members.length, 1)
        })
      }

      it('but not in a circle of groups: one of them says so, the other is whole', async () => {
        const { call, bulk } = anEndpoint()
        const [one, other] = await bulk([group('One', 'bulkId:Other'), group('Other', 'bulkId:One')])
        assert.partialDeepStrictEqual(
          [one, other],
          [{ status: '409', response: { schemas: [ERROR], status: '409' } }, { status: '201' }],
        )
        assert.match(one?.response?.detail ?? '', /circle/)
        const { json } = await call('GET', `/Groups/${idOf(other as Told)}`)
        assert.deepEqual(
          json.members.map(({ value }: { value: string }) => value),
          [idOf(one as Told)],
        )
      })

      it('never as text: what nobody makes fails what names it', async () => {
        const { call, bulk } = anEndpoint()
        const results = await bulk([
          group('Staff', 'bulkId:nobody'),
          user('ada', manager('bulkId:')),
          { method: 'DELETE', path: '/Users/bulkId:nobody' },
          user('bad name', { userName: ' ' }),
          group('Guests', 'bulkId:bad name'),
          group('Others', 'bulkId:unnamed'),
          user('unnamed', { userName: '' }),
        ])
        assert.deepEqual(
          results.map(({ status }) => status),
          ['400', '201', '400', '400', '400', '400', '400'],
        )
        assert.match(results[0]?.response?.detail ?? '', /no operation of this request has made bulkId:nobody/)
        assert.equal((await call('GET', '/Groups')).json.totalResults, 0)
      })
    })

    it('lets one failure harm no other', async () => {
      const { call, bulk, failures } = anEndpoint()
      const results = await bulk([
        user('ada'),
        user('ADA'),
        user('bob', { active: 'maybe' }),
        { method: 'GET', path: '/Users' },
        { method: 'POST', path: '/Nothing', bulkId: 'x', data: {} },
        { method: 'PUT', path: '/Users', data: {} },
        { method: 'PATCH', path: '/Users/nobody', data: patch({ op: 'remove', path: 'title' }) },
        { method: 'DELETE', path: '/Groups/nobody' },
        user('ada'),
        'nonsense',
        { method: 'POST', path: '/Users', bulkId: 'none' },
        user('eve'),
      ])
      assert.deepEqual(
        results.map(({ status }) => status),
        ['201', '409', '400', '405', '400', '400', '404', '404', '400', '400', '400', '201'],
      )
      for (const { status, response, location } of results) {
        assert.equal(response === undefined ? location !== undefined : response.status === status, true)
      }
      assert.equal((await call('GET', '/Users')).json.totalResults, 2)
      assert.deepEqual(failures, [])
    })

    it('ignores case in the names of the members of an operation', async () => {
      const { call, bulk } = anEndpoint()
      const [ada, changed] = await bulk([
        { Method: 'POST', Path: '/Users', BulkId: 'x', Data: { userName: 'ada' } },
        { METHOD: 'PATCH', PATH: '/Users/bulkId:x', VERSION: 'W/"old"', DATA: patch({ op: 'add', value: { title: 'Dr' } }) },
      ])
      assert.partialDeepStrictEqual([ada, changed], [{ status: '201', bulkId: 'x' }, { status: '412' }])
      assert.equal((await call('GET', `/Users/${idOf(ada as Told)}`)).json.userName, 'ada')
    })

    it('tells an operation without a method from one whose method there is not', async () => {
      const { bulk } = anEndpoint()
      const { method, ...without } = user('x')
      const [none, number, unknown] = await bulk([without, { ...without, method: 5 }, { ...without, method: `${method}S` }])
      const missing = { status: '400', response: { scimType: 'invalidSyntax' } }
      assert.partialDeepStrictEqual([none, number, unknown], [missing, missing, { status: '405' }])
    })

    it('refuses a version and a bulkId that are no text, in place of doing without', async () => {
      const { bulk, statuses } = anEndpoint()
      const [ada] = await bulk([user('ada')])
      const path = `/Users/${idOf(ada as Told)}`
      const operations = [
        { method: 'DELETE', path, version: 1 },
        { ...user('eve'), bulkId: 7 },
      ]
      assert.deepEqual(await statuses(operations), ['400', '400'])
      assert.deepEqual(await statuses([{ method: 'DELETE', path, version: null }]), ['204'])
    })

    it('stops after so many failures as failOnErrors says', async () => {
      const { call, bulk } = anEndpoint()
      const operations = [user('a'), user('', { userName: '' }), user('b'), user('', { userName: '' }), user('c')]
      const some = await bulk(operations, { failOnErrors: 1 })
      assert.deepEqual(
        some.map(({ status }) => status),
        ['201', '400'],
      )
      assert.equal((await call('GET', '/Users')).json.totalResults, 1)
      assert.equal((await anEndpoint().bulk(operations, { failOnErrors: 2 })).length, 4)
    })

    it('minds the version that an operation names', async () => {
      const { bulk, statuses } = anEndpoint()
      const [ada] = await bulk([user('ada')])
      assert.ok(ada !== undefined)
      const change = (value: string) => ({
        method: 'PATCH',
        path: `/Users/${idOf(ada)}`,
        version: ada.version,
        data: patch({ op: 'replace', path: 'title', value }),
      })
      assert.deepEqual(await statuses([change('1'), change('2')]), ['200', '412'])
    })

    for (const [what, body, status, detail] of [
      ['too many operations', { Operations: Array(1001).fill(user('a')) }, 413, /1001 operations are more than the 1000/],
      ['a body that is too large', { Operations: [], padding: 'x'.repeat(8 * 1024 * 1024) }, 413, /8388608 bytes/],
      ['no operations', { Operations: [] }, 400, /at least one/],
      ['what is no request', [], 400, /BulkRequest/],
      ['a limit of failures that is none', { Operations: [user('a')], failOnErrors: 0 }, 400, /above 0/],
    ] as const) {
      it(`refuses ${what} as a whole`, async () => {
        const { call } = anEndpoint()
        const answer = await call('POST', '/Bulk', body)
        assert.equal(answer.status, status, answer.text)
        assert.match(answer.json.detail, detail)
        assert.equal((await call('GET', '/Users')).json.totalResults, 0)
      })
    }

    it('comes through what is nested deep, and a chain of references as long as a request can be', async () => {
      await using own = await place().open()
      const { call } = endpoint(own)
      const deep = `${'{"a":'.repeat(60)}"bulkId:x"${'}'.repeat(60)}`
      const length = name === 'sqlite' ? 1000 : 50
      const chain = Array.from({ length }, (_, at) => user(`u${at}`, at + 1 < length ? manager(`bulkId:u${at + 1}`) : {}))
      const body = JSON.stringify({ Operations: [{ ...user('deep'), data: 'DEEP' }, ...chain.slice(1)] }).replace('"DEEP"', deep)
      const { json } = await call('POST', '/Bulk', body)
      assert.deepEqual([json.Operations[0].status, json.Operations.at(-1).status], ['400', '201'])
      assert.ok(json.Operations.slice(1).every(({ status }: Told) => status === '201'))
    })
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'
import { referencesIn, resolved } from './bulk-references.ts'

const RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

type Told = {
  readonly status: string
  readonly bulkId?: string
  readonly location?: string
  readonly version?: string
  readonly response?: { readonly detail: string; readonly status: string; readonly scimType?: string }
}

const user = (bulkId: string, more: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { userName: bulkId, ...more },
})
const group = (bulkId: string, ...members: readonly string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((value) => ({ value })) },
})
const manager = (value: string) => ({ [ENTERPRISE]: { manager: { value } } })
const idOf = ({ location = '' }: Told) => location.slice(location.lastIndexOf('/') + 1)

await forEachStore((name, place) => {
  describe(`POST /Bulk on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    function anEndpoint() {
      const { call, institution, failures } = endpoint(store)
      async function bulk(Operations: readonly unknown[], more: object = {}): Promise<Told[]> {
        const { status, json, text } = await call('POST', '/Bulk', { ...more, Operations })
        assert.equal(status, 200, text)
        assert.deepEqual(json.schemas, [RESPONSE])
        return json.Operations
      }
      const statuses = async (Operations: readonly unknown[], more: object = {}) =>
        (await bulk(Operations, more)).map(({ status }) => status)
      return { call, bulk, statuses, institution, failures }
    }

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

    it('keeps the order of operations about one resource, also where one of them waits', async () => {
      const { call, bulk } = anEndpoint()
      const { json } = await call('POST', '/Users', { userName: 'ada' })
      const path = `/Users/${json.id}`
      const title = (value: string, more: object = {}) => ({
        method: 'PATCH',
        path,
        data: patch({ op: 'replace', value: { title: value, ...more } }),
      })
      const results = await bulk([title('1', manager('bulkId:eve')), title('2'), user('bob'), title('3'), user('eve')])
      assert.deepEqual(new Set(results.map(({ status }) => status)), new Set(['200', '201']))
      assert.equal((await call('GET', path)).json.title, '3')
    })

    describe('comes to the same end as the operations one after the other', () => {
      it('where somebody is changed and then deleted, however much has to be read for the change', async () => {
        const { call, bulk } = anEndpoint()
        const [ada, bob] = [
          (await call('POST', '/Users', { userName: 'ada' })).json,
          (await call('POST', '/Users', { userName: 'bob' })).json,
        ]
        const path = `/Users/${ada.id}`
        const reading = { [ENTERPRISE]: { manager: { $ref: `../Users/${bob.id}` } } }
        const results = await bulk([
          { method: 'PUT', path, data: { userName: 'ada', title: 'put', ...reading } },
          { method: 'PATCH', path, data: patch({ op: 'replace', path: 'title', value: 'patched' }) },
          { ...user('again'), data: { userName: 'ada' } },
          { method: 'DELETE', path },
          { method: 'PATCH', path, data: patch({ op: 'replace', path: 'title', value: 'late' }) },
        ])
        assert.deepEqual(
          results.map(({ status }) => status),
          ['200', '200', '409', '204', '404'],
        )
        const { json } = await call('POST', '/Users', { userName: 'ada' })
        assert.deepEqual([json.id, json.title], [ada.id, undefined])
      })

      it('where a name is free again because its bearer was deleted', async () => {
        const { statuses } = anEndpoint()
        const remove = { method: 'DELETE', path: '/Users/bulkId:u' }
        const named = (bulkId: string) => ({ ...user(bulkId), data: { userName: 'o' } })
        assert.deepEqual(await statuses([named('u'), remove, named('v')]), ['201', '204', '201'])
      })

      it('where somebody is deleted after a group has named them and what comes later', async () => {
        const { call, bulk } = anEndpoint()
        const { json } = await call('POST', '/Users', { userName: 'q' })
        const results = await bulk([group('g', json.id, 'bulkId:x'), { method: 'DELETE', path: `/Users/${json.id}` }, user('x')])
        assert.deepEqual(
          results.map(({ status }) => status),
          ['201', '204', '201'],
        )
        const { members } = (await call('GET', `/Groups/${idOf(results[0] as Told)}`)).json
        assert.deepEqual(
          members.map(({ value }: { value: string }) => value),
          [idOf(results[2] as Told)],
        )
      })

      it('where a name is free again because its bearer has another, and names what comes later', async () => {
        const { call, statuses } = anEndpoint()
        const { json } = await call('POST', '/Users', { userName: 'm' })
        const rename = patch({ op: 'replace', value: { userName: 'n', ...manager('bulkId:x') } })
        const operations = [{ method: 'PATCH', path: `/Users/${json.id}`, data: rename }, user('m'), user('x')]
        assert.deepEqual(await statuses(operations), ['200', '201', '201'])
      })

      it('where a name is free only when the turn of a person comes whom others before name', async () => {
        const { call, bulk } = anEndpoint()
        const { json: old } = await call('POST', '/Users', { userName: 'o' })
        const { json: ada } = await call('POST', '/Users', { userName: 'ada' })
        const path = `/Users/${ada.id}`
        const operations = [
          group('g', 'bulkId:boss'),
          { method: 'PATCH', path, data: patch({ op: 'add', value: { title: '1', ...manager('bulkId:x') } }) },
          { method: 'PATCH', path, data: patch({ op: 'add', value: { title: '2' } }) },
          user('boss', manager('bulkId:x')),
          user('alone'),
          { method: 'DELETE', path: `/Users/${old.id}` },
          { ...user('x'), data: { userName: 'o', ...manager('bulkId:boss') } },
          user('o'),
        ]
        const results = await bulk(operations)
        assert.deepEqual(
          results.map(({ status }) => status),
          ['201', '200', '200', '201', '201', '204', '201', '409'],
        )
        const [g, , , boss, , , x] = results.map(idOf)
        assert.equal((await call('GET', `/Groups/${g}`)).json.members[0].value, boss)
        assert.partialDeepStrictEqual((await call('GET', path)).json, { title: '2', [ENTERPRISE]: { manager: { value: x } } })
        assert.equal((await call('GET', `/Users/${boss}`)).json[ENTERPRISE].manager.value, x)
        assert.equal((await call('GET', `/Users/${x}`)).json[ENTERPRISE].manager.value, boss)
      })

      it('where several names come free one after the other', async () => {
        const { call, bulk } = anEndpoint()
        const removals = []
        for (const userName of ['o', 'p']) {
          const { json } = await call('POST', '/Users', { userName })
          removals.push({ method: 'DELETE', path: `/Users/${json.id}` })
        }
        const results = await bulk([
          group('g', 'bulkId:x', 'bulkId:y'),
          removals[0],
          { ...user('x'), data: { userName: 'o', ...manager('bulkId:y') } },
          user('between'),
          removals[1],
          { ...user('y'), data: { userName: 'p' } },
        ])
        assert.deepEqual(
          results.map(({ status }) => status),
          ['201', '204', '201', '201', '204', '201'],
        )
        assert.equal((await call('GET', `/Groups/${idOf(results[0] as Told)}`)).json.members.length, 2)
      })

      it('where a name is never free, and all that wait for its bearer say so', async () => {
        const { call, statuses } = anEndpoint()
        await call('POST', '/Users', { userName: 'o' })
        const operations = [group('g', 'bulkId:x'), group('h', 'bulkId:g'), user('a'), { ...user('x'), data: { userName: 'o' } }]
        assert.deepEqual(await statuses(operations), ['400', '400', '201', '409'])
        assert.deepEqual(await statuses([...operations.slice(0, 2), operations[3], user('b')], { failOnErrors: 1 }), [
          '400',
          '400',
          '409',
        ])
      })

      it('where what was told in a circle is changed afterwards', async () => {
        const { call, bulk } = anEndpoint()
        const [a, , c] = await bulk([
          user('a', manager('bulkId:b')),
          user('b', manager('bulkId:a')),
          user('c'),
          { method: 'PATCH', path: '/Users/bulkId:a', data: patch({ op: 'replace', value: manager('bulkId:c') }) },
        ])
        assert.ok(a !== undefined && c !== undefined)
        assert.equal((await call('GET', `/Users/${idOf(a)}`)).json[ENTERPRISE].manager.value, idOf(c))
      })
    })

    for (const [what, operations, expected] of [
      ['a circle', [user('a', manager('bulkId:b')), user('b', manager('bulkId:a'))], ['201', '201', '400']],
      ['what names something later', [group('g', 'bulkId:x')], ['201', '400', '201']],
      ['groups in a circle, which fail themselves', [group('g', 'bulkId:h'), group('h', 'bulkId:g')], ['409', '201']],
    ] as const) {
      it(`does ${what} before a failure that stops the rest`, async () => {
        const { statuses } = anEndpoint()
        const rest = [user('bad', { userName: '' }), user('x')]
        assert.deepEqual(await statuses([...operations, ...rest], { failOnErrors: 1 }), expected)
      })
    }

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
      const deep = `${'{"a":'.repeat(20_000)}"bulkId:x"${'}'.repeat(20_000)}`
      const length = name === 'sqlite' ? 1000 : 50
      const chain = Array.from({ length }, (_, at) => user(`u${at}`, at + 1 < length ? manager(`bulkId:u${at + 1}`) : {}))
      const body = JSON.stringify({ Operations: [{ ...user('deep'), data: 'DEEP' }, ...chain.slice(1)] }).replace('"DEEP"', deep)
      const { json } = await call('POST', '/Bulk', body)
      assert.deepEqual([json.Operations[0].status, json.Operations.at(-1).status], ['400', '201'])
      assert.ok(json.Operations.slice(1).every(({ status }: Told) => status === '201'))
    })
  })
})

describe('references of a bulk request', () => {
  it('are found and resolved wherever a resource can hold them', () => {
    const data = {
      members: [{ value: 'bulkId:a' }],
      path: 'members[value eq "bulkId:b"]',
      $ref: '../Users/bulkId:c',
      text: 'no bulkId:d',
    }
    assert.deepEqual([...referencesIn(data)], ['a', 'b', 'c'])
    assert.deepEqual(resolved(data, new Map(Object.entries({ a: '1', b: '2', c: '3', d: '4' }))), {
      members: [{ value: '1' }],
      path: 'members[value eq "2"]',
      $ref: '../Users/3',
      text: 'no bulkId:d',
    })
  })

  it('are read in one go, however long a text is and however many seem to begin in it', () => {
    for (const text of ['"bulkId:\\', '/bulkId:', 'bulkId"']) referencesIn(`x${text.repeat(500_000)}`)
  })

  it('leave everything else as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        if (referencesIn(value).size === 0) assert.deepEqual(resolved(value, new Map([['a', '1']])), value)
      }),
    )
  })
})

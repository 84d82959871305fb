import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Told } from '../../test/scim-bulk.ts'
import { bulkEndpoint, ENTERPRISE, group, idOf, manager, user } from '../../test/scim-bulk.ts'
import { patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'

await forEachStore((name, place) => {
  describe(`a bulk request in its sequence, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())
    const anEndpoint = () => bulkEndpoint(store)

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
  })
})

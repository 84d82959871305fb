import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Answer, Endpoint } from '../../test/scim-endpoint.ts'
import { as, endpoint, filterBy, patch } from '../../test/scim-endpoint.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Store } from '../store/store.ts'

type Call = Endpoint['call']

const nameOf = ({ userName, displayName }: { userName?: string; displayName?: string }) => userName ?? displayName
const names = ({ json, text }: Answer) => {
  assert.ok(Array.isArray(json?.Resources), text)
  return json.Resources.map(nameOf)
}

async function users(call: Call, count: number, more: (number: number) => object = () => ({})): Promise<string[]> {
  const ids: string[] = []
  for (let number = 0; number < count; number++) {
    const { json, text } = await call('POST', '/Users', { userName: `u${number}`, ...more(number) })
    assert.ok(json.id, text)
    ids.push(json.id)
  }
  return ids
}

/** All pages of a walk. */
async function walk(call: Call, path: string, between: (page: number) => Promise<unknown> = async () => {}): Promise<Answer[]> {
  const pages: Answer[] = []
  for (let cursor = ''; ; ) {
    const page = await call('GET', `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`)
    assert.equal(page.status, 200, page.text)
    pages.push(page)
    if (page.json.nextCursor === undefined) return pages
    assert.match(page.json.nextCursor, /^[\w.~-]+$/)
    cursor = page.json.nextCursor
    await between(pages.length)
  }
}

await forEachStore((name, place) => {
  describe(`lists by cursor on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('go from the first to the last, with an end that shows by itself', async () => {
      const { call } = endpoint(store)
      await users(call, 7)
      const pages = await walk(call, '/Users?count=3')
      assert.deepEqual(pages.map(names), [['u0', 'u1', 'u2'], ['u3', 'u4', 'u5'], ['u6']])
      for (const { json } of pages) {
        assert.equal(json.totalResults, 7)
        assert.equal(json.startIndex, undefined)
        assert.equal(json.itemsPerPage, json.Resources.length)
      }
      // As many as fill the last page: there is no empty page behind it.
      assert.deepEqual((await walk(call, '/Users?count=7')).map(names).length, 1)
    })

    it('are empty where there is nothing, and count alone when nothing is asked for', async () => {
      const { call } = endpoint(store)
      assert.deepEqual((await walk(call, '/Users')).map(names), [[]])
      await users(call, 2)
      const { json } = await call('GET', '/Users?cursor&count=0')
      assert.deepEqual([json.totalResults, json.Resources, json.nextCursor], [2, [], undefined])
      assert.equal((await call('GET', '/Users?cursor=&count=-5')).json.Resources.length, 0)
    })

    it('neither repeat nor skip who stays, while others come and go', async () => {
      const { call } = endpoint(store)
      const ids = await users(call, 9)
      const pages = await walk(call, '/Users?count=2', async (page) => {
        await call('POST', '/Users', { userName: `new${page}` })
        if (page <= 2) await call('DELETE', `/Users/${ids[page - 1]}`)
      })
      const seen = pages.flatMap(names).filter((one) => one.startsWith('u'))
      assert.deepEqual(
        seen,
        Array.from({ length: 9 }, (_, number) => `u${number}`),
      )
    })

    for (const [sortBy, more] of [
      ['userName', () => ({})],
      ['title', (number: number) => (number % 3 === 0 ? {} : { title: `T${number % 2}` })],
      ['name.familyName', (number: number) => ({ name: { familyName: 'ÄÖÜ'[number % 3] } })],
      ['meta.lastModified', () => ({})],
      ['id', () => ({})],
      ['emails', (number: number) => ({ emails: [{ value: `${'zyx'[number % 3]}${number}@uni.edu`, primary: true }] })],
      ['active', (number: number) => ({ active: number % 2 === 0 })],
      ['externalId', (number: number) => (number % 3 === 0 ? {} : { externalId: `${'bA'[number % 2]}${number}` })],
      ['addresses.locality', (number: number) => ({ addresses: [{ locality: `L${number % 4}` }] })],
    ] as const) {
      it(`are sorted as by index, by ${sortBy}, both ways`, async () => {
        const { call } = endpoint(store)
        await users(call, 8, more)
        for (const order of ['ascending', 'descending']) {
          const path = `/Users?sortBy=${sortBy}&sortOrder=${order}`
          const whole = names(await call('GET', path))
          assert.equal(whole.length, 8)
          assert.deepEqual((await walk(call, `${path}&count=3`)).flatMap(names), whole)
        }
      })
    }

    it('are sorted by externalId as each client has it, in its case', async () => {
      const { call } = endpoint(store, { scim: { sees: 'all' } })
      const [okta, entra] = [as('scim:okta'), as('scim:entra-2')]
      for (const [userName, externalId] of [
        ['u0', 'b'],
        ['u1', 'C'],
        ['u2', undefined],
        ['u3', 'a'],
      ] as const)
        await call('POST', '/Users', { userName, externalId }, okta)
      await call('POST', '/Users', { userName: 'u2', externalId: 'x' }, entra)
      await call('POST', '/Groups', { displayName: 'Staff', externalId: 'aa' }, okta)
      const sorted = async (path: string, client: Record<string, string>) => names(await call('GET', path, undefined, client))
      assert.deepEqual(await sorted('/Users?sortBy=externalId', okta), ['u1', 'u3', 'u0', 'u2'])
      assert.deepEqual(await sorted('/Users?sortBy=externalId&sortOrder=descending', okta), ['u2', 'u0', 'u3', 'u1'])
      assert.deepEqual(await sorted('/Users?sortBy=externalId', entra), ['u2', 'u0', 'u1', 'u3'])
      assert.deepEqual(await sorted('/?sortBy=externalId', okta), ['u1', 'u3', 'Staff', 'u0', 'u2'])
    })

    it('are filtered, and count what is found once', async () => {
      const { call } = endpoint(store)
      await users(call, 7, (number) => ({ title: number % 2 === 0 ? 'Dr' : 'Prof' }))
      const pages = await walk(call, `${filterBy('title eq "dr"')}&count=2`)
      assert.deepEqual(pages.map(names), [
        ['u0', 'u2'],
        ['u4', 'u6'],
      ])
      assert.deepEqual(
        pages.map(({ json }) => json.totalResults),
        [4, undefined],
      )
    })

    it('go on in the body of a search', async () => {
      const { call } = endpoint(store)
      await users(call, 3)
      const first = await call('POST', '/Users/.search', { cursor: '', count: 2 })
      const second = await call('POST', '/Users/.search', { cursor: first.json.nextCursor, count: 2 })
      assert.deepEqual([names(first), names(second), second.json.nextCursor], [['u0', 'u1'], ['u2'], undefined])
    })

    describe('refuse a cursor', () => {
      let call: Call
      let cursor: string
      let other: Endpoint
      before(async () => {
        const own = endpoint(store)
        call = own.call
        other = endpoint(store)
        await users(call, 5)
        await users(other.call, 5)
        cursor = (await call('GET', '/Users?cursor=&count=2')).json.nextCursor
      })
      const refused = async (answer: Promise<Answer>) => {
        const { status, json, text } = await answer
        assert.deepEqual([status, json?.scimType], [400, 'invalidCursor'], text)
        assert.doesNotMatch(json.detail, /sealed|SECRET/)
      }

      for (const [what, path] of [
        ['of another count', (cursor: string) => `/Users?count=3&cursor=${cursor}`],
        ['of no filter for one with a filter', (cursor: string) => `${filterBy('active eq true')}&count=2&cursor=${cursor}`],
        ['of another order', (cursor: string) => `/Users?count=2&sortBy=userName&cursor=${cursor}`],
        ['of users for groups', (cursor: string) => `/Groups?count=2&cursor=${cursor}`],
        ['of users for all', (cursor: string) => `/?count=2&cursor=${cursor}`],
        ['that is cut', (cursor: string) => `/Users?count=2&cursor=${cursor.slice(0, -3)}`],
        ['that is longer than any', () => `/Users?count=2&cursor=${'x'.repeat(10_000)}`],
        ['that somebody made up', () => `/Users?count=2&cursor=${Buffer.from('["0","User","1"]').toString('base64url')}`],
      ] as const) {
        it(what, () => refused(call('GET', path(cursor))))
      }

      it('with any sign changed', async () => {
        for (let at = 0; at < cursor.length; at++) {
          const sign = cursor[at] === 'A' ? 'B' : 'A'
          const changed = cursor.slice(0, at) + sign + cursor.slice(at + 1)
          // The last letter of base64url has bits that mean nothing.
          if (!Buffer.from(changed, 'base64url').equals(Buffer.from(cursor, 'base64url')) || at < cursor.length - 1)
            await refused(call('GET', `/Users?count=2&cursor=${changed}`))
        }
      })

      it('of another institution', () => refused(other.call('GET', `/Users?count=2&cursor=${cursor}`)))

      it('of another client', () => refused(call('GET', `/Users?count=2&cursor=${cursor}`, undefined, as('scim:other'))))

      it('that is older than a day', async (t) => {
        t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 25 * 3_600_000 })
        const { status, json } = await call('GET', `/Users?count=2&cursor=${cursor}`)
        assert.deepEqual([status, json.scimType], [400, 'expiredCursor'])
      })

      it('nowhere else: the very same query goes on', async () => {
        assert.deepEqual(names(await call('GET', `/Users?count=2&cursor=${cursor}&attributes=userName`)), ['u2', 'u3'])
      })
    })
  })

  describe(`the root on ${name}`, () => {
    let store: Store
    let call: Call
    before(async () => {
      store = await place().open()
      call = endpoint(store).call
      const ids = await users(call, 3, (number) => ({ displayName: `Person ${number}`, title: 'Dr' }))
      for (const displayName of ['Staff', 'Guests']) {
        await call('POST', '/Groups', { displayName, members: [{ value: ids[0] }] })
      }
    })
    after(async () => store[Symbol.asyncDispose]())

    it('lists users, then groups, by index and by cursor', async () => {
      for (const [path, expected] of [
        ['/', ['u0', 'u1', 'u2', 'Staff', 'Guests']],
        ['/?count=2&startIndex=3', ['u2', 'Staff']],
        ['/?count=2&startIndex=4', ['Staff', 'Guests']],
        ['/?count=2&startIndex=9', []],
        ['/?count=0', []],
        ['?count=1', ['u0']],
      ] as const) {
        const answer = await call('GET', path)
        assert.deepEqual(names(answer), expected)
        assert.partialDeepStrictEqual(answer.json, { totalResults: 5, itemsPerPage: expected.length })
      }
      const pages = await walk(call, '/?count=2')
      assert.deepEqual(pages.map(names), [['u0', 'u1'], ['u2', 'Staff'], ['Guests']])
      assert.deepEqual((await walk(call, '/?count=3')).map(names), [
        ['u0', 'u1', 'u2'],
        ['Staff', 'Guests'],
      ])
    })

    for (const [filter, expected] of [
      ['displayName co "s"', ['u0', 'u1', 'u2', 'Staff', 'Guests']],
      ['displayName eq "staff"', ['Staff']],
      ['userName eq "u1"', ['u1']],
      ['userName eq "u1" or displayName eq "guests"', ['u1', 'Guests']],
      ['not (userName eq "u1")', ['u0', 'u2', 'Staff', 'Guests']],
      ['userName ne "u1"', ['u0', 'u2', 'Staff', 'Guests']],
      ['userName pr', ['u0', 'u1', 'u2']],
      ['title eq null', ['Staff', 'Guests']],
      ['meta.resourceType eq "Group"', ['Staff', 'Guests']],
      ['emails[type eq "work"]', []],
      ['members pr', ['Staff', 'Guests']],
      ['members.display eq "x"', undefined],
      ['nonsense eq "x"', undefined],
    ] as const) {
      it(`is asked ${filter}`, async () => {
        const answer = await call('GET', filterBy(filter, '/'))
        if (expected === undefined) assert.partialDeepStrictEqual(answer, { status: 400, json: { scimType: 'invalidFilter' } })
        else assert.deepEqual([names(answer), answer.json.totalResults], [expected, expected.length])
      })
    }

    for (const [sortBy, ascending] of [
      ['displayName', ['Guests', 'u0', 'u1', 'u2', 'Staff']],
      ['userName', ['u0', 'u1', 'u2', 'Staff', 'Guests']],
      ['meta.created', ['u0', 'u1', 'u2', 'Staff', 'Guests']],
      ['id', ['u0', 'u1', 'u2', 'Staff', 'Guests']],
    ] as const) {
      it(`is sorted by ${sortBy}, both ways, by index and by cursor`, async () => {
        for (const order of ['ascending', 'descending']) {
          const expected = order === 'ascending' ? ascending : ascending.toReversed()
          const path = `/?sortBy=${sortBy}&sortOrder=${order}`
          assert.deepEqual(names(await call('GET', path)), expected)
          assert.deepEqual(names(await call('GET', `${path}&count=2&startIndex=2`)), expected.slice(1, 3))
          for (const count of [1, 2, 5]) assert.deepEqual((await walk(call, `${path}&count=${count}`)).flatMap(names), expected)
        }
      })
    }

    it('is not sorted by what nothing has, nor far into by index', async () => {
      assert.equal((await call('GET', '/?sortBy=nonsense')).json.scimType, 'invalidValue')
      assert.equal((await call('GET', '/?sortBy=displayName&startIndex=1000')).json.scimType, 'tooMany')
    })

    it('is searched by POST, and shows what is asked for of each', async () => {
      const { json } = await call('POST', '/.search', { attributes: ['displayName', 'members.value'], count: 10 })
      assert.deepEqual(json.Resources.map(Object.keys), [
        ['schemas', 'id', 'displayName'],
        ['schemas', 'id', 'displayName'],
        ['schemas', 'id', 'displayName'],
        ['schemas', 'id', 'displayName', 'members'],
        ['schemas', 'id', 'displayName', 'members'],
      ])
    })

    it('shows a client its own', async () => {
      assert.deepEqual(names(await call('GET', '/', undefined, as('scim:other'))), [])
    })
  })

  describe(`a manager on ${name}`, () => {
    const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    for (const [what, sent] of [
      ['an object', (id: string) => ({ value: id, displayName: 'sent' })],
      ['a bare id', (id: string) => id],
      ['a list', (id: string) => [{ $ref: `../Users/${id}`, value: id }]],
      ['an address', (id: string) => ({ $ref: `https://roll.example/scim/v2/Users/${id}` })],
      ['an address within', (id: string) => ({ $ref: `../Users/${id}` })],
    ] as const) {
      it(`sent as ${what} is shown with the address and the name of the record`, async () => {
        const { call, institution } = endpoint(store)
        const [boss] = await users(call, 1, () => ({ displayName: 'Grace Hopper' }))
        const made = await call('POST', '/Users', {
          userName: 'ada',
          [ENTERPRISE]: { department: 'X', manager: sent(boss ?? '') },
        })
        const $ref = `http://roll.example/institutions/${institution._id}/scim/v2/Users/${boss}`
        const expected = { department: 'X', manager: { value: boss, $ref, displayName: 'Grace Hopper' } }
        const read = await call('GET', `/Users/${made.json.id}`)
        const listed = await call('GET', filterBy('userName eq "ada"'))
        for (const user of [made.json, read.json, listed.json.Resources[0]]) assert.deepEqual(user[ENTERPRISE], expected)
        await call('PATCH', `/Users/${boss}`, patch({ op: 'replace', path: 'displayName', value: 'Admiral Hopper' }))
        const after = await call('GET', `/Users/${made.json.id}`)
        assert.equal(after.json[ENTERPRISE].manager.displayName, 'Admiral Hopper')
        const narrow = await call('GET', `/Users/${made.json.id}?attributes=${ENTERPRISE}:manager.displayName`)
        assert.deepEqual(narrow.json[ENTERPRISE], { manager: { displayName: 'Admiral Hopper' } })
        assert.equal((await call('GET', filterBy(`${ENTERPRISE}:manager eq "${boss}"`))).json.totalResults, 1)
      })
    }

    it('sent as it was read changes nothing, and takes the place of another by its address alone', async () => {
      const { call } = endpoint(store)
      const [boss, other] = await users(call, 2)
      const made = await call('POST', '/Users', { userName: 'ada', [ENTERPRISE]: { manager: boss } })
      const path = `/Users/${made.json.id}`
      const { manager } = made.json[ENTERPRISE]
      assert.deepEqual((await call('PUT', path, made.json)).json, made.json)
      const again = patch({ op: 'replace', value: { [ENTERPRISE]: { manager } } })
      assert.deepEqual((await call('PATCH', path, again)).json, made.json)
      const address = manager.$ref.replace(boss, other)
      const changed = await call('PATCH', path, patch({ op: 'replace', path: `${ENTERPRISE}:manager.$ref`, value: address }))
      assert.partialDeepStrictEqual(changed.json[ENTERPRISE].manager, { value: other, $ref: address })
      const back = await call('PATCH', path, patch({ op: 'add', value: { [`${ENTERPRISE}:manager`]: { $ref: manager.$ref } } }))
      assert.deepEqual(back.json[ENTERPRISE].manager, manager)
    })

    it('who is nobody here stands as it was sent, and goes', async () => {
      const { call } = endpoint(store)
      const manager = { value: 'E 17', $ref: 'https://hr.example/E17' }
      const { json } = await call('POST', '/Users', { userName: 'ada', [ENTERPRISE]: { manager } })
      assert.deepEqual(json[ENTERPRISE], { manager })
      const address = { $ref: '../Users/17' }
      const patched = await call(
        'PATCH',
        `/Users/${json.id}`,
        patch({ op: 'add', path: `${ENTERPRISE}:manager`, value: address }),
      )
      assert.deepEqual(patched.json[ENTERPRISE], { manager: address })
      const gone = await call('PATCH', `/Users/${json.id}`, patch({ op: 'Replace', path: `${ENTERPRISE}:manager`, value: '' }))
      assert.equal(gone.json[ENTERPRISE], undefined)
    })

    it('whom the client has deleted has no name any more', async () => {
      const { call } = endpoint(store)
      const [boss] = await users(call, 1)
      const { json } = await call('POST', '/Users', { userName: 'ada', [ENTERPRISE]: { manager: boss } })
      await call('DELETE', `/Users/${boss}`)
      assert.deepEqual((await call('GET', `/Users/${json.id}`)).json[ENTERPRISE], { manager: { value: boss } })
    })
  })
})

/**
 * Pages by index (RFC 7644 section 3.4.2.4).
 */
import { at, listOf, show } from '../json.ts'
import type { CodedCheck } from './coded.ts'

const PEOPLE = ['a', 'b', 'c', 'd', 'e']
const MORE_THAN_ANY = 1_000_000

export const PAGES: readonly CodedCheck[] = [
  {
    id: 'rfc/pages',
    clause: 'RFC 7644 3.4.2.4',
    level: 'must',
    what: 'a walk by pages meets everybody once',
    why: 'To go on, a client adds to startIndex what it got, until it has totalResults.',
    needs: ['filter'],
    attributes: ['User.displayName'],
    run: async (talk) => {
      const ids: string[] = []
      for (const name of PEOPLE) ids.push(await talk.create('User', name, { displayName: `${talk.rand} page` }))
      const found: string[] = []
      for (let startIndex = 1; startIndex <= PEOPLE.length; startIndex += 2) {
        const path = `/Users?filter=displayName eq "${talk.rand} page"&startIndex=${startIndex}&count=2`
        const { json } = await talk.get(path, { json: { '/totalResults': PEOPLE.length, '/startIndex': startIndex } })
        const page = listOf(at(json, '/Resources')).map((user) => String(at(user, '/id')))
        const itemsPerPage = at(json, '/itemsPerPage')
        talk.expect(itemsPerPage === page.length, '/itemsPerPage', String(page.length), show(itemsPerPage))
        found.push(...page)
      }
      talk.expect(
        found.toSorted().join() === ids.toSorted().join(),
        'found',
        ids.toSorted().join(' '),
        found.toSorted().join(' '),
      )
    },
  },
  {
    id: 'rfc/most-results',
    clause: 'RFC 7643 5',
    level: 'must',
    what: 'no list is longer than filter.maxResults',
    why: 'filter.maxResults is the maximum number of resources returned in a response.',
    needs: ['filter'],
    isReadOnly: true,
    run: async (talk) => {
      const { json } = await talk.get('/ServiceProviderConfig', { json: { '/filter/maxResults': { $type: 'integer' } } })
      const most = Number(at(json, '/filter/maxResults'))
      const answer = await talk.get(`/Users?count=${MORE_THAN_ANY}`, { status: [200, 400] })
      const { length } = listOf(at(answer.json, '/Resources'))
      talk.expect(length <= most, '/Resources', `at most ${most}`, String(length))
    },
  },
]

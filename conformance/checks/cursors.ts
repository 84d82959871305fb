/**
 * Pages by cursor (RFC 9865).
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer } from '../exchange.ts'
import type { Json } from '../json.ts'
import { at, isAbsent, listOf, show } from '../json.ts'
import type { Talk } from '../play.ts'
import { MESSAGES } from '../urns.ts'
import type { CodedCheck } from './coded.ts'

const PEOPLE = ['a', 'b', 'c', 'd', 'e']
const MAX_PAGES = 20
/** A longer life of cursors is not waited for. */
const MOST_SECONDS = 5

/** Of checks that walk through people of their own. */
const WALKED = { needs: ['cursor', 'filter'], attributes: ['User.displayName'] } as const

export const CURSORS: readonly CodedCheck[] = [
  {
    id: 'rfc/cursor-told',
    clause: 'RFC 9865 4',
    level: 'must',
    what: 'the configuration says which ways of paging there are, and their limits',
    why: 'cursor and index are REQUIRED booleans; the default method is one of them, and the numbers are positive.',
    needs: ['cursor'],
    isReadOnly: true,
    run: async (talk) => {
      const { json } = await talk.get('/ServiceProviderConfig', {
        json: {
          '/pagination/cursor': true,
          '/pagination/index': { $type: 'boolean' },
          '/pagination/defaultPaginationMethod': { $absentOr: { $in: ['cursor', 'index'] } },
        },
      })
      for (const name of ['defaultPageSize', 'maxPageSize', 'cursorTimeout']) {
        const value = at(json, `/pagination/${name}`)
        talk.expect(
          isAbsent(value) || (Number.isInteger(value) && Number(value) > 0),
          `/pagination/${name}`,
          'a positive integer',
          show(value),
        )
      }
    },
  },
  {
    id: 'rfc/cursor-walk',
    clause: 'RFC 9865 2',
    level: 'must',
    what: 'a walk by cursor meets everybody once, no page larger than count, and ends without nextCursor',
    why: 'nextCursor is in every page but the last; the service provider MUST NOT return more results than count.',
    ...WALKED,
    run: async (talk) => {
      const ids = await people(talk)
      for (const first of ['cursor', 'cursor=']) {
        const pages = await walk(talk, `/Users?filter=${ours(talk)}&count=2&${first}`)
        checkWalk(talk, pages, ids, 2)
        const [page] = pages
        talk.expect(isAbsent(at(page?.json, '/previousCursor')), '/previousCursor of the first page', 'nothing', show(page?.json))
      }
    },
  },
  {
    id: 'rfc/cursor-characters',
    clause: 'RFC 9865 2',
    level: 'must',
    what: 'a cursor has only characters that need no encoding in a URL',
    why: 'Cursor values are URL-safe: letters, digits, -, ., _ and ~.',
    ...WALKED,
    run: async (talk) => {
      await people(talk)
      const cursor = await firstCursor(talk)
      talk.expect(/^[\w.~-]+$/.test(cursor), '/nextCursor', 'letters, digits, -, ., _ and ~', cursor)
    },
  },
  {
    id: 'rfc/cursor-total',
    clause: 'RFC 9865 2',
    level: 'must',
    what: 'totalResults, where it is, counts all pages',
    why: 'It is the number of results of the query, and is left out rather than guessed.',
    ...WALKED,
    run: async (talk) => {
      await people(talk)
      for (const { json } of await walk(talk, `/Users?filter=${ours(talk)}&count=2&cursor`)) {
        const total = at(json, '/totalResults')
        talk.expect(isAbsent(total) || total === PEOPLE.length, '/totalResults', String(PEOPLE.length), show(total))
      }
    },
  },
  {
    id: 'rfc/cursor-sorted',
    clause: 'RFC 9865 2.2',
    level: 'must',
    what: 'a walk by cursor keeps its order across pages, in both directions of sorting',
    why: 'With sorting the whole walk is sorted.',
    ...WALKED,
    needs: [...WALKED.needs, 'sort'],
    run: async (talk) => {
      const ids = await people(talk)
      for (const [order, wanted] of [
        ['ascending', ids],
        ['descending', ids.toReversed()],
      ] as const) {
        const pages = await walk(talk, `/Users?filter=${ours(talk)}&sortBy=userName&sortOrder=${order}&count=2&cursor`)
        const found = pages.flatMap(idsIn)
        talk.expect(found.join() === wanted.join(), `found ${order}`, wanted.join(' '), found.join(' '))
      }
    },
  },
  {
    id: 'rfc/cursor-back',
    clause: 'RFC 9865 2',
    level: 'must',
    what: 'previousCursor, where it is, leads to the page before',
    why: 'previousCursor is OPTIONAL, and is the cursor of the previous page.',
    ...WALKED,
    run: async (talk) => {
      await people(talk)
      const [first, second] = await walk(talk, `/Users?filter=${ours(talk)}&count=2&cursor`)
      const back = at(second?.json, '/previousCursor')
      if (first === undefined || isAbsent(back)) return talk.notOffered('there is no previousCursor')
      const before = await talk.get(`/Users?filter=${ours(talk)}&count=2&cursor=${String(back)}`)
      talk.expect(idsIn(before).join() === idsIn(first).join(), 'found', idsIn(first).join(' '), idsIn(before).join(' '))
    },
  },
  {
    id: 'rfc/cursor-not-index',
    clause: 'RFC 9865 2',
    level: 'should',
    what: 'a page by cursor has no startIndex',
    why: 'startIndex belongs to pages by index.',
    ...WALKED,
    run: async (talk) => {
      await people(talk)
      await talk.get(`/Users?filter=${ours(talk)}&count=2&cursor`, { absent: ['/startIndex'] })
    },
  },
  {
    id: 'rfc/cursor-count-zero',
    clause: 'RFC 9865 2',
    level: 'must',
    what: 'a count of 0, or below, gives no resources',
    why: 'A count of 0 asks for totalResults only; a negative one SHALL be 0.',
    ...WALKED,
    run: async (talk) => {
      await people(talk)
      for (const count of [0, -3]) {
        await talk.get(`/Users?filter=${ours(talk)}&count=${count}&cursor`, {
          absent: ['/Resources'],
          json: { '/totalResults': { $absentOr: PEOPLE.length } },
        })
      }
    },
  },
  {
    id: 'rfc/cursor-invalid',
    clause: 'RFC 9865 2.1',
    level: 'must',
    what: 'a cursor that was never given, or was altered, is 400 invalidCursor',
    why: 'A cursor that is not valid is told by scimType invalidCursor.',
    ...WALKED,
    run: async (talk) => {
      await people(talk)
      const cursor = await firstCursor(talk)
      const altered = (cursor.startsWith('A') ? 'B' : 'A') + cursor.slice(1)
      for (const forged of ['no-such-cursor', altered, `${cursor}x`, cursor.slice(0, -2)])
        await refused(talk, `/Users?filter=${ours(talk)}&count=2&cursor=${forged}`, ['invalidCursor', 'expiredCursor'])
    },
  },
  {
    id: 'rfc/cursor-of-its-query',
    clause: 'RFC 9865 2',
    level: 'must',
    what: 'a cursor goes on with no other filter, order or endpoint than its own',
    why: 'A cursor is used with identical query parameters; others are an error.',
    ...WALKED,
    needs: [...WALKED.needs, 'sort'],
    run: async (talk) => {
      await people(talk)
      const cursor = await firstCursor(talk)
      const others = [
        `/Users?filter=userName sw "${talk.rand}"&count=2`,
        `/Users?filter=${ours(talk)}&sortBy=userName&count=2`,
        '/Users?count=2',
        `/Groups?filter=${ours(talk)}&count=2`,
      ]
      for (const path of others) await refused(talk, `${path}&cursor=${cursor}`, ['invalidCursor'])
    },
  },
  {
    id: 'rfc/cursor-bad-count',
    clause: 'RFC 9865 2.1',
    level: 'should',
    what: 'a count that is no number is 400 invalidCount',
    why: 'A count that is not valid is told by scimType invalidCount.',
    needs: ['cursor'],
    isReadOnly: true,
    run: (talk) => refused(talk, '/Users?count=many&cursor', ['invalidCount', 'invalidValue']),
  },
  {
    id: 'rfc/cursor-expired',
    clause: 'RFC 9865 2.1',
    level: 'must',
    what: 'a cursor that is too old is 400 expiredCursor',
    why: 'A cursor lives for cursorTimeout seconds.',
    ...WALKED,
    run: async (talk) => {
      const { json } = await talk.get('/ServiceProviderConfig')
      const seconds = at(json, '/pagination/cursorTimeout')
      if (typeof seconds !== 'number' || seconds > MOST_SECONDS)
        return talk.notOffered(`pagination.cursorTimeout is ${show(seconds)}: longer than ${MOST_SECONDS} s is not waited for`)
      await people(talk)
      const cursor = await firstCursor(talk)
      await wait((seconds + 1) * 1000)
      await refused(talk, `/Users?filter=${ours(talk)}&count=2&cursor=${cursor}`, ['expiredCursor'])
    },
  },
  {
    id: 'rfc/cursor-search',
    clause: 'RFC 9865 3',
    level: 'must',
    what: 'a search by POST is walked by cursor',
    why: 'cursor and count are in the body; an empty cursor asks for the first page.',
    ...WALKED,
    run: async (talk) => {
      const ids = await people(talk)
      const found: string[] = []
      let cursor: Json = ''
      for (let page = 1; page <= MAX_PAGES && typeof cursor === 'string'; page++) {
        const body = { schemas: [MESSAGES.search], filter: ours(talk), count: 2, cursor }
        const answer = await talk.step({ method: 'POST', path: '/Users/.search', body, expect: { status: 200 } })
        found.push(...idsIn(answer))
        cursor = at(answer.json, '/nextCursor') ?? null
      }
      checkFound(talk, found, ids)
    },
  },
]

function ours({ rand }: Talk): string {
  return `displayName eq "${rand} cursor"`
}

async function people(talk: Talk): Promise<string[]> {
  const ids: string[] = []
  for (const name of PEOPLE) ids.push(await talk.create('User', name, { displayName: `${talk.rand} cursor` }))
  return ids
}

/** The pages from the first to the one without nextCursor. */
async function walk(talk: Talk, path: string): Promise<Answer[]> {
  const rest = path.replace(/&cursor=?$/, '')
  const pages = [await talk.get(path)]
  while (pages.length <= MAX_PAGES) {
    const cursor = at(pages.at(-1)?.json, '/nextCursor')
    if (isAbsent(cursor)) break
    pages.push(await talk.get(`${rest}&cursor=${String(cursor)}`))
  }
  talk.expect(pages.length <= MAX_PAGES, 'pages', `at most ${MAX_PAGES}`, 'more')
  return pages
}

function checkWalk(talk: Talk, pages: readonly Answer[], ids: readonly string[], count: number): void {
  for (const page of pages) {
    const { length } = idsIn(page)
    talk.expect(length <= count, '/Resources', `at most ${count}`, String(length))
  }
  checkFound(talk, pages.flatMap(idsIn), ids)
}

/** In any order. */
function checkFound(talk: Talk, found: readonly string[], ids: readonly string[]): void {
  const [all, wanted] = [found.toSorted(), ids.toSorted()]
  talk.expect(all.join() === wanted.join(), 'found', wanted.join(' '), all.join(' '))
}

function idsIn({ json }: Answer): string[] {
  return listOf(at(json, '/Resources')).map((user) => String(at(user, '/id')))
}

/** Of the second page. */
async function firstCursor(talk: Talk): Promise<string> {
  const { json } = await talk.get(`/Users?filter=${ours(talk)}&count=2&cursor`, { json: { '/nextCursor': { $type: 'string' } } })
  return String(at(json, '/nextCursor'))
}

async function refused(talk: Talk, path: string, types: readonly string[]): Promise<void> {
  const json = { '/schemas': { $contains: MESSAGES.error }, '/status': '400', '/scimType': { $in: types } }
  await talk.step({ method: 'GET', path, expect: { status: 400, json } })
}

/**
 * Faults in lists: filters, order, pages, and what they show.
 */
import type { JsonObject } from '../json.ts'
import { isObject, listOf } from '../json.ts'
import type { Call, Fault, Serve } from './fault.ts'
import { answering, asking, at, bodies, deaf, error, get, list, resources, sending, status, without } from './fault.ts'

const USERS = at(/^\/Users$/, get)
const SEARCH = at(/\/\.search$/)

function asked(name: string, change: (value: string) => string, otherwise?: string): Serve {
  return asking(list, (call: Call) => {
    const query = new URLSearchParams(call.query)
    const value = query.get(name) ?? otherwise
    if (value !== undefined) query.set(name, change(value))
    return { ...call, query }
  })
}

const lists = (change: (body: JsonObject, call: Call) => JsonObject) => bodies(list, change)

export const LIST_FAULTS: readonly Fault[] = [
  {
    name: 'does not say how many there are',
    caughtBy: ['rfc/list-response'],
    serve: lists((body) => without(body, 'totalResults')),
  },
  {
    name: 'misnames its lists',
    caughtBy: ['rfc/list-response'],
    serve: lists((body) => ({ ...body, schemas: ['urn:ietf:params:scim:api:messages:2.0:List'] })),
  },
  {
    name: 'answers 404 where nobody matches',
    caughtBy: ['rfc/empty-list', 'entra/test-connection'],
    serve: answering(USERS, (reply) => (isObject(reply.body) && reply.body.totalResults === 0 ? error(404) : reply)),
  },
  {
    name: 'refuses parameters that it does not know',
    caughtBy: ['rfc/unknown-parameter'],
    serve: (call, next) => (call.query.has('frobnicate') ? Promise.resolve(error(400, 'invalidSyntax')) : next(call)),
  },
  { name: 'ignores filters', caughtBy: ['rfc/empty-list', 'rfc/filter-v001'], serve: deaf(list, 'filter') },
  {
    name: 'finds nobody by a filter that it cannot read',
    caughtBy: ['rfc/filter-errors', 'rfc/filter-x012'],
    serve: answering(USERS, (reply) => (reply.status === 400 ? { ...reply, status: 200, body: { totalResults: 0 } } : reply)),
  },
  { name: 'fails at a filter that it cannot read', caughtBy: ['rfc/filter-errors'], serve: status(400, 500, USERS) },
  {
    name: 'minds the case of userName',
    caughtBy: ['rfc/filter-v002', 'okta/username-other-case'],
    serve: lists((body, { query }) => {
      const [, wanted] = /userName eq "([^"]*)"/.exec(query.get('filter') ?? '') ?? []
      const kept = listOf(body.Resources).filter((user) => isObject(user) && (wanted === undefined || user.userName === wanted))
      return { ...body, totalResults: kept.length, Resources: kept }
    }),
  },
  {
    name: 'minds the case of operators',
    caughtBy: ['rfc/filter-grammar', 'rfc/filter-v004'],
    serve: answering(USERS, refuseCapitals),
  },
  {
    name: 'takes or for and',
    caughtBy: ['rfc/filter-grammar'],
    serve: asked('filter', (filter) => filter.replaceAll(' or ', ' and ')),
  },
  {
    name: 'takes not for nothing',
    caughtBy: ['rfc/filter-grammar'],
    serve: asked('filter', (filter) => filter.replaceAll('not (', '(')),
  },
  {
    name: 'finds nothing complex that is there',
    caughtBy: ['rfc/filter-v134', 'rfc/filter-v135'],
    serve: asked('filter', (filter) => filter.replaceAll(/\b(addresses|name) pr/g, 'title eq "none"')),
  },
  {
    name: 'takes co for sw',
    caughtBy: ['rfc/filter-grammar'],
    serve: asked('filter', (filter) => filter.replaceAll(' co ', ' sw ')),
  },
  {
    name: 'takes the conditions in brackets one by one',
    caughtBy: ['rfc/filter-v025'],
    serve: asked('filter', (filter) => filter.replace(/^emails\[(\S+ eq \S+) and (.*)\]$/, 'emails.$1 and emails.$2')),
  },
  {
    name: 'compares times as texts',
    caughtBy: ['rfc/filter-by-time'],
    serve: asked('filter', (filter) => filter.replace('gt "', 'ge "')),
  },
  {
    name: 'does not mind the case of externalId',
    caughtBy: ['rfc/filter-by-external-id'],
    serve: asked('filter', (filter) => filter.replace('externalId eq "ext-', 'externalId eq "Ext-')),
  },
  { name: 'ignores sortBy', caughtBy: ['rfc/sort'], serve: deaf(list, 'sortBy') },
  { name: 'ignores sortOrder', caughtBy: ['rfc/sort'], serve: deaf(list, 'sortOrder') },
  {
    name: 'sorts downwards by itself',
    caughtBy: ['rfc/sort-ascending'],
    serve: asked('sortOrder', (order) => order, 'descending'),
  },
  { name: 'sorts each page by itself', caughtBy: ['rfc/sort-across-pages'], serve: sortedPages() },
  { name: 'ignores count', caughtBy: ['rfc/count-is-the-most'], serve: deaf(list, 'count') },
  { name: 'ignores startIndex', caughtBy: ['rfc/pages', 'rfc/page-says-where'], serve: deaf(list, 'startIndex') },
  { name: 'counts from 0', caughtBy: ['rfc/pages'], serve: asked('startIndex', (index) => String(Number(index) + 1)) },
  {
    name: 'takes a count of 0 for none',
    caughtBy: ['rfc/count-and-start'],
    serve: asked('count', (count) => (count === '0' ? '10' : count)),
  },
  {
    name: 'says a startIndex of 0 back',
    caughtBy: ['rfc/count-and-start'],
    serve: lists((body, { query }) => ({ ...body, startIndex: Number(query.get('startIndex') ?? 1) })),
  },
  {
    name: 'takes the size of the page for the total',
    caughtBy: ['rfc/pages', 'rfc/page-behind-the-last', 'rfc/count-is-the-most'],
    serve: lists((body) => ({ ...body, totalResults: listOf(body.Resources).length })),
  },
  {
    name: 'says count back as itemsPerPage',
    caughtBy: ['rfc/pages'],
    serve: lists((body, { query }) => ({ ...body, itemsPerPage: Number(query.get('count') ?? 0) })),
  },
  {
    name: 'says nothing of where a page begins',
    caughtBy: ['rfc/page-says-where'],
    serve: lists((body) => without(body, 'startIndex', 'itemsPerPage')),
  },
  { name: 'ignores attributes', caughtBy: ['rfc/attributes', 'rfc/attributes-in-any-case'], serve: deaf(get, 'attributes') },
  { name: 'ignores excludedAttributes', caughtBy: ['rfc/attributes'], serve: deaf(get, 'excludedAttributes') },
  {
    name: 'leaves the id out where it is not asked for',
    caughtBy: ['rfc/attributes'],
    serve: resources(
      (user, { query }) => (query.has('attributes') || query.has('excludedAttributes') ? without(user, 'id') : user),
      get,
    ),
  },
  {
    name: 'minds the case of names under attributes',
    caughtBy: ['rfc/attributes-in-any-case'],
    serve: resources((user, { query }) => (/[A-Z]{3}/.test(query.get('attributes') ?? '') ? { id: user.id ?? null } : user), get),
  },
  {
    name: 'fails at a name that nobody knows under attributes',
    caughtBy: ['rfc/attributes-unknown'],
    serve: (call, next) => (call.query.get('attributes') === 'frobnication' ? Promise.resolve(error(500)) : next(call)),
  },
  {
    name: 'shows all in the answer to a create',
    caughtBy: ['rfc/attributes-of-writes'],
    serve: deaf(({ method }) => method === 'POST', 'attributes'),
  },
  { name: 'has no search by POST', caughtBy: ['rfc/search', 'rfc/search-pages'], serve: answering(SEARCH, () => error(404)) },
  {
    name: 'ignores excludedAttributes of a search',
    caughtBy: ['rfc/search-leaves-out'],
    serve: sending(SEARCH, (body) => without(body, 'excludedAttributes')),
  },
  {
    name: 'ignores the order of a search',
    caughtBy: ['rfc/search-pages'],
    serve: sending(SEARCH, (body) => without(body, 'sortBy', 'sortOrder')),
  },
  {
    name: 'returns more than maxResults',
    caughtBy: ['rfc/most-results'],
    serve: async (call, next) => {
      const reply = await next(call)
      if (call.path !== '/ServiceProviderConfig' || !isObject(reply.body)) return reply
      return { ...reply, body: { ...reply.body, filter: { supported: true, maxResults: -1 } } }
    },
  },
]

function refuseCapitals(reply: Parameters<Parameters<typeof answering>[1]>[0], { query }: Call) {
  return / (EQ|AND|OR|PR) /.test(query.get('filter') ?? '') ? error(400, 'invalidFilter') : reply
}

/** The page as it lies in the store, and then sorted. */
function sortedPages(): Serve {
  return async (call, next) => {
    if (!list(call) || !call.query.has('sortBy')) return next(call)
    const query = new URLSearchParams(call.query)
    query.delete('sortBy')
    const reply = await next({ ...call, query })
    if (!isObject(reply.body)) return reply
    const nameOf = (user: unknown) => String((user as { readonly userName?: unknown }).userName)
    const sorted = listOf(reply.body.Resources).toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))
    return { ...reply, body: { ...reply.body, Resources: sorted } }
  }
}

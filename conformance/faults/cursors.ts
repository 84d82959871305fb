/**
 * Faults in pages by cursor.
 */
import type { JsonObject } from '../json.ts'
import { isObject, listOf } from '../json.ts'
import type { Call, Fault, Serve } from './fault.ts'
import { at, bodies, error, list, sending, without } from './fault.ts'

const CONFIG = at(/^\/ServiceProviderConfig$/)
const SEARCH = at(/\/\.search$/)

const byCursor = (call: Call) => list(call) && call.query.has('cursor')

const pages = (change: (body: JsonObject, call: Call) => JsonObject) => bodies(byCursor, change)

const pagination = (change: (pagination: JsonObject) => JsonObject) =>
  bodies(CONFIG, (body) => ({ ...body, pagination: change(isObject(body.pagination) ? body.pagination : {}) }))

export const CURSOR_FAULTS: readonly Fault[] = [
  {
    name: 'does not say whether it pages by index',
    caughtBy: ['rfc/cursor-told'],
    serve: pagination((told) => without(told, 'index')),
  },
  {
    name: 'tells the largest page as a text',
    caughtBy: ['rfc/cursor-told'],
    serve: pagination((told) => ({ ...told, maxPageSize: '200' })),
  },
  {
    name: 'begins anew behind the last page',
    caughtBy: ['rfc/cursor-walk'],
    serve: async (call, next) => {
      const query = new URLSearchParams(call.query)
      if (query.get('cursor') === 'anew') query.set('cursor', '')
      return pages((body) => ({ nextCursor: 'anew', ...body }))({ ...call, query }, next)
    },
  },
  {
    name: 'has a cursor before the first page',
    caughtBy: ['rfc/cursor-walk'],
    serve: pages((body, { query }) => (query.get('cursor') === '' ? { ...body, previousCursor: 'before' } : body)),
  },
  {
    name: 'repeats a resource at the turn of the page',
    caughtBy: ['rfc/cursor-walk'],
    serve: repeatsTheLast(),
  },
  {
    name: 'leaves out a resource at the turn of the page',
    caughtBy: ['rfc/cursor-walk', 'rfc/cursor-sorted'],
    serve: pages((body, { query }) =>
      query.get('cursor') === '' ? body : { ...body, Resources: listOf(body.Resources).slice(1) },
    ),
  },
  {
    name: 'has cursors that need encoding',
    caughtBy: ['rfc/cursor-characters'],
    serve: pages((body) => (body.nextCursor === undefined ? body : { ...body, nextCursor: `${body.nextCursor}+/==` })),
  },
  {
    name: 'takes the size of a page by cursor for the total',
    caughtBy: ['rfc/cursor-total'],
    serve: pages((body) => ({ ...body, totalResults: listOf(body.Resources).length })),
  },
  {
    name: 'sorts each page by cursor by itself',
    caughtBy: ['rfc/cursor-sorted'],
    serve: pages((body) => ({ ...body, Resources: listOf(body.Resources).toReversed() })),
  },
  {
    name: 'says where a page by cursor begins',
    caughtBy: ['rfc/cursor-not-index'],
    serve: pages((body) => ({ ...body, startIndex: 1 })),
  },
  {
    name: 'takes a count of 0 for none in a walk',
    caughtBy: ['rfc/cursor-count-zero'],
    serve: pages((body, { query }) => (query.get('count') === '0' ? { ...body, Resources: [{ id: '1' }] } : body)),
  },
  {
    name: 'begins anew with a cursor that it does not know',
    caughtBy: ['rfc/cursor-invalid', 'rfc/cursor-of-its-query'],
    serve: beginsAnew(),
  },
  {
    name: 'does not say what is wrong with a cursor',
    caughtBy: ['rfc/cursor-invalid', 'rfc/cursor-of-its-query'],
    serve: async (call, next) => {
      const reply = await next(call)
      return byCursor(call) && reply.status === 400 ? error(400, 'invalidValue') : reply
    },
  },
  {
    name: 'takes a count that is no number',
    caughtBy: ['rfc/cursor-bad-count'],
    serve: (call, next) => {
      const query = new URLSearchParams(call.query)
      if (query.get('count') === 'many') query.delete('count')
      return next({ ...call, query })
    },
  },
  {
    name: 'knows no cursor in a search',
    caughtBy: ['rfc/cursor-search'],
    serve: sending(SEARCH, (body) => without(body, 'cursor')),
  },
]

function repeatsTheLast(): Serve {
  const last = new Map<string, JsonObject>()
  return pages((body, { query }) => {
    const filter = String(query.get('filter'))
    const before = query.get('cursor') === '' ? undefined : last.get(filter)
    const here = listOf(body.Resources).filter(isObject)
    const turned = here.at(-1)
    if (turned !== undefined) last.set(filter, turned)
    return before === undefined ? body : { ...body, Resources: [before, ...here.slice(1)] }
  })
}

function beginsAnew(): Serve {
  return async (call, next) => {
    const reply = await next(call)
    if (!byCursor(call) || reply.status !== 400) return reply
    const query = new URLSearchParams(call.query)
    query.set('cursor', '')
    return next({ ...call, query })
  }
}

/**
 * Faults in PUT, PATCH and DELETE.
 */
import type { JsonObject } from '../json.ts'
import { isObject, listOf } from '../json.ts'
import type { Fault, Serve } from './fault.ts'
import { answering, at, deaf, error, operations, patch, put, status } from './fault.ts'

const USER = at(/^\/Users\/[^/]+$/)

const each = (change: (operation: JsonObject) => JsonObject) => operations((all) => all.map(change))

const pathOf = ({ path }: JsonObject): string => (typeof path === 'string' ? path : '')

export const CHANGE_FAULTS: readonly Fault[] = [
  {
    name: 'creates by PUT',
    caughtBy: ['rfc/put-never-creates'],
    serve: answering(at(/^\/Users\/./, put), (reply) => (reply.status === 404 ? { ...reply, status: 201 } : reply)),
  },
  { name: 'answers a PUT with nothing', caughtBy: ['rfc/put-replaces'], serve: status(200, 204, put) },
  {
    name: 'keeps by PUT what is null or empty',
    caughtBy: ['rfc/put-clears', 'rfc/null-is-unassigned'],
    serve: async (call, next) => {
      if (!put(call) || !isObject(call.body)) return next(call)
      const { body } = await next({ ...call, method: 'GET', body: undefined })
      const sent = Object.fromEntries(Object.entries(call.body).filter(([, value]) => listOf(value).length > 0))
      return next({ ...call, body: { ...(isObject(body) ? body : {}), ...sent } })
    },
  },
  {
    name: 'adds by PUT to the values that are there',
    caughtBy: ['rfc/put-replaces'],
    serve: async (call, next) => {
      if (!put(call) || !isObject(call.body)) return next(call)
      const { body } = await next({ ...call, method: 'GET', body: undefined })
      const emails = [...listOf(isObject(body) ? body.emails : undefined), ...listOf(call.body.emails)]
      return next({ ...call, body: { ...call.body, emails } })
    },
  },
  {
    name: 'refuses a PUT of what it gave',
    caughtBy: ['rfc/put-what-was-read', 'okta/put-round-trip'],
    serve: (call, next) =>
      put(call) && isObject(call.body) && call.body.meta ? Promise.resolve(error(400, 'mutability')) : next(call),
  },
  {
    name: 'refuses a PUT with another id in the body',
    caughtBy: ['rfc/put-ignores-id'],
    serve: (call, next) => {
      const isOther = isObject(call.body) && call.body.id !== undefined && !call.path.endsWith(String(call.body.id))
      return put(call) && isOther ? Promise.resolve(error(400, 'mutability')) : next(call)
    },
  },
  {
    name: 'moves created with meta of a client',
    caughtBy: ['rfc/meta-ignored'],
    serve: rememberMeta(),
  },
  {
    name: 'does the operations of a PATCH one by one',
    caughtBy: ['rfc/patch-atomic', 'rfc/group-patch-atomic'],
    serve: oneByOne(),
  },
  {
    name: 'does the first operation of a PATCH alone',
    caughtBy: ['rfc/patch-in-order', 'rfc/member-swap'],
    serve: operations((all) => all.slice(0, 1)),
  },
  {
    name: 'does the operations of a PATCH backwards',
    caughtBy: ['rfc/patch-in-order'],
    serve: operations((all) => all.toReversed()),
  },
  {
    name: 'does nothing by PATCH',
    caughtBy: ['rfc/patch-answer', 'entra/disable-boolean'],
    serve: (call, next) => next(patch(call) ? { ...call, method: 'GET', body: undefined } : call),
  },
  { name: 'ignores attributes of a PATCH', caughtBy: ['rfc/patch-attributes'], serve: deaf(patch, 'attributes') },
  {
    name: 'answers a PATCH with 204 whatever it is asked',
    caughtBy: ['rfc/patch-attributes'],
    serve: status(200, 204, patch),
  },
  {
    name: 'minds the case of op',
    caughtBy: ['entra/patch-capital-replace'],
    serve: (call, next) =>
      patch(call) && /"op":"[A-Z]/.test(JSON.stringify(call.body)) ? Promise.resolve(error(400, 'invalidSyntax')) : next(call),
  },
  {
    name: 'takes the text False for true',
    caughtBy: ['entra/disable-string-False'],
    serve: each((one) => (one.value === 'False' ? { ...one, value: true } : one)),
  },
  {
    name: 'replaces by add',
    caughtBy: ['rfc/add-value', 'rfc/member-add'],
    serve: each((one) => (one.op === 'add' ? { ...one, op: 'replace' } : one)),
  },
  {
    name: 'adds by replace',
    caughtBy: ['rfc/replace-all-values', 'rfc/members-replace', 'okta/group-full-push'],
    serve: each((one) => (one.op === 'replace' ? { ...one, op: 'add' } : one)),
  },
  {
    name: 'empties a complex attribute before it replaces a part',
    caughtBy: ['rfc/replace-complex'],
    serve: operations((all) =>
      all.flatMap((one) => (one.op === 'replace' && one.path === 'name' ? [{ op: 'remove', path: 'name' }, one] : [one])),
    ),
  },
  {
    name: 'replaces the first match alone',
    caughtBy: ['rfc/replace-part-of-matches'],
    serve: each((one) => ({
      ...one,
      ...(pathOf(one) === '' ? {} : { path: pathOf(one).replace('country eq "GB"', 'country eq "GB" and type eq "work"') }),
    })),
  },
  {
    name: 'removes all where some match',
    caughtBy: ['rfc/remove-by-two', 'rfc/member-remove', 'entra/group-remove-by-filter'],
    serve: each((one) =>
      one.op === 'remove' && pathOf(one).endsWith(']') ? { ...one, path: pathOf(one).replace(/\[.*/s, '') } : one,
    ),
  },
  {
    name: 'removes by half of a filter',
    caughtBy: ['rfc/remove-by-two'],
    serve: each((one) => (one.op === 'remove' ? { ...one, path: pathOf(one).replace(/ and [^\]]*/, '') } : one)),
  },
  {
    name: 'removes nothing',
    caughtBy: ['rfc/remove', 'rfc/remove-the-last', 'rfc/members-remove-all'],
    serve: operations((all) =>
      all.map((one) => (one.op === 'remove' && one.path !== undefined ? { op: 'replace', path: 'nickName', value: 'x' } : one)),
    ),
  },
  {
    name: 'takes a required attribute away without a word',
    caughtBy: ['rfc/remove-required', 'rfc/patch-required'],
    serve: answering(patch, (reply) => (reply.status === 400 ? { ...reply, status: 204 } : reply)),
  },
  {
    name: 'calls every refusal invalidValue',
    caughtBy: ['rfc/remove-without-path', 'rfc/replace-no-match', 'rfc/patch-read-only', 'rfc/patch-bad-path'],
    serve: answering(patch, (reply) => (reply.status === 400 ? error(400, 'invalidValue') : reply)),
  },
  {
    name: 'knows no path but in its own case',
    caughtBy: ['rfc/patch-path-in-any-case'],
    serve: (call, next) =>
      patch(call) && JSON.stringify(call.body).includes('DISPLAYNAME') ? Promise.resolve(error(400, 'invalidPath')) : next(call),
  },
  {
    name: 'knows no path with the URN of the core',
    caughtBy: ['rfc/patch-path-with-urn'],
    serve: (call, next) =>
      patch(call) && JSON.stringify(call.body).includes('core:2.0:User:')
        ? Promise.resolve(error(400, 'invalidPath'))
        : next(call),
  },
  {
    name: 'makes no value where a filter names what is not there',
    caughtBy: ['entra/patch-add-email-when-none'],
    serve: (call, next) =>
      patch(call) && /"op":"add","path":"emails\[/i.test(JSON.stringify(call.body))
        ? Promise.resolve(error(400, 'noTarget'))
        : next(call),
  },
  { name: 'answers a DELETE with 200', caughtBy: ['rfc/delete'], serve: status(204, 200, ({ method }) => method === 'DELETE') },
  {
    name: 'makes inactive what it should delete',
    caughtBy: ['rfc/delete', 'rfc/deleted-not-found', 'entra/hard-delete'],
    serve: (call, next) => {
      if (call.method !== 'DELETE' || !USER(call)) return next(call)
      const body = { Operations: [{ op: 'replace', path: 'active', value: false }] }
      return next({ ...call, method: 'PATCH', body }).then((reply) =>
        reply.status < 300 ? { ...reply, status: 204, body: undefined } : reply,
      )
    },
  },
  { name: 'deletes again and again', caughtBy: ['rfc/delete'], serve: status(404, 204, ({ method }) => method === 'DELETE') },
  {
    name: 'keeps the name of whom it deleted',
    caughtBy: ['rfc/deleted-name-free', 'entra/restore-after-delete'],
    serve: keepsNames(),
  },
]

/** Tells the time of creation that a client told. */
function rememberMeta(): Serve {
  const told = new Map<string, JsonObject>()
  return async (call, next) => {
    if (put(call) && isObject(call.body) && isObject(call.body.meta)) told.set(call.path, call.body.meta)
    const reply = await next(call)
    const meta = told.get(call.path)
    if (meta === undefined || !isObject(reply.body) || !isObject(reply.body.meta)) return reply
    return { ...reply, body: { ...reply.body, meta: { ...reply.body.meta, ...meta } } }
  }
}

function oneByOne(): Serve {
  return async (call, next) => {
    const all = isObject(call.body) ? listOf(call.body.Operations) : []
    if (!patch(call) || all.length < 2) return next(call)
    let reply = error(400)
    for (const operation of all) {
      reply = await next({ ...call, body: { Operations: [operation] } })
      if (reply.status > 299) break
    }
    return reply
  }
}

function keepsNames(): Serve {
  const names = new Map<string, string>()
  const deleted = new Set<string>()
  return async (call, next) => {
    const name = isObject(call.body) ? String(call.body.userName) : ''
    if (call.method === 'POST' && deleted.has(name)) return error(409, 'uniqueness')
    const reply = await next(call)
    if (call.method === 'POST' && isObject(reply.body)) names.set(`/Users/${reply.body.id}`, name)
    if (call.method === 'DELETE') deleted.add(names.get(call.path) ?? '')
    return reply
  }
}

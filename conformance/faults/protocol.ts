/**
 * Faults around the resources: who asks, media types, errors, versions.
 */
import type { JsonObject } from '../json.ts'
import { isObject, parseJson } from '../json.ts'
import type { Call, Fault, Next, Serve } from './fault.ts'
import { answering, asking, at, bodies, error, get, header, patch, post, put, resources, status, without } from './fault.ts'

const isError = ({ status: code }: { readonly status: number }) => code > 399

function withHeader(name: string, value: string | undefined): Serve {
  return asking(
    () => true,
    (call) => {
      const headers = new Headers(call.headers)
      if (value === undefined) headers.delete(name)
      else headers.set(name, value)
      return { ...call, headers }
    },
  )
}

export const PROTOCOL_FAULTS: readonly Fault[] = [
  { name: 'does not say how to authenticate', caughtBy: ['rfc/auth-refused'], serve: header('www-authenticate', undefined) },
  { name: 'lets anybody in', caughtBy: ['rfc/auth-refused', 'rfc/error-shape'], serve: letsAnybodyIn() },
  {
    name: 'minds the case of Bearer',
    caughtBy: ['rfc/auth-scheme-in-any-case'],
    serve: (call, next) => (/^bearer/.test(call.headers.get('authorization') ?? '') ? Promise.resolve(error(401)) : next(call)),
  },
  {
    name: 'answers in application/json, whatever is accepted',
    caughtBy: ['rfc/accept-scim', 'rfc/error-shape'],
    serve: header('content-type', 'application/json'),
  },
  {
    name: 'answers in application/scim+json, whatever is accepted',
    caughtBy: ['rfc/accept-json'],
    serve: header('content-type', 'application/scim+json'),
  },
  {
    name: 'takes no application/json',
    caughtBy: ['rfc/send-json', 'okta/spec-test-users'],
    serve: (call, next) =>
      /^application\/json/.test(call.headers.get('content-type') ?? '') ? Promise.resolve(error(415)) : next(call),
  },
  {
    name: 'writes UTF-8 as if it were Latin-1',
    caughtBy: ['rfc/unicode', 'rfc/send-json'],
    serve: bodies(at(/^\/Users/), (body) => parseJson(Buffer.from(JSON.stringify(body), 'utf8').toString('latin1'))),
  },
  {
    name: 'answers with a page where nothing is',
    caughtBy: ['rfc/error-shape', 'rfc/read'],
    serve: answering(
      () => true,
      (reply) => (reply.status === 404 ? { ...reply, body: '<html>Not found</html>' } : reply),
    ),
  },
  {
    name: 'writes the status of an error as a number',
    caughtBy: ['rfc/error-shape', 'rfc/put-never-creates'],
    serve: answering(
      () => true,
      (reply) => (isError(reply) && isObject(reply.body) ? { ...reply, body: { ...reply.body, status: reply.status } } : reply),
    ),
  },
  {
    name: 'has no schema for its errors',
    caughtBy: ['rfc/error-shape', 'rfc/error-shape-groups'],
    serve: answering(
      () => true,
      (reply) => (isError(reply) && isObject(reply.body) ? { ...reply, body: without(reply.body, 'schemas') } : reply),
    ),
  },
  {
    name: 'answers an unknown user with an empty list',
    caughtBy: ['rfc/read', 'entra/hard-delete'],
    serve: answering(at(/^\/Users\/./, get), (reply) =>
      reply.status === 404 ? { ...reply, status: 200, body: { totalResults: 0 } } : reply,
    ),
  },
  {
    name: 'fails at a body that is no JSON',
    caughtBy: ['rfc/create-broken', 'rfc/patch-malformed'],
    serve: status(400, 500, ({ body }) => typeof body === 'string'),
  },
  { name: 'knows nothing of /Me, and does not say so', caughtBy: ['rfc/me-not-done'], serve: status(501, 404) },
  { name: 'takes two spellings of a name for two names', caughtBy: ['rfc/prepared-user-names'], serve: status(409, 201, post) },
  { name: 'gives no ETag', caughtBy: ['rfc/etag-in-header', 'rfc/etag'], serve: header('etag', undefined) },
  {
    name: 'has another ETag than meta.version',
    caughtBy: ['rfc/version-is-the-tag'],
    serve: resources((user) => withVersion(user, 'W/"1"')),
  },
  {
    name: 'gives no ETag with what it has changed',
    caughtBy: ['rfc/etag-of-writes', 'rfc/etag-of-group-writes', 'rfc/etag-in-header'],
    serve: header('etag', undefined, isChange),
  },
  {
    name: 'tells the version of what it has changed in another way than the ETag',
    caughtBy: ['rfc/etag-of-writes', 'rfc/etag-of-group-writes'],
    serve: resources((resource) => withVersion(resource, 'W/"1"'), isChange),
  },
  {
    name: 'answers a change with the version from before it',
    caughtBy: ['rfc/etag-of-writes', 'rfc/etag-of-group-writes'],
    serve: lateTag(),
  },
  { name: 'has one ETag for ever', caughtBy: ['rfc/etag-moves', 'rfc/etag'], serve: oneTag() },
  {
    name: 'ignores If-Match',
    caughtBy: ['rfc/etag', 'rfc/etag-put', 'rfc/etag-delete', 'rfc/etag-group'],
    serve: withHeader('if-match', undefined),
  },
  { name: 'ignores If-None-Match', caughtBy: ['rfc/etag', 'rfc/etag-moves'], serve: withHeader('if-none-match', undefined) },
  { name: 'answers a stale version with 409', caughtBy: ['rfc/etag', 'rfc/etag-put'], serve: status(412, 409) },
  {
    name: 'knows no star and no list in If-Match',
    caughtBy: ['rfc/etag-any'],
    serve: (call, next) =>
      patch(call) && /[*,]/.test(call.headers.get('if-match') ?? '') ? Promise.resolve(error(412)) : next(call),
  },
  {
    name: 'makes what PUT to a collection names',
    caughtBy: ['rfc/method-not-served'],
    serve: answering(at(/^\/Users$/, put), (reply) => ({ ...reply, status: 201 })),
  },
  {
    name: 'refuses a binary value',
    caughtBy: ['rfc/binary'],
    serve: bodies(at(/^\/Users/), (body) => without(body, 'x509Certificates')),
  },
]

/** Takes every caller for the last one who was let in. */
function letsAnybodyIn(): Serve {
  let good: string | undefined
  return async (call, next: Next) => {
    const reply = await next(call)
    const own = call.headers.get('authorization') ?? undefined
    if (reply.status !== 401) good = own ?? good
    if (reply.status !== 401 || good === undefined) return reply
    const headers = new Headers(call.headers)
    headers.set('authorization', good)
    return next({ ...call, headers })
  }
}

function isChange(call: Call): boolean {
  return put(call) || patch(call)
}

function withVersion(resource: JsonObject, version: string): JsonObject {
  return { ...resource, meta: { ...(isObject(resource.meta) ? resource.meta : {}), version } }
}

function lateTag(): Serve {
  return async (call, next) => {
    if (!isChange(call)) return next(call)
    const before = (await next({ ...call, method: 'GET', body: undefined })).headers.get('etag') ?? ''
    const { status: code, headers, body } = await next(call)
    const tagged = new Headers(headers)
    tagged.set('etag', before)
    return { status: code, headers: tagged, body: isObject(body) ? withVersion(body, before) : body }
  }
}

/** Takes a client that shows this tag for one that knows the resource. */
function oneTag(): Serve {
  return async (call, next) => {
    const isKnown = call.headers.get('if-none-match') === 'W/"1"'
    const headers = new Headers(call.headers)
    headers.delete('if-match')
    headers.delete('if-none-match')
    const reply = await next({ ...call, headers })
    if (isKnown && get(call) && reply.status === 200) return { status: 304, headers: new Headers(), body: undefined }
    const tagged = new Headers(reply.headers)
    tagged.set('etag', 'W/"1"')
    return { ...reply, headers: tagged }
  }
}

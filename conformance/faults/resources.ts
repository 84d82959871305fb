/**
 * Faults in the resources that a server makes and returns.
 */
import { isObject, listOf } from '../json.ts'
import { EXTENSIONS } from '../urns.ts'
import type { Fault } from './fault.ts'
import { answering, at, bodies, error, get, header, post, resources, sending, status, without } from './fault.ts'

const USERS = at(/^\/Users$/, post)
const ENTERPRISE = EXTENSIONS.enterprise

function meta(resource: { readonly [name: string]: unknown }): { readonly [name: string]: string } {
  return resource.meta as { readonly [name: string]: string }
}

export const RESOURCE_FAULTS: readonly Fault[] = [
  { name: 'answers a create with 200', caughtBy: ['rfc/location'], serve: status(201, 200) },
  { name: 'gives no Location', caughtBy: ['rfc/location'], serve: header('location', undefined) },
  {
    name: 'gives a Location that leads nowhere',
    caughtBy: ['rfc/location'],
    serve: header('location', 'https://elsewhere.example/Users/0', post),
  },
  {
    name: 'answers a create with nothing',
    caughtBy: ['rfc/create-answers-whole'],
    serve: answering(USERS, (reply) => (reply.status === 201 ? { ...reply, body: undefined } : reply)),
  },
  {
    name: 'lets clients choose ids',
    caughtBy: ['rfc/client-id-ignored'],
    serve: resources((user, { body }) => (isObject(body) && body.id !== undefined ? { ...user, id: body.id } : user), post),
  },
  {
    name: 'believes the type that a client tells',
    caughtBy: ['rfc/create-types', 'rfc/client-id-ignored'],
    serve: resources((user, { body }) => {
      const told = isObject(body) && isObject(body.meta) ? body.meta : {}
      return { ...user, meta: { ...meta(user), ...told } }
    }, post),
  },
  {
    name: 'tells no time of creation',
    caughtBy: ['rfc/meta-assigned', 'rfc/listed-whole'],
    serve: resources((user) => ({ ...user, meta: without(meta(user), 'created') })),
  },
  {
    name: 'tells the day, and not the time',
    caughtBy: ['rfc/date-times'],
    serve: resources((user) => ({ ...user, meta: { ...meta(user), created: meta(user).created?.slice(0, 10) ?? null } })),
  },
  {
    name: 'says that everything was modified just now',
    caughtBy: ['rfc/location', 'rfc/add-what-is-there'],
    serve: resources((user) => ({ ...user, meta: { ...meta(user), lastModified: new Date().toISOString() } })),
  },
  {
    name: 'says that nothing was ever modified',
    caughtBy: ['rfc/last-modified'],
    serve: resources((user) => ({ ...user, meta: { ...meta(user), lastModified: meta(user).created ?? null } })),
  },
  {
    name: 'gives a user another id with another name',
    caughtBy: ['rfc/id-stays'],
    serve: resources((user) => ({ ...user, id: String(user.userName).includes('renamed') ? `${user.id}2` : (user.id ?? null) })),
  },
  {
    name: 'has bulkId in its ids',
    caughtBy: ['rfc/id-is-no-bulk-id'],
    serve: async (call, next) => {
      const serve = resources((user) => ({ ...user, id: `bulkId-${user.id}` }))
      return serve({ ...call, path: call.path.replace('bulkId-', '') }, next)
    },
  },
  {
    name: 'invents an externalId',
    caughtBy: ['rfc/external-id-is-the-clients'],
    serve: resources((user) => ({ externalId: user.id ?? null, ...user })),
  },
  {
    name: 'puts an externalId into small letters',
    caughtBy: ['rfc/external-id-kept'],
    serve: sending(USERS, (body) => {
      return typeof body.externalId === 'string' ? { ...body, externalId: body.externalId.toLowerCase() } : body
    }),
  },
  {
    name: 'repeats the schemas of the client',
    caughtBy: ['rfc/schemas-known'],
    serve: resources((user, { body }) => ({ ...user, schemas: (isObject(body) ? body.schemas : undefined) ?? null }), post),
  },
  {
    name: 'knows no schema but the first',
    caughtBy: ['rfc/schemas-in-any-order'],
    serve: sending(USERS, (body) => {
      const [first] = listOf(body.schemas)
      return first === ENTERPRISE ? without(body, ENTERPRISE) : body
    }),
  },
  {
    name: 'mixes an extension with the core',
    caughtBy: ['rfc/extension-apart'],
    serve: resources((user) => ({
      ...without(user, ENTERPRISE),
      ...(isObject(user[ENTERPRISE]) ? user[ENTERPRISE] : {}),
    })),
  },
  {
    name: 'returns what no schema has',
    caughtBy: ['rfc/returned-declared'],
    serve: resources((user) => ({ ...user, internalNumber: 7 })),
  },
  {
    name: 'returns passwords',
    caughtBy: ['rfc/password-never-back'],
    serve: resources((user) => ({ ...user, password: 'secret' })),
  },
  {
    name: 'returns the hash of a password where it is asked for',
    caughtBy: ['rfc/password-never-back'],
    serve: resources((user, { query }) =>
      query.get('attributes')?.includes('password') === true ? { ...user, password: '$2b$12$' } : user,
    ),
  },
  {
    name: 'writes booleans as texts',
    caughtBy: ['rfc/booleans', 'rfc/active'],
    serve: resources((user) => ({ ...user, active: String(user.active) })),
  },
  {
    name: 'minds the case of names in bodies',
    caughtBy: ['rfc/names-in-any-case'],
    serve: sending(USERS, (body) => without(body, 'USERNAME', 'displayname', 'Name')),
  },
  {
    name: 'cannot read null',
    caughtBy: ['rfc/null-is-unassigned', 'entra/create-with-nulls'],
    serve: (call, next) => {
      const hasNull = JSON.stringify(call.body ?? '').includes(':null')
      return hasNull ? Promise.resolve(error(400, 'invalidValue')) : next(call)
    },
  },
  {
    name: 'writes a single value where a list belongs',
    caughtBy: ['rfc/list-of-one'],
    serve: resources(
      (user) => ({ ...user, emails: listOf(user.emails).length === 1 ? (listOf(user.emails)[0] ?? null) : [] }),
      get,
    ),
  },
  {
    name: 'returns one e-mail address twice',
    caughtBy: ['rfc/same-value-once', 'rfc/emails'],
    serve: resources((user) => ({ ...user, emails: [...listOf(user.emails), ...listOf(user.emails)] })),
  },
  {
    name: 'has two primary addresses',
    caughtBy: ['rfc/primary-once', 'rfc/add-primary', 'rfc/replace-primary'],
    serve: resources((user) => ({
      ...user,
      emails: listOf(user.emails).map((one) => (isObject(one) ? { ...one, primary: true } : one)),
    })),
  },
  {
    name: 'takes anything for a text',
    caughtBy: ['rfc/types-refused'],
    serve: sending(USERS, (body) => (isObject(body.displayName) ? { ...body, displayName: 'an object' } : body)),
  },
  {
    name: 'takes a user without a name',
    caughtBy: ['rfc/user-name-required', 'rfc/error-shape'],
    serve: sending(USERS, (body) => (body.userName === undefined ? { ...body, userName: `made-${Math.random()}` } : body)),
  },
  {
    name: 'has two users of one name',
    caughtBy: ['rfc/user-name-unique', 'rfc/race-create', 'entra/duplicate'],
    serve: answering(USERS, (reply) => (reply.status === 409 ? { ...reply, status: 201, body: { id: 'another' } } : reply)),
  },
  {
    name: 'does not say what a conflict is about',
    caughtBy: ['rfc/user-name-unique'],
    serve: bodies(USERS, (body) => without(body, 'scimType')),
  },
  {
    name: 'cuts texts short',
    caughtBy: ['rfc/singular'],
    serve: resources((user) => ({ ...user, profileUrl: String(user.profileUrl).slice(0, 16) })),
  },
  {
    name: 'forgets the manager',
    caughtBy: ['rfc/manager'],
    serve: resources((user) =>
      isObject(user[ENTERPRISE]) ? { ...user, [ENTERPRISE]: without(user[ENTERPRISE], 'manager') } : user,
    ),
  },
  {
    name: 'believes the name of a manager that a client tells',
    caughtBy: ['rfc/manager-name-read-only'],
    serve: resources((user) => {
      const extension = user[ENTERPRISE]
      if (!isObject(extension) || !isObject(extension.manager)) return user
      return {
        ...user,
        [ENTERPRISE]: { ...extension, manager: { ...extension.manager, displayName: 'Somebody Else' } },
      }
    }),
  },
]

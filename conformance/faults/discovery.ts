/**
 * Faults in what a server says of itself.
 */
import type { JsonObject } from '../json.ts'
import { isObject, listOf } from '../json.ts'
import { MESSAGES } from '../urns.ts'
import type { Fault, Serve } from './fault.ts'
import { answering, at, bodies, deaf, error, get, without } from './fault.ts'

const CONFIG = at(/^\/ServiceProviderConfig$/)
const SCHEMAS = at(/^\/Schemas$/)
const TYPES = at(/^\/ResourceTypes$/)

/** Each schema of the list, changed; undefined leaves it out. */
function eachSchema(change: (schema: JsonObject) => JsonObject | undefined): Serve {
  return bodies(SCHEMAS, (body) => {
    const kept = listOf(body.Resources).flatMap((one) => (isObject(one) ? (change(one) ?? []) : []))
    return { ...body, totalResults: kept.length, Resources: kept }
  })
}

function eachAttribute(change: (attribute: JsonObject) => JsonObject): Serve {
  return eachSchema((schema) => ({
    ...schema,
    attributes: listOf(schema.attributes).map((one) => (isObject(one) ? change(one) : one)),
  }))
}

const named = (name: string, change: JsonObject) =>
  eachAttribute((attribute) => (attribute.name === name ? { ...attribute, ...change } : attribute))

export const DISCOVERY_FAULTS: readonly Fault[] = [
  {
    name: 'leaves caseExact out of its schemas',
    caughtBy: ['rfc/schemas-described'],
    serve: eachAttribute((attribute) => without(attribute, 'caseExact')),
  },
  {
    name: 'invents a type of attributes',
    caughtBy: ['rfc/schemas-described'],
    serve: named('title', { type: 'text' }),
  },
  {
    name: 'has spaces in names of attributes',
    caughtBy: ['rfc/attribute-names'],
    serve: named('title', { name: 'job title' }),
  },
  {
    name: 'calls userName case-exact',
    caughtBy: ['rfc/schemas-as-defined'],
    serve: named('userName', { caseExact: true }),
  },
  {
    name: 'lets clients write groups of users, it says',
    caughtBy: ['rfc/schemas-as-defined'],
    serve: named('groups', { mutability: 'readWrite' }),
  },
  {
    name: 'has complex parts in a complex attribute',
    caughtBy: ['rfc/schemas-flat'],
    serve: eachAttribute((attribute) =>
      attribute.name === 'name' ? { ...attribute, subAttributes: [{ ...attribute, name: 'inner' }] } : attribute,
    ),
  },
  {
    name: 'leaves a schema out that its resource types name',
    caughtBy: ['rfc/schemas-complete'],
    serve: eachSchema((schema) => (String(schema.id).includes('enterprise') ? undefined : schema)),
  },
  {
    name: 'lists the schemas of messages',
    caughtBy: ['rfc/messages-not-schemas'],
    serve: eachSchema((schema) => (schema.name === 'Group' ? { ...schema, id: MESSAGES.patch } : schema)),
  },
  {
    name: 'tells maxResults as a text',
    caughtBy: ['rfc/service-provider-config'],
    serve: bodies(CONFIG, (body) => ({ ...body, filter: { supported: true, maxResults: '200' } })),
  },
  {
    name: 'tells no authentication scheme',
    caughtBy: ['rfc/service-provider-config', 'rfc/authentication-schemes'],
    serve: bodies(CONFIG, (body) => ({ ...body, authenticationSchemes: [] })),
  },
  {
    name: 'has no description of its schemes',
    caughtBy: ['rfc/authentication-schemes'],
    serve: bodies(CONFIG, (body) => ({ ...body, authenticationSchemes: [{ type: 'oauth2', name: 'OAuth' }] })),
  },
  {
    name: 'wants a token for its configuration',
    caughtBy: ['rfc/configuration-public'],
    serve: answering(CONFIG, (reply, { headers }) => (headers.has('authorization') ? reply : error(401))),
  },
  {
    name: 'pages its schemas',
    caughtBy: ['rfc/discovery-in-one-page'],
    serve: answering(SCHEMAS, (reply, { query }) => {
      const { body } = reply
      if (!isObject(body) || query.get('count') === null) return reply
      return { ...reply, body: { ...body, Resources: listOf(body.Resources).slice(0, Number(query.get('count'))) } }
    }),
  },
  {
    name: 'seems to filter its schemas, and does not',
    caughtBy: ['rfc/discovery-not-filtered'],
    serve: deaf(SCHEMAS, 'filter'),
  },
  {
    name: 'has no address for a single schema',
    caughtBy: ['rfc/one-schema'],
    serve: answering(at(/^\/Schemas\/./), () => error(404)),
  },
  {
    name: 'has no address for a single resource type',
    caughtBy: ['rfc/one-resource-type', 'rfc/resource-types-whole'],
    serve: answering(at(/^\/ResourceTypes\/./, get), () => error(404)),
  },
  {
    name: 'tells no endpoint of its resource types',
    caughtBy: ['rfc/resource-types-whole'],
    serve: bodies(TYPES, (body) => ({
      ...body,
      Resources: listOf(body.Resources).map((one) => (isObject(one) ? without(one, 'endpoint') : one)),
    })),
  },
  {
    name: 'takes what is posted to its schemas',
    caughtBy: ['rfc/discovery-not-changed'],
    serve: answering(SCHEMAS, (reply, { method }) => (method === 'POST' ? { ...reply, status: 201 } : reply)),
  },
]

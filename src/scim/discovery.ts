/**
 * What the service says of itself (RFC 7643, sections 5 to 7; RFC 7644, section 4), from what values are checked by: the
 * files in `schemas/`, and the institution's own extension.
 */
import campusUser from '../../schemas/campus-user.json' with { type: 'json' }
import enterpriseUser from '../../schemas/enterprise-user.json' with { type: 'json' }
import coreGroup from '../../schemas/group.json' with { type: 'json' }
import resourceTypeSchema from '../../schemas/resource-type.json' with { type: 'json' }
import resourceTypes from '../../schemas/resource-types.json' with { type: 'json' }
import schemaSchema from '../../schemas/schema.json' with { type: 'json' }
import configSchema from '../../schemas/service-provider-config.json' with { type: 'json' }
import coreUser from '../../schemas/user.json' with { type: 'json' }
import { ownSchemaOf } from '../directory/own-extension.ts'
import type { Settings } from '../directory/settings.ts'
import { MAX_OPERATIONS, MAX_PAYLOAD_BYTES } from './bulk-request.ts'
import { CURSOR_SECONDS } from './cursor.ts'
import { DEFAULT_COUNT, LIST_SCHEMA, MAX_COUNT } from './list-request.ts'

const SCHEMA_URN = schemaSchema.id
const SCHEMAS = [coreUser, coreGroup, enterpriseUser, campusUser, configSchema, resourceTypeSchema, schemaSchema]

const CONFIG = {
  schemas: [configSchema.id],
  patch: { supported: true },
  bulk: { supported: true, maxOperations: MAX_OPERATIONS, maxPayloadSize: MAX_PAYLOAD_BYTES },
  filter: { supported: true, maxResults: MAX_COUNT },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: true },
  pagination: {
    cursor: true,
    index: true,
    defaultPaginationMethod: 'index',
    defaultPageSize: DEFAULT_COUNT,
    maxPageSize: MAX_COUNT,
    cursorTimeout: CURSOR_SECONDS,
  },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'A token of the institution in the Authorization header',
      specUri: 'https://datatracker.ietf.org/doc/html/rfc6750',
      primary: true,
    },
    {
      type: 'oauth2',
      name: 'OAuth 2.0 client credentials',
      description: 'A token for an hour, from the token endpoint of the institution',
      specUri: 'https://datatracker.ietf.org/doc/html/rfc6749#section-4.4',
      primary: false,
    },
  ],
}

/** @param base URL of the institution's SCIM endpoint */
export function serviceProviderConfig(base: string): object {
  return { ...CONFIG, meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` } }
}

export function allResourceTypes(base: string, settings: Settings): object {
  return listOf(typesIn(settings).map((type) => withTypeMeta(type, base)))
}

/** The name ignores case. */
export function resourceTypeNamed(base: string, settings: Settings, name: string): object | undefined {
  const type = typesIn(settings).find((one) => one.id.toLowerCase() === name.toLowerCase())
  return type === undefined ? undefined : withTypeMeta(type, base)
}

export function allSchemas(base: string, settings: Settings): object {
  return listOf(schemasIn(settings).map((schema) => withSchemaMeta(schema, base)))
}

export function schemaWithUrn(base: string, settings: Settings, urn: string): object | undefined {
  const schema = schemasIn(settings).find((one) => one.id.toLowerCase() === urn.toLowerCase())
  return schema === undefined ? undefined : withSchemaMeta(schema, base)
}

function typesIn(settings: Settings): readonly { readonly id: string }[] {
  const own = ownSchemaOf(settings)
  if (own === undefined) return resourceTypes
  return resourceTypes.map((type) => {
    if (type.schemaExtensions === undefined) return type
    return { ...type, schemaExtensions: [...type.schemaExtensions, { schema: own.id, required: false }] }
  })
}

function schemasIn(settings: Settings): readonly { readonly id: string }[] {
  const own = ownSchemaOf(settings)
  return own === undefined ? SCHEMAS : [...SCHEMAS, own]
}

function withTypeMeta(type: { readonly id: string }, base: string): object {
  return { ...type, meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${type.id}` } }
}

function withSchemaMeta(schema: { readonly id: string }, base: string): object {
  return { ...schema, schemas: [SCHEMA_URN], meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` } }
}

/** Sorting and paging do not apply here: all of it is one page (RFC 7644, section 4). */
function listOf(resources: readonly object[]): object {
  const { length } = resources
  return { schemas: [LIST_SCHEMA], totalResults: length, startIndex: 1, itemsPerPage: length, Resources: resources }
}

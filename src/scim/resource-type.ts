/**
 * What sets one resource type apart from another (RFC 7643, section 6): its schema, and where the values that filters
 * and sorting ask for lie in its stored records.
 */

import { userSchemaOf } from '../directory/own-extension.ts'
import type { ResourceSchema } from '../directory/schema.ts'
import { EXTENSIONS, GROUP, USER } from '../directory/schema.ts'
import type { Settings } from '../directory/settings.ts'
import { NETIDS } from '../directory/user.ts'
import type { Predicate } from '../store/predicate.ts'
import { EVERYTHING } from '../store/predicate.ts'

export type ResourceType = {
  readonly schema: ResourceSchema
  readonly endpoint: '/Users' | '/Groups'
  readonly collection: 'users' | 'groups'
  /** Stored paths of values that are not under `search`, by dotted name. */
  readonly stored: ReadonlyMap<string, string>
  /** Names by which one resource is asked for, as `dottedName` has them. */
  readonly identifying: ReadonlySet<string>
  /** URNs that a resource can have among its `schemas`, and when it has them. */
  readonly schemas: readonly (readonly [string, Predicate])[]
}

const COMMON_STORED = [
  ['id', '_id'],
  ['meta.created', 'created'],
  ['meta.lastModified', 'lastModified'],
] as const

export const USER_TYPE: ResourceType = {
  schema: USER,
  endpoint: '/Users',
  collection: 'users',
  stored: new Map([
    ...COMMON_STORED,
    ['userName', 'keys.userName'],
    ['groups', 'search.memberOf'],
    ...NETIDS.map((name) => [`campus.${name}`, `keys.${name}`] as const),
  ]),
  identifying: new Set(['id', 'externalId', 'userName', 'emails', 'emails.value', ...NETIDS.map((name) => `campus.${name}`)]),
  schemas: [
    [USER.urn, EVERYTHING],
    [EXTENSIONS.enterprise, { op: 'pr', path: 'search.enterprise' }],
    [
      EXTENSIONS.campus,
      { op: 'or', of: ['search.campus', ...NETIDS.map((name) => `keys.${name}`)].map((path) => ({ op: 'pr', path })) },
    ],
  ],
}

export const GROUP_TYPE: ResourceType = {
  schema: GROUP,
  endpoint: '/Groups',
  collection: 'groups',
  stored: new Map([...COMMON_STORED, ['displayName', 'keys.name']]),
  identifying: new Set(['id', 'externalId', 'displayName']),
  schemas: [[GROUP.urn, EVERYTHING]],
}

/** The resource type as an institution has it. */
export function typeIn(settings: Settings, type: ResourceType): ResourceType {
  const schema = type === USER_TYPE ? userSchemaOf(settings) : type.schema
  if (schema === type.schema) return type
  const found = extended.get(schema) ?? {
    ...type,
    schema,
    schemas: [...type.schemas, [schema.urnOf('own'), { op: 'pr', path: 'search.own' }]],
  }
  extended.set(schema, found)
  return found
}

const extended = new WeakMap<ResourceSchema, ResourceType>()

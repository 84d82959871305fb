/**
 * Whether a record is what the schemas say: one ajv validator, derived from `schemas/` once at start.
 * Channels have translated and coerced by then; what is refused here is named by its path.
 */
import type { ErrorObject } from 'ajv'
import { Ajv } from 'ajv'
import type { Problem } from './change.ts'
import type { Attribute, Attributes } from './schema.ts'
import { USER } from './schema.ts'
import type { Resource } from './user.ts'

/** Characters of one string, and elements of one list. */
export const MAX_STRING = 32_768
export const MAX_ELEMENTS = 1_000

const JSON_TYPES = {
  string: { type: 'string', maxLength: MAX_STRING },
  reference: { type: 'string', maxLength: MAX_STRING },
  binary: { type: 'string', maxLength: MAX_STRING },
  dateTime: { type: 'string', maxLength: 64 },
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  decimal: { type: 'number' },
} as const

/** What a record is, as JSON Schema. */
export const RECORD_SCHEMA = { $id: 'record', ...recordSchema() }

const isRecord = new Ajv({ allErrors: true, strict: true }).compile<Resource>(RECORD_SCHEMA)

/** All that is wrong at once; empty for a good record. */
export function problemsOf(resource: Resource): Problem[] {
  return isRecord(resource) ? [] : (isRecord.errors ?? []).map(problemOf)
}

function recordSchema(): object {
  const extensions = USER.extensions.map((name) => [name, objectSchema(USER.attributesOf(name))])
  const core = objectSchema(USER.attributesOf())
  // What an institution declares itself is held against its declaration where it comes in; what an older declaration
  // let in must not stand in the way of other changes.
  const own = { type: 'object' }
  return { ...core, properties: { ...core.properties, ...Object.fromEntries(extensions), own } }
}

function objectSchema(attributes: Attributes): { properties: object } {
  const properties = [...attributes.values()].map((attribute) => [attribute.name, attributeSchema(attribute)])
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) } as { properties: object }
}

function attributeSchema(attribute: Attribute): object {
  const one = attribute.type === 'complex' ? objectSchema(attribute.subAttributes) : JSON_TYPES[attribute.type]
  return attribute.multiValued ? { type: 'array', minItems: 1, maxItems: MAX_ELEMENTS, items: one } : one
}

function problemOf(error: ErrorObject): Problem {
  const field = error.instancePath.slice(1).replaceAll('/', '.')
  const extra = error.keyword === 'additionalProperties' ? `.${error.params.additionalProperty}` : ''
  return {
    field: `${field}${extra}`.replace(/^\./, ''),
    code: 'invalid_value',
    message: `${field || 'the record'} ${error.message ?? 'is not valid'}`,
  }
}

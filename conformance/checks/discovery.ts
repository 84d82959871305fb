/**
 * What the server says of its schemas and resource types (RFC 7643 sections 5 to 7, with their errata).
 */
import type { Json, JsonObject } from '../json.ts'
import { at, isObject, listOf, show } from '../json.ts'
import type { Talk } from '../play.ts'
import { EXTENSIONS } from '../urns.ts'
import type { CodedCheck } from './coded.ts'

const TYPES = ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'binary', 'reference', 'complex']
const MUTABILITIES = ['readOnly', 'readWrite', 'immutable', 'writeOnly']
const RETURNS = ['always', 'never', 'default', 'request']
const UNIQUENESSES = ['none', 'server', 'global']
/** `$ref` is legal though the grammar has no leading `$` (erratum 8924). */
const NAME = /^(\$ref|[A-Za-z][\w-]*)$/

const MESSAGES = 'urn:ietf:params:scim:api:'
const CORE = 'urn:ietf:params:scim:schemas:core:2.0:'

/** Where -> what a schema must say of it, where the server has that schema and that attribute. */
const FIXED: readonly (readonly [schema: string, path: string, says: JsonObject])[] = [
  [`${CORE}User`, 'userName', { type: 'string', multiValued: false, required: true, caseExact: false, uniqueness: 'server' }],
  [`${CORE}User`, 'name', { type: 'complex', multiValued: false }],
  [`${CORE}User`, 'active', { type: 'boolean', multiValued: false }],
  [`${CORE}User`, 'password', { mutability: 'writeOnly', returned: 'never' }],
  [`${CORE}User`, 'emails', { type: 'complex', multiValued: true }],
  [`${CORE}User`, 'groups', { type: 'complex', multiValued: true, mutability: 'readOnly' }],
  [`${CORE}Group`, 'displayName', { type: 'string', required: true }],
  [`${CORE}Group`, 'members', { type: 'complex', multiValued: true }],
  [EXTENSIONS.enterprise, 'manager', { type: 'complex', multiValued: false }],
  [EXTENSIONS.enterprise, 'manager/displayName', { mutability: 'readOnly' }],
]

const MOST_ASKED_SINGLY = 20

export const DISCOVERY: readonly CodedCheck[] = [
  {
    id: 'rfc/schemas-described',
    clause: 'RFC 7643 7',
    level: 'must',
    what: 'every attribute has all its characteristics',
    why: 'All attributes of a schema are REQUIRED unless it is said otherwise.',
    isReadOnly: true,
    run: async (talk) => {
      await eachAttribute(talk, (attribute, where) => {
        const type = String(attribute.type)
        const isComplex = type === 'complex'
        must(talk, where, 'type', TYPES.includes(type), TYPES.join(', '), attribute.type)
        mustBe(talk, where, attribute, 'multiValued', 'boolean')
        mustBe(talk, where, attribute, 'required', 'boolean')
        mustBe(talk, where, attribute, 'description', 'string')
        mustBeOneOf(talk, where, attribute, 'mutability', MUTABILITIES)
        mustBeOneOf(talk, where, attribute, 'returned', RETURNS)
        // Neither belongs to a complex attribute (erratum 6004), and a boolean has no case.
        if (type === 'string') mustBe(talk, where, attribute, 'caseExact', 'boolean')
        if (type === 'string') mustBeOneOf(talk, where, attribute, 'uniqueness', UNIQUENESSES)
        if (isComplex) must(talk, where, 'subAttributes', listOf(attribute.subAttributes).length > 0, 'a list', undefined)
        if (type === 'reference')
          must(talk, where, 'referenceTypes', listOf(attribute.referenceTypes).length > 0, 'a list', attribute.referenceTypes)
      })
    },
  },
  {
    id: 'rfc/schemas-flat',
    clause: 'RFC 7643 2.3.8',
    level: 'must',
    what: 'no part of a complex attribute is complex',
    why: 'A complex attribute MUST NOT contain sub-attributes that have sub-attributes; only schemas themselves do.',
    isReadOnly: true,
    run: async (talk) => {
      await eachAttribute(talk, (attribute, where, isPart) => {
        if (where.startsWith(`${CORE}Schema`)) return
        must(talk, where, 'type', !isPart || attribute.type !== 'complex', 'a simple type', attribute.type)
      })
    },
  },
  {
    id: 'rfc/attribute-names',
    clause: 'RFC 7643 2.1',
    level: 'must',
    what: 'names of attributes are a letter, then letters, digits, - and _',
    why: 'Attribute names MUST conform to ATTRNAME.',
    isReadOnly: true,
    run: async (talk) => {
      await eachAttribute(talk, ({ name }, where) => {
        must(talk, where, 'name', typeof name === 'string' && NAME.test(name), String(NAME), name)
      })
    },
  },
  {
    id: 'rfc/schemas-as-defined',
    clause: 'RFC 7643 8.7.1',
    level: 'must',
    what: 'the core attributes have the characteristics that the RFC gives them',
    why: 'userName is required and unique, a password is never returned, groups and the name of a manager are readOnly.',
    isReadOnly: true,
    run: async (talk) => {
      const schemas = await readSchemas(talk)
      for (const [urn, path, says] of FIXED) {
        const schema = schemas.find(({ id }) => id === urn)
        const pointer = path.split('/').map((name, depth) => `/${depth === 0 ? 'attributes' : 'subAttributes'}/[name=${name}]`)
        const attribute = at(schema, pointer.join(''))
        if (!isObject(attribute)) continue
        for (const [name, wanted] of Object.entries(says)) {
          const isRight = attribute[name] === wanted || (wanted === 'server' && attribute[name] === 'global')
          must(talk, `${urn}:${path}`, name, isRight, show(wanted), attribute[name])
        }
      }
    },
  },
  {
    id: 'rfc/schemas-complete',
    clause: 'RFC 7644 4',
    level: 'must',
    what: 'every schema of a resource type is among the schemas, and can be read by itself',
    why: '/Schemas SHALL return all supported schemas; individual ones are returned by their URN.',
    isReadOnly: true,
    run: async (talk) => {
      const types = await readTypes(talk)
      const schemas = await readSchemas(talk)
      const ids = schemas.map(({ id }) => String(id))
      for (const urn of types.flatMap(schemasOf)) must(talk, '/Schemas', 'Resources', ids.includes(String(urn)), show(urn), ids)
      for (const id of ids.slice(0, MOST_ASKED_SINGLY)) {
        await talk.get(`/Schemas/${id}`, { json: { '/id': id, '/meta/resourceType': 'Schema' } })
      }
    },
  },
  {
    id: 'rfc/messages-not-schemas',
    clause: 'RFC 7644 3.1',
    level: 'must',
    what: 'messages are not among the schemas',
    why: 'Schemas of SCIM messages SHALL NOT be discoverable by /Schemas.',
    isReadOnly: true,
    run: async (talk) => {
      for (const { id } of await readSchemas(talk))
        must(talk, '/Schemas', 'id', !String(id).startsWith(MESSAGES), `nothing of ${MESSAGES}`, id)
    },
  },
  {
    id: 'rfc/resource-types-whole',
    clause: 'RFC 7643 6',
    level: 'must',
    what: 'every resource type has a name, an endpoint, a schema, and can be read by itself',
    why: 'name, endpoint and schema are REQUIRED; of an extension schema and required are.',
    isReadOnly: true,
    run: async (talk) => {
      for (const type of await readTypes(talk)) {
        const where = `/ResourceTypes ${show(type.name)}`
        mustBe(talk, where, type, 'name', 'string')
        mustBe(talk, where, type, 'schema', 'string')
        must(talk, where, 'endpoint', /^(https?:\/\/|\/)\S+$/.test(String(type.endpoint)), 'a path', type.endpoint)
        for (const extension of listOf(type.schemaExtensions).filter(isObject)) {
          mustBe(talk, where, extension, 'schema', 'string')
          mustBe(talk, where, extension, 'required', 'boolean')
        }
        await talk.get(`/ResourceTypes/${type.id ?? type.name}`, { json: { '/name': type.name ?? null } })
      }
    },
  },
  {
    id: 'rfc/authentication-schemes',
    clause: 'RFC 7643 5',
    level: 'must',
    what: 'every authentication scheme has a type, a name and a description',
    why: 'These three are REQUIRED, and there is at least one scheme.',
    isReadOnly: true,
    run: async (talk) => {
      const { json } = await talk.get('/ServiceProviderConfig', { json: { '/authenticationSchemes': { $min: 1 } } })
      for (const scheme of listOf(at(json, '/authenticationSchemes')).filter(isObject)) {
        for (const name of ['type', 'name', 'description']) mustBe(talk, show(scheme.name), scheme, name, 'string')
      }
    },
  },
]

/** In the order of the answer. */
async function readSchemas(talk: Talk): Promise<JsonObject[]> {
  const { json } = await talk.get('/Schemas', { json: { '/Resources': { $min: 1 } } })
  return listOf(at(json, '/Resources')).filter(isObject)
}

async function readTypes(talk: Talk): Promise<JsonObject[]> {
  const { json } = await talk.get('/ResourceTypes', { json: { '/Resources': { $min: 1 } } })
  return listOf(at(json, '/Resources')).filter(isObject)
}

function schemasOf(type: JsonObject): Json[] {
  const extensions = listOf(type.schemaExtensions).map((extension) => at(extension, '/schema') ?? null)
  return [type.schema ?? null, ...extensions]
}

type Look = (attribute: JsonObject, where: string, isPart: boolean) => void

async function eachAttribute(talk: Talk, look: Look): Promise<void> {
  for (const schema of await readSchemas(talk)) {
    talk.expect(listOf(schema.attributes).length > 0, String(schema.id), 'attributes', show(schema.attributes))
    for (const attribute of listOf(schema.attributes).filter(isObject)) {
      const where = `${schema.id}:${attribute.name}`
      look(attribute, where, false)
      for (const part of listOf(attribute.subAttributes).filter(isObject)) look(part, `${where}.${part.name}`, true)
    }
  }
}

function mustBe(talk: Talk, where: string, object: JsonObject, name: string, type: 'boolean' | 'string'): void {
  must(talk, where, name, typeof object[name] === type, `a ${type}`, object[name])
}

function mustBeOneOf(talk: Talk, where: string, object: JsonObject, name: string, values: readonly string[]): void {
  must(talk, where, name, values.includes(String(object[name])), values.join(', '), object[name])
}

function must(talk: Talk, where: string, name: string, isRight: boolean, expected: string, got: Json | undefined): void {
  talk.expect(isRight, `${where}, ${name}`, expected, show(got))
}

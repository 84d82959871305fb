/**
 * The OpenAPI 3.1 document of the REST endpoint. Its schemas are those that bodies are checked with; a test sends every
 * example and holds every route of the application against it.
 */
import { FIELDS } from '../directory/fields.ts'
import { otherNames } from '../directory/flat-schema.ts'
import { PROBLEMS } from './answers.ts'
import { BATCH_EXAMPLES, NDJSON_EXAMPLE, USER_EXAMPLES } from './openapi-examples.ts'
import { SCHEMAS } from './openapi-schemas.ts'
import { DEFAULT_LIMIT, MAX_LIMIT } from './query.ts'

export type OpenApi = {
  readonly [member: string]: unknown
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string }[]
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: JsonSchema }; readonly securitySchemes: object }
}

export type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: { readonly [type: string]: Media } }
  readonly responses: { readonly [status: string]: Response_ }
  readonly security?: readonly []
}

export type Parameter = {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description: string
  readonly schema: JsonSchema
}

export type Media = {
  readonly schema: JsonSchema
  readonly examples?: { readonly [name: string]: { readonly summary: string; readonly value: unknown } }
}

export type JsonSchema = { readonly [keyword: string]: unknown }

type Response_ = {
  readonly description: string
  readonly content?: { readonly [type: string]: Media }
  readonly headers?: object
}

const ref = (name: keyof typeof SCHEMAS): JsonSchema => ({ $ref: `#/components/schemas/${name}` })
const json = (name: keyof typeof SCHEMAS) => ({ 'application/json': { schema: ref(name) } })

/** Problems by their status, as they are told of one operation. */
function problems(...statuses: readonly number[]): { readonly [status: string]: Response_ } {
  return problemsOf(Object.values(PROBLEMS), statuses)
}

/** Of a question, which has no body and may be asked as often as one likes. */
function problemsOfReading(...statuses: readonly number[]): { readonly [status: string]: Response_ } {
  const { malformed: _, idempotency_key: __, ...reading } = PROBLEMS
  return problemsOf(Object.values(reading), statuses)
}

function problemsOf(
  kinds: readonly { readonly status: number; readonly title: string }[],
  statuses: readonly number[],
): { readonly [status: string]: Response_ } {
  return Object.fromEntries(
    [401, 403, ...statuses, 429, 500, 503].map((status) => {
      const titles = kinds.flatMap((one) => (one.status === status ? [one.title] : []))
      return [status, { description: titles.join('; '), content: { 'application/problem+json': { schema: ref('Problem') } } }]
    }),
  )
}

const ID: Parameter = {
  name: 'id',
  in: 'path',
  required: true,
  description: 'Id of a record',
  schema: { type: 'string', minLength: 1 },
}

const DRY_RUN: Parameter = {
  name: 'dry_run',
  in: 'query',
  description: 'Says what would happen and writes nothing',
  schema: { type: 'boolean', default: false },
}

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'The same key with the same request gets the same answer for 24 hours, and nothing is done twice',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!#-~]([ -~]*[!-~])?$' },
}

const PAGING: readonly Parameter[] = [
  {
    name: 'limit',
    in: 'query',
    description: 'The most a page holds',
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
  },
  {
    name: 'cursor',
    in: 'query',
    description: 'Where the page begins: taken from `next` of the page before',
    schema: { type: 'string', minLength: 1, pattern: '^[A-Za-z0-9_-]+$' },
  },
]

const CONDITIONS: readonly Parameter[] = [
  ...FIELDS.map(
    (field): Parameter => ({
      name: field.name,
      in: 'query',
      description: `${field.label} is this. ${otherNames(field)}`,
      schema: { type: 'string', minLength: 1 },
    }),
  ),
  {
    name: 'changed_since',
    in: 'query',
    description: 'Changed at this time or later; the list is then in the order of the changes',
    schema: { type: 'string', format: 'date-time' },
  },
]

const PATHS: OpenApi['paths'] = {
  '/users': {
    post: {
      operationId: 'writeUser',
      summary: 'Create or update a person',
      description:
        'Finds the person by the match keys that are sent, in the order of the institution (netid3, netid2, netid, email unless set otherwise), and changes only the fields that are sent. Somebody unknown is created: that needs email, first_name, last_name and account_type.',
      parameters: [DRY_RUN, IDEMPOTENCY_KEY],
      requestBody: { required: true, content: { 'application/json': { schema: ref('UserInput'), examples: USER_EXAMPLES } } },
      responses: {
        200: { description: 'Updated, or nothing differed; or a dry run', content: json('WriteAnswer') },
        201: {
          description: 'Created',
          headers: { Location: { description: 'Address of the record', schema: { type: 'string' } } },
          content: json('WriteAnswer'),
        },
        ...problems(400, 404, 408, 409, 410, 413, 415, 422),
      },
    },
    get: {
      operationId: 'listUsers',
      summary: 'Find people by any field',
      description:
        'People, inactive ones too, for whom all conditions hold; without one, everybody. Values are compared without case.',
      parameters: [...CONDITIONS, ...PAGING],
      responses: { 200: { description: 'A page of people', content: json('UserList') }, ...problemsOfReading(400) },
    },
  },
  '/users/batch': {
    post: {
      operationId: 'writeUsers',
      summary: 'Create or update many people',
      description:
        'Up to 1,000 people as JSON; or any number as application/x-ndjson, one a line, answered line by line in the same order while they are read. A line that cannot be taken says so, and the rest goes on.',
      parameters: [DRY_RUN, { ...IDEMPOTENCY_KEY, description: `${IDEMPOTENCY_KEY.description}. Not for application/x-ndjson` }],
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: ref('BatchInput'), examples: BATCH_EXAMPLES },
          'application/x-ndjson': { schema: { type: 'string', description: 'A UserInput a line' }, examples: NDJSON_EXAMPLE },
        },
      },
      responses: {
        200: {
          description: 'What became of each, in the order in which they were sent',
          content: {
            ...json('BatchAnswer'),
            'application/x-ndjson': { schema: { type: 'string', description: 'A Result a line' } },
          },
        },
        ...problems(400, 408, 409, 413, 415, 422),
      },
    },
  },
  '/users/{id}': {
    get: {
      operationId: 'readUser',
      summary: 'Read a person',
      parameters: [ID],
      responses: { 200: { description: 'The person', content: json('UserAnswer') }, ...problemsOfReading(400, 404) },
    },
  },
  '/users/{id}/events': {
    get: {
      operationId: 'listEvents',
      summary: 'Read what happened to a person',
      description: 'Who changed what, from which source, when, old and new: the oldest first.',
      parameters: [ID, ...PAGING],
      responses: { 200: { description: 'A page of events', content: json('EventList') }, ...problemsOfReading(400, 404) },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'readDescription',
      summary: 'This document',
      security: [],
      responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } } },
    },
  },
  '/docs': {
    get: {
      operationId: 'readPages',
      summary: 'This document for people',
      security: [],
      responses: { 200: { description: 'A page', content: { 'text/html': { schema: { type: 'string' } } } } },
    },
  },
}

/** @param base URL of the institution's REST endpoint, without a slash at its end */
export function openApiDocument(base: string): OpenApi {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Matricula REST API',
      version: '1',
      description: 'Create or update the people of an institution: one call says what is known of a person.',
    },
    servers: [{ url: base }],
    security: [{ token: [] }],
    paths: PATHS,
    components: {
      schemas: SCHEMAS,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of scope api' } },
    },
  }
}

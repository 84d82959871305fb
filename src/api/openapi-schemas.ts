/**
 * The bodies of the REST endpoint as JSON Schemas, which OpenAPI 3.1 takes as they are. What a client sends is the very
 * schema that its bodies are checked with (`directory/flat-schema.ts`).
 */
import { FIELDS } from '../directory/fields.ts'
import { FLAT_OUT_SCHEMA, FLAT_SCHEMA } from '../directory/flat-schema.ts'
import { PROBLEMS } from './answers.ts'
import { MAX_BATCH } from './write.ts'

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const text = { type: 'string' } as const
const fieldNames = (description: string) => ({ description, type: 'array', items: { enum: FIELDS.map(({ name }) => name) } })
const record = (required: readonly string[], properties: object) => ({
  type: 'object',
  required,
  properties,
  additionalProperties: false,
})
const nullable = (schema: { readonly type: string }) => ({ ...schema, type: [schema.type, 'null'] })

const fieldProblem = {
  ...record(['code', 'message'], {
    field: { ...text, description: 'The field, parameter or member that is wrong; absent where it is the whole' },
    code: { ...text, description: 'Stable, for programs' },
    message: { ...text, description: 'For people: what was found, what would be right, what is near' },
  }),
  description: 'One thing that is wrong',
}

const conflictMembers = {
  code: {
    enum: ['key_conflict', 'key_disagrees', 'key_held', 'exists'],
    description:
      'key_conflict: the key belongs to another person. key_disagrees: the e-mail is known, but as that of somebody with another netid. key_held: only somebody long inactive has it.',
  },
  key: { ...text, description: 'The match key that is in conflict' },
  records: { type: 'array', items: text, description: 'Ids of the records that it is about' },
}

const problem = {
  type: 'object',
  required: ['type', 'title', 'status'],
  description: 'RFC 9457. The end of `type` is a stable code',
  properties: {
    type: { ...text, description: `ends in # and one of ${Object.keys(PROBLEMS).join(', ')}` },
    title: text,
    status: { type: 'integer' },
    detail: text,
    outcome: { enum: ['conflict', 'invalid', 'denied'] },
    problems: { type: 'array', items: ref('FieldProblem') },
    ...conflictMembers,
    limit: { type: 'integer', description: 'What is too large may have so many …' },
    unit: { enum: ['bytes', 'users'] },
  },
  additionalProperties: false,
}

const OUTCOMES = ['created', 'updated', 'unchanged', 'conflict', 'invalid', 'denied', 'failed'] as const

const result = {
  ...record(['index', 'outcome'], {
    index: { type: 'integer', minimum: 0, description: 'Place among the users sent, from 0; blank lines do not count' },
    outcome: { enum: OUTCOMES, description: 'failed: nothing was done, and it may be sent again' },
    id: { ...nullable(text), description: 'null for a person that a dry run would make' },
    withheld: fieldNames('The fields that were sent and a higher-ranked source keeps; absent where there are none'),
    problems: { type: 'array', items: ref('FieldProblem') },
    ...conflictMembers,
  }),
}

const owner = record(['source', 'at'], { source: text, at: { ...text, format: 'date-time' } })

export const SCHEMAS = {
  UserInput: {
    ...FLAT_SCHEMA,
    description:
      'What is known of a person: absent leaves alone, null clears, an empty text leaves alone. Older names of a field are taken, too: its description has them',
  },
  User: { ...FLAT_OUT_SCHEMA, description: 'Fields of a person, without those that are empty' },
  FieldProblem: fieldProblem,
  Problem: problem,
  WriteAnswer: record(['outcome', 'id', 'matched_on', 'changed', 'withheld', 'user'], {
    outcome: { enum: ['created', 'updated', 'unchanged'] },
    id: { ...nullable(text), description: 'null for a person that a dry run would make' },
    matched_on: { enum: ['netid3', 'netid2', 'netid', 'email', 'id', null], description: 'By what the person was found' },
    changed: fieldNames('The fields that have another value now'),
    withheld: fieldNames('The fields that were sent and a higher-ranked source keeps'),
    user: ref('User'),
  }),
  BatchInput: record(['users'], { users: { type: 'array', items: ref('UserInput'), maxItems: MAX_BATCH } }),
  BatchAnswer: record(['counts', 'results'], {
    counts: {
      type: 'object',
      properties: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, { type: 'integer', minimum: 0 }])),
      additionalProperties: false,
    },
    results: { type: 'array', items: ref('Result') },
  }),
  Result: result,
  UserAnswer: record(['id', 'user', 'provenance'], {
    id: text,
    user: ref('User'),
    provenance: {
      type: 'object',
      description: 'Of each field: which source gave it its value, and when',
      additionalProperties: owner,
    },
  }),
  UserList: record(['users', 'next'], {
    users: { type: 'array', items: record(['id', 'user'], { id: text, user: ref('User') }) },
    next: { ...nullable(text), description: 'Address of the next page; null on the last' },
  }),
  EventList: record(['events', 'next'], {
    events: { type: 'array', items: ref('Event') },
    next: { ...nullable(text), description: 'Address of the next page; null on the last' },
  }),
  Event: record(['id', 'at', 'kind', 'source', 'changes'], {
    id: text,
    at: { ...text, format: 'date-time' },
    kind: {
      ...text,
      description: 'user.created, user.updated, user.deactivated, user.activated, user.deleted, user.key_released',
    },
    source: { ...text, description: 'The channel, or channel:name' },
    credential: { ...text, description: 'Id of the token or client behind it' },
    run: text,
    row: { type: 'integer' },
    matched_on: text,
    withheld: { type: 'array', items: text },
    changes: {
      type: 'array',
      items: record(['slot'], {
        field: { ...text, description: 'The flat field, where it is one' },
        slot: { ...text, description: 'The place in the record' },
        old: { description: 'Absent: there was none' },
        new: { description: 'Absent: there is none now' },
      }),
    },
  }),
} as const

/**
 * The flat object of fields as a JSON Schema, made from `schemas/fields.json`: what is checked before values are read,
 * and what the API's own description shows. Which texts a field takes beyond that is told by `flat-values.ts`.
 */
import type { ErrorObject } from 'ajv'
import { Ajv } from 'ajv'
import type { Problem } from './change.ts'
import type { Field } from './fields.ts'
import { FIELDS } from './fields.ts'
import { MAX_ELEMENTS, MAX_STRING } from './validate.ts'

const NOTES: { readonly [field: string]: string } = {
  account_type: "one of the institution's account types, in any case",
  country: 'ISO 3166 name or code, in any case; kept as the alpha-2 code',
  nationality: 'the name or code of a country is kept as its alpha-2 code',
  account_status: 'active or inactive; also yes, no, true, false, 1, 0',
  user_tags:
    'a list or a text with commas: replaces the tags; `[DELETE]Name` takes one away, `[[CLEAR]]` empties; see `keep_existing_user_tags`',
  month_of_entry: '1 to 12, or its English name',
  month_of_graduation: '1 to 12, or its English name',
}

/** Beside the fields: what addresses a record, and how tags are meant. */
export const CONTROLS = {
  id: {
    description: 'Addresses one record by its id; nothing is matched then',
    type: 'string',
    minLength: 1,
    maxLength: 64,
  },
  keep_existing_user_tags: {
    description: 'Whether `user_tags` are added to those the person has instead of replacing them (true, yes, 1)',
    type: ['boolean', 'integer', 'string', 'null'],
    maxLength: 16,
  },
} as const

export type Control = keyof typeof CONTROLS

/** What a client may send of one person. */
export const FLAT_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: { ...CONTROLS, ...Object.fromEntries(FIELDS.map((field) => [field.name, fieldSchema(field)])) },
}

/** What is read of one person: absent when empty. */
export const FLAT_OUT_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(FIELDS.map((field) => [field.name, outSchema(field)])),
}

const isFlat = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, strict: true }).compile({
  $id: 'flat',
  ...FLAT_SCHEMA,
})

/** @param flat an object of known names, each once; @returns what is wrong with its values, one problem a field */
export function shapeProblems(flat: { readonly [name: string]: unknown }): Problem[] {
  if (isFlat(flat)) return []
  const byField = new Map<string, Problem>()
  for (const error of isFlat.errors ?? []) {
    const [, field = ''] = error.instancePath.split('/')
    if (!byField.has(field)) byField.set(field, problemOf(field, error))
  }
  return [...byField.values()]
}

function fieldSchema(field: Field): { readonly [keyword: string]: unknown } {
  const { maxLength } = field
  switch (field.type) {
    case 'string':
    case 'email':
    case 'lookup':
      return { description: described(field), type: ['string', 'null'], maxLength }
    case 'integer':
      return {
        description: described(field),
        type: ['integer', 'string', 'null'],
        minimum: field.minimum,
        maximum: field.maximum,
        maxLength: 16,
      }
    case 'status':
      return { description: described(field), type: ['string', 'boolean', 'integer', 'null'], maxLength: 16 }
    case 'tags':
      return {
        description: described(field),
        type: ['array', 'string', 'null'],
        items: { type: 'string', maxLength },
        maxItems: MAX_ELEMENTS,
        maxLength: MAX_STRING,
      }
    default:
      return field.type satisfies never
  }
}

function outSchema(field: Field): { readonly [keyword: string]: unknown } {
  const { label: description } = field
  switch (field.type) {
    case 'string':
    case 'email':
    case 'lookup':
      return { description, type: 'string' }
    case 'integer':
      return { description, type: 'integer' }
    case 'status':
      return { description, enum: ['active', 'inactive'] }
    case 'tags':
      return { description, type: 'array', items: { type: 'string' } }
    default:
      return field.type satisfies never
  }
}

function described(field: Field): string {
  const note = NOTES[field.name]
  return `${field.label}${note === undefined ? '' : `: ${note}`}. ${otherNames(field)}`
}

/** What a field is called elsewhere, in words: a schema has one name for it. */
export function otherNames({ aliases }: Field): string {
  return `Also taken as ${aliases.join(', ')}.`
}

function problemOf(field: string, error: ErrorObject): Problem {
  const found = kindOf(error.data)
  switch (error.keyword) {
    case 'type': {
      const right = [error.params.type as string | readonly string[]].flat().map((type) => KINDS[type] ?? type)
      return { field, code: 'value_type', message: `${field} ${place(error)}is ${found}; it should be ${orList(right)}` }
    }
    case 'maxLength':
    case 'maxItems': {
      const unit = error.keyword === 'maxItems' ? 'elements' : 'characters'
      const message = `${field} ${place(error)}is ${found}; at most ${error.params.limit} ${unit} are taken`
      return { field, code: 'value_too_long', message }
    }
    case 'minLength':
      return { field, code: 'value_invalid', message: `${field} is an empty text: leave it out where there is none` }
    case 'minimum':
    case 'maximum': {
      const { minimum, maximum } = error.parentSchema ?? {}
      const message = `${field} is ${error.data}; it should be a whole number from ${minimum} to ${maximum}`
      return { field, code: 'value_invalid', message }
    }
    default:
      return { field, code: 'value_invalid', message: `${field} ${error.message ?? 'is not valid'}` }
  }
}

function place({ instancePath }: ErrorObject): string {
  const [, , index] = instancePath.split('/')
  return index === undefined ? '' : `element ${Number(index) + 1} `
}

const KINDS: { readonly [type: string]: string } = {
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list of texts',
  null: 'null',
}

/** What a value is, in words: for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'string') return `a text of ${value.length} characters`
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : 'a number with a fraction'
  if (typeof value === 'boolean') return 'true or false'
  return 'an object'
}

function orList(words: readonly string[]): string {
  const [last = '', ...before] = [...words].reverse()
  return before.length === 0 ? last : `${before.reverse().join(', ')} or ${last}`
}

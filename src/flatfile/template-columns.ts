/**
 * What a template says of each field, whatever its format.
 */
import type { Field } from '../directory/fields.ts'
import { FIELDS } from '../directory/fields.ts'
import type { Settings } from '../directory/settings.ts'
import { DEFAULT_ACCOUNT_TYPES } from '../directory/settings.ts'
import { KEEP_TAGS } from './columns.ts'

export type TemplateColumn = {
  /** The flat name, with a star where a new person needs it. */
  readonly heading: string
  readonly label: string
  readonly isRequired: boolean
  /** Digits that are no amount: the column is formatted as text. */
  readonly isText: boolean
  /** What a cell may say; absent where anything goes. */
  readonly allowed?: readonly string[]
  /** For people, what may stand here. */
  readonly hint: string
}

/** @param required fields without which no person is created from a file */
export function templateColumns(settings: Settings, required: readonly string[]): TemplateColumn[] {
  return [...FIELDS.map((field) => columnFor(field, settings, required)), KEEP_TAGS_COLUMN]
}

/** The columns in words, as a table of its own. */
export function explanation(columns: readonly TemplateColumn[]): string[][] {
  return [
    ['Column', 'Meaning', 'For a new person', 'What may stand there'],
    ...columns.map(({ heading, label, isRequired, hint }) => [
      heading.replace('*', ''),
      label,
      isRequired ? 'required' : '',
      hint,
    ]),
  ]
}

export const EXPLANATION_WIDTHS = [28, 24, 18, 80] as const

/** In letters, by the heading. */
export function widthOf({ heading }: TemplateColumn): number {
  return Math.max(12, heading.length + 4)
}

const YES_OR_NO = ['yes', 'no'] as const

const KEEP_TAGS_COLUMN: TemplateColumn = {
  heading: KEEP_TAGS,
  label: 'Keep existing tags',
  isRequired: false,
  isText: false,
  allowed: YES_OR_NO,
  hint: 'yes: the tags of this row are added to those the person has; otherwise they replace them',
}

function columnFor(field: Field, settings: Settings, required: readonly string[]): TemplateColumn {
  const isRequired = required.includes(field.name)
  const allowed = allowedIn(field, settings)
  return {
    heading: isRequired ? `${field.name}*` : field.name,
    label: field.label,
    isRequired,
    isText: field.type === 'string' || field.type === 'email',
    ...(allowed !== undefined && { allowed }),
    hint: hintFor(field, allowed),
  }
}

function allowedIn(
  { name, type }: Field,
  { accountTypes = DEFAULT_ACCOUNT_TYPES, lookups = {} }: Settings,
): readonly string[] | undefined {
  if (name === 'account_type') return accountTypes
  return type === 'status' ? ['active', 'inactive'] : lookups[name]
}

function hintFor({ type, minimum, maximum, maxLength }: Field, allowed: readonly string[] | undefined): string {
  if (allowed !== undefined) return `one of ${allowed.join(', ')}`
  switch (type) {
    case 'integer':
      return `a whole number from ${minimum} to ${maximum}`
    case 'email':
      return 'an e-mail address'
    case 'tags':
      return 'tags with commas between; [DELETE]tag takes one away'
    case 'status':
    case 'lookup':
    case 'string':
      return `text of at most ${maxLength} characters`
    default:
      return type satisfies never
  }
}

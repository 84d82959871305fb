/**
 * Flat files: which column means which field.
 * Headings are compared folded (only letters and digits count, in no case), so "First Name" and first_name are one
 * column; an institution's own map comes before the names that everybody has.
 */
import { FIELDS } from '../directory/fields.ts'
import { nearMiss } from '../directory/near-miss.ts'
import { normalized } from '../directory/normal-form.ts'
import { IGNORED_COLUMN } from '../directory/settings.ts'
import type { Row } from './row.ts'
import { columnLetters, textOf } from './row.ts'

export type Column = {
  /** As it stands in the file, trimmed; '' where the column has none. */
  readonly heading: string
  /** The flat field; absent for a column that is not known, which is ignored. */
  readonly field?: string
}

export type HeaderRules = {
  /** An institution's own headings -> fields, or `IGNORED_COLUMN`. Comes before the names that everybody has. */
  readonly headings?: { readonly [heading: string]: string }
  /** Fields that must have a column. */
  readonly required: readonly string[]
  /** Fields of which at least one must have a column; none when empty. */
  readonly oneOf: readonly string[]
}

/** A row read as a header. */
export type Header = {
  readonly row: number
  readonly columns: readonly Column[]
  /** How many fields have a column. */
  readonly known: number
}

export type HeaderFault = {
  readonly code: 'header_missing_column' | 'header_duplicate'
  readonly field: string
  readonly message: string
}

const REMARK = /[([]\s*(?:required|mandatory|optional)\s*[)\]]/gi

/** Says how the tags of a row are meant; no field of a person. */
export const KEEP_TAGS = 'keep_existing_user_tags'

const NAMES: ReadonlyMap<string, string> = new Map([
  ...FIELDS.flatMap(({ name, label, aliases }) => [name, label, ...aliases].map((word) => [foldHeading(word), name] as const)),
  [foldHeading(KEEP_TAGS), KEEP_TAGS],
  ['keepexistingtags', KEEP_TAGS],
])

/** How a row reads when it is taken for a header. */
export function readHeader(row: Row, { headings = {} }: HeaderRules): Header {
  const own = new Map(Object.entries(headings).map(([heading, field]) => [foldHeading(heading), field]))
  const columns = row.cells.map((cell) => columnOf(textOf(cell), own))
  return { row: row.number, columns, known: new Set(columns.flatMap(({ field }) => field ?? [])).size }
}

/**
 * Of the first rows of a sheet the one that names most fields: two at least, or one that is asked for, where it is enough.
 * People stand below their header: of two tables, one below the other, it is the first.
 */
export function findHeader(rows: readonly Row[], rules: HeaderRules): Header | undefined {
  let best: Header | undefined
  for (const row of rows) {
    if (best !== undefined && isPerson(row, best) && faultOf(best, rules) === undefined) return best
    const header = readHeader(row, rules)
    if (looksLikeHeader(header, rules) && header.known > (best?.known ?? 0)) best = header
  }
  return best
}

function isPerson({ cells }: Row, { columns }: Header): boolean {
  const cell = cells[columns.findIndex(({ field }) => field === 'email')]
  return cell !== undefined && textOf(cell).includes('@')
}

/** What forbids to read rows under this header: all of it, in one message. */
export function faultOf(header: Header, rules: HeaderRules): HeaderFault | undefined {
  const twice = duplicatesIn(header)
  const there = new Set(header.columns.map(({ field }) => field))
  const missing = rules.required.filter((field) => !there.has(field))
  const lacksKey = rules.oneOf.length > 0 && !rules.oneOf.some((field) => there.has(field))
  const sentences = [
    ...twice.map(([field, columns]) => `${columns.join(' and ')} both mean ${field}`),
    ...(twice.length > 0 ? ['of such columns keep one, or have the headings of the others ignored (setting files.columns)'] : []),
    ...(missing.length > 0 ? [`there is no column for ${missing.join(', ')}`] : []),
    ...(lacksKey ? [`there is no column for any of ${rules.oneOf.join(', ')}`] : []),
    ...(missing.length > 0 || lacksKey ? suggestionsIn(header) : []),
  ]
  const field = twice[0]?.[0] ?? missing[0] ?? (lacksKey ? rules.oneOf[0] : undefined)
  if (field === undefined) return undefined
  const code = twice.length > 0 ? 'header_duplicate' : 'header_missing_column'
  return { code, field, message: `the header (row ${header.row}) cannot be used: ${sentences.join('; ')}` }
}

/** `"E-mial" (column B)`. */
export function columnName({ heading }: Column, index: number): string {
  return heading === '' ? `column ${columnLetters(index)}` : `"${heading}" (column ${columnLetters(index)})`
}

function columnOf(text: string, own: ReadonlyMap<string, string>): Column {
  const heading = text.slice(0, MOST_HEADING).replaceAll(INVISIBLE, '').trim()
  const folded = foldHeading(heading)
  if (folded === '') return { heading }
  const mapped = own.get(folded)
  if (mapped === IGNORED_COLUMN) return { heading }
  const field = mapped ?? NAMES.get(folded)
  if (field !== undefined) return { heading, field }
  return { heading }
}

/** Longer ones are no heading; of those past the second, no slip of the pen is guessed. */
const MOST_HEADING = 256
const LONGEST_HEADING = 64

/** Byte order mark, zero-width space and joiners, direction marks, soft hyphen. */
const INVISIBLE = /[\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069\u00ad]/g

/** Only letters and digits, in one case: as headings are compared. */
export function foldHeading(heading: string): string {
  return normalized(heading.replaceAll(REMARK, ''), 'NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** A title may be a word that names a field; alone, only a field that is asked for makes a header, or a key that is enough. */
function looksLikeHeader({ known, columns }: Header, { required, oneOf }: HeaderRules): boolean {
  if (required.length === 0 && columns.some(({ field }) => field !== undefined && oneOf.includes(field))) return true
  const filled = columns.filter(({ heading }) => heading !== '')
  const only = filled.length === 1 ? filled[0]?.field : undefined
  return known > 1 || (only !== undefined && [...required, ...oneOf].includes(only))
}

function duplicatesIn({ columns }: Header): [field: string, columns: string[]][] {
  const byField = Map.groupBy(
    columns.map((column, index) => ({ ...column, name: columnName(column, index) })),
    ({ field }) => field,
  )
  return [...byField].flatMap(([field, same]) =>
    field !== undefined && same.length > 1 ? [[field, same.map(({ name }) => name)] satisfies [string, string[]]] : [],
  )
}

/** What unknown headings may have meant, a sentence each. */
export function suggestionsIn(header: Header): string[] {
  return header.columns.flatMap((column, index) => {
    const meant = meantBy(column, header)
    return meant === undefined ? [] : [`${columnName(column, index)} is not known: did you mean ${meant}?`]
  })
}

/** The field that an unknown heading may have meant, a remark in brackets apart, if no other column has it. */
export function meantBy({ heading, field }: Column, { columns }: Pick<Header, 'columns'>): string | undefined {
  const folded = foldHeading(heading.replaceAll(/\([^()]*\)|\[[^[\]]*\]/g, ''))
  if (field !== undefined || folded === '' || folded.length > LONGEST_HEADING) return undefined
  const meant = fieldBegunBy(folded) ?? NAMES.get(nearMiss(folded, NAMES.keys(), Math.ceil(folded.length / 5)) ?? '')
  return columns.some((column) => column.field === meant) ? undefined : meant
}

const LEAST_BEGINNING = 4

/** The field of which alone a name begins so: "First", "Last". */
function fieldBegunBy(folded: string): string | undefined {
  if (folded.length < LEAST_BEGINNING) return undefined
  const fields = new Set([...NAMES].flatMap(([name, field]) => (name.startsWith(folded) ? [field] : [])))
  return fields.size === 1 ? [...fields][0] : undefined
}

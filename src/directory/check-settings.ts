/**
 * Settings as an administrator writes them: merged into what is set, then checked in every depth.
 * Each problem names the setting, what was found and what would be right; the texts stand in the schema.
 */
import type { ErrorObject, ValidateFunction } from 'ajv'
import { Ajv } from 'ajv'
import schema from '../../schemas/institution.schema.json' with { type: 'json' }
import type { Problem } from './change.ts'
import { FIELDS, fieldNamed } from './fields.ts'
import { isObject } from './json.ts'
import { didYouMean } from './near-miss.ts'
import { faultsIn, userSchemaOf } from './own-extension.ts'
import type { ResourceSchema } from './schema.ts'
import type { Settings } from './settings.ts'
import { DEFAULT_ACCOUNT_TYPES, IGNORED_COLUMN } from './settings.ts'
import type { Json } from './user.ts'
import { MATCH_KEYS } from './user.ts'

export type Checked =
  | { readonly kind: 'ok'; readonly settings: Settings }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }

/** What only a channel can judge of its own settings. */
export type SettingsCheck = (settings: Settings) => readonly Problem[]

let compiled: ValidateFunction<Settings> | undefined

const FIELD_NAMES: ReadonlySet<string> = new Set(FIELDS.map(({ name }) => name))

/** Attributes as slots are called: `name`, `name.givenName`, `campus.program`. */
function slotsIn(schema: ResourceSchema): ReadonlySet<string> {
  return new Set([
    ...Array.from(schema.attributesOf().values(), ({ name, multiValued, subAttributes }) => [
      name,
      ...(multiValued ? [] : Array.from(subAttributes.values(), (sub) => `${name}.${sub.name}`)),
    ]).flat(),
    ...schema.extensions.flatMap((extension) =>
      Array.from(schema.attributesOf(extension).values(), ({ name }) => `${extension}.${name}`),
    ),
  ])
}

/** JSON Merge Patch (RFC 7396): null takes a setting away, objects merge, all else replaces. */
export function mergeSettings(current: Json, patch: Json): Json {
  if (!isObject(patch)) return patch
  const merged = new Map(Object.entries(isObject(current) ? current : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergeSettings(merged.get(name) ?? {}, value))
  }
  return Object.fromEntries(merged)
}

export function checkSettings(settings: unknown, checks: readonly SettingsCheck[] = []): Checked {
  compiled ??= new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true }).compile<Settings>(schema)
  const fitsSchema = compiled
  if (!fitsSchema(settings)) return { kind: 'invalid', problems: (fitsSchema.errors ?? []).flatMap(problemOf) }
  const problems = [
    ...extensionIn(settings),
    ...namesIn(settings),
    ...accountTypesIn(settings),
    ...fileModesIn(settings),
    ...fileKeysIn(settings),
    ...checks.flatMap((check) => check(settings)),
  ]
  return problems.length === 0 ? { kind: 'ok', settings } : { kind: 'invalid', problems }
}

/** Settings by their path, lists whole: what differs between two states, for the audit trail. */
export function settingsByPath(settings: Settings): Map<string, Json> {
  const found = new Map<string, Json>()
  const walk = (value: Json, path: readonly string[]) => {
    const inside = isObject(value) ? Object.entries(value) : []
    for (const [name, inner] of inside) walk(inner, [...path, name])
    if (inside.length === 0 && path.length > 0) found.set(written(path), value)
  }
  walk(settings as Json, [])
  return found
}

function problemOf(error: ErrorObject): Problem[] {
  // The branch that failed has its own, better error.
  if (error.keyword === 'if') return []
  const place = error.instancePath.split('/').slice(1).map(unescaped)
  const { properties, description, writeOnly } = (error.parentSchema ?? {}) as {
    properties?: object
    description?: string
    writeOnly?: boolean
  }
  if (error.keyword === 'additionalProperties')
    return [unknownSetting(place, String(error.params.additionalProperty), properties)]
  if (error.keyword === 'required') {
    const missing = written([...place, String(error.params.missingProperty)])
    return [problem(place, 'missing', `${missing} is missing; ${written(place)} should be ${description}`)]
  }
  const found = `${written(place) || 'what was given'} is ${writeOnly ? 'something else' : shown(error.data)}`
  return [problem(place, 'value', `${found}; it should be ${rightFor(error, description)}`)]
}

function unknownSetting(place: readonly string[], name: string, properties: object | undefined): Problem {
  const known = Object.keys(properties ?? {})
  const path = [...place, name]
  const hint = isDotted(name, known) ? `; a dot means inside: ${nested(name)}` : didYouMean(name, known)
  return problem(path, 'unknown', `there is no setting ${written(path)}${hint}; known here: ${known.join(', ')}`)
}

/** `files.runAt`, as documents and messages call it, in place of `{"files": {"runAt": …}}`. */
function isDotted(name: string, known: readonly string[]): boolean {
  return name.includes('.') && known.includes(name.slice(0, name.indexOf('.')))
}

function nested(name: string): string {
  return name.split('.').reduceRight((inner, part) => `{${JSON.stringify(part)}: ${inner}}`, '…')
}

function rightFor(error: ErrorObject, description: string | undefined): string {
  if (error.keyword !== 'enum') return description ?? error.message ?? 'something else'
  const allowed = (error.schema as readonly string[]).map(String)
  return `one of ${allowed.join(', ')}${typeof error.data === 'string' ? didYouMean(error.data, allowed) : ''}`
}

/** Names of fields and attributes that the JSON schema cannot know. */
function namesIn(settings: Settings): Problem[] {
  const required = Object.entries(settings.required ?? {}).flatMap(([channel, names]) =>
    names.flatMap((name, index) => unknownName(['required', channel, String(index)], 'field', name, FIELD_NAMES)),
  )
  const schema = userSchemaOf(settings)
  const rankable = new Set([...FIELD_NAMES, ...slotsIn(schema)])
  const ranked = Object.keys(settings.authority ?? {})
    .filter((slot) => fieldNamed(slot) === undefined)
    .flatMap((slot) => unknownName(['authority', slot], 'field or attribute', slot.replace(/\[.+\]$/, ''), rankable))
  const mapped = Object.entries(settings.scim?.map ?? {}).flatMap(([name, from]) => [
    ...unknownName(['scim', 'map', name], 'field', name, FIELD_NAMES),
    ...unknownAttribute(['scim', 'map', name], typeof from === 'string' ? from : from.path, schema),
  ])
  return [...required, ...ranked, ...mapped, ...fileNamesIn(settings)]
}

/** Columns may also say how tags are meant. */
const COLUMN_FIELDS: ReadonlySet<string> = new Set([...FIELD_NAMES, 'keep_existing_user_tags'])
const MAPPED_COLUMNS: ReadonlySet<string> = new Set([...COLUMN_FIELDS, IGNORED_COLUMN])

function fileNamesIn({ files = {} }: Settings): Problem[] {
  const columns = Object.entries(files.columns ?? {}).flatMap(([heading, field]) =>
    unknownName(['files', 'columns', heading], 'field', field, MAPPED_COLUMNS),
  )
  const constants = (files.sources ?? []).flatMap((source, index) =>
    Object.keys(source.constants ?? {}).flatMap((field) =>
      unknownName(['files', 'sources', String(index), 'constants', field], 'field', field, COLUMN_FIELDS),
    ),
  )
  const { timeZone } = files
  if (timeZone === undefined || isTimeZone(timeZone)) return [...columns, ...constants]
  const right = `a time zone, for example Europe/Berlin${didYouMean(timeZone, Intl.supportedValuesOf('timeZone'))}`
  return [
    ...columns,
    ...constants,
    problem(['files', 'timeZone'], 'value', `files.timeZone is "${timeZone}"; it should be ${right}`),
  ]
}

/** A key that every row has would make one person of all of them. */
function fileKeysIn({ files = {} }: Settings): Problem[] {
  return (files.sources ?? []).flatMap(({ constants = {} }, index) =>
    MATCH_KEYS.filter((key) => (constants[key] ?? null) !== null).map((key) => {
      const path = ['files', 'sources', String(index), 'constants', key]
      return problem(path, 'value', `${written(path)} is one ${key} for all rows, which would be one person; leave it out`)
    }),
  )
}

/** Who is missing from a file matters in rosters alone: elsewhere whoever set this would wait for ever. */
function fileModesIn({ files = {} }: Settings): Problem[] {
  return (files.sources ?? []).flatMap(({ mode = 'upsert', deactivateAfter }, index) => {
    if (mode === 'roster' || deactivateAfter === undefined) return []
    const path = ['files', 'sources', String(index), 'deactivateAfter']
    const message = `${written(path)} has no meaning in mode ${mode}, which deactivates nobody for being missing; leave it out, or set mode to roster`
    return [problem(path, 'value', message)]
  })
}

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

function unknownName(path: readonly string[], kind: string, name: string, known: ReadonlySet<string>): Problem[] {
  if (known.has(name)) return []
  return [problem(path, 'unknown', `${written(path)}: there is no ${kind} "${name}"${didYouMean(name, known)}`)]
}

function unknownAttribute(path: readonly string[], name: string, schema: ResourceSchema): Problem[] {
  return schema.resolve(name.replace(/\[.*\]/, '')) ? [] : unknownName(path, 'SCIM attribute', name, slotsIn(schema))
}

function extensionIn({ scim }: Settings): Problem[] {
  const faults = scim?.extension === undefined ? [] : faultsIn(scim.extension)
  return faults.map(({ path, says }) => {
    const whole = ['scim', 'extension', ...path]
    return problem(whole, 'value', `${written(whole)} ${says}`)
  })
}

function accountTypesIn(settings: Settings): Problem[] {
  const types = settings.accountTypes ?? DEFAULT_ACCOUNT_TYPES
  const folded = types.map((type) => type.toLowerCase())
  const twice = types.filter((_, index) => folded.indexOf(folded[index] ?? '') !== index)
  const problems = twice.map((type) =>
    problem(
      ['accountTypes'],
      'value',
      `accountTypes has "${type}" twice; it should have each once, upper and lower case being the same`,
    ),
  )
  const meanings = Object.entries(settings.groups?.map ?? {})
  const sources = settings.files?.sources ?? []
  const constants = sources.map((source, index) => {
    return [['files', 'sources', String(index), 'constants', 'account_type'], source.constants?.account_type] as const
  })
  const given = [
    [['defaultAccountType'], settings.defaultAccountType] as const,
    ...meanings.map(([name, { accountType }]) => [['groups', 'map', name, 'accountType'], accountType] as const),
    ...constants,
  ]
  for (const [path, type] of given) {
    if (typeof type !== 'string' || type === '' || folded.includes(type.toLowerCase())) continue
    const right = `one of ${types.join(', ')}${didYouMean(type, types)}`
    problems.push(problem(path, 'value', `${written(path)} is "${type}"; it should be ${right}`))
  }
  return problems
}

function problem(path: readonly string[], code: string, message: string): Problem {
  return { field: written(path), code, message }
}

/** `scim.map.netid`, `matchOrder[1]`, `authority["name.givenName"]`. */
function written(path: readonly string[]): string {
  return path.reduce((text, name) => {
    if (/^\d+$/.test(name)) return `${text}[${name}]`
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`
    return text === '' ? name : `${text}.${name}`
  }, '')
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~')
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

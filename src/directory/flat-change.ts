/**
 * A flat object of fields -> a change of one person: what files, REST and sign-ins send. Absent leaves alone, null and
 * `[[CLEAR]]` clear, an empty text leaves alone unless the institution says otherwise (`emptyClears`).
 * All that is wrong is told at once, and then nothing is done. What a new person lacks is known when nobody is found, so
 * a change that is refused whatever happens is looked up all the same.
 */
import type { Change, Edit, Problem } from './change.ts'
import type { Field } from './fields.ts'
import { FIELDS, fieldNamed } from './fields.ts'
import type { Own } from './flat-record.ts'
import { getField, withField } from './flat-record.ts'
import type { Control } from './flat-schema.ts'
import { CONTROLS, kindOf, shapeProblems } from './flat-schema.ts'
import type { TagEdit } from './flat-tags.ts'
import { editTags, tagEditFrom } from './flat-tags.ts'
import { faultIn, flagFrom, isClear, isProblem, readValue, shown } from './flat-values.ts'
import type { Institution } from './institution.ts'
import { isList, isObject } from './json.ts'
import { composed, foldKey } from './keys.ts'
import { nearMiss } from './near-miss.ts'
import { requiredFields } from './required-fields.ts'
import type { Json, Keys, MatchKey, Resource, Source } from './user.ts'
import { channelOf, isMatchKey, MATCH_KEYS } from './user.ts'
import { MAX_ELEMENTS } from './validate.ts'

/** Who sends it, for whom. */
export type FlatSender = {
  readonly institution: Institution
  readonly source: Source
  /** Id of the token, key or administrator behind the change. */
  readonly credential?: string
  readonly run?: string
  readonly row?: number
}

/** What is wanted of a field that was sent; null clears it. */
type Wish = { readonly field: Field; readonly value: string | number | boolean | null | TagEdit }

/** What was sent, read. */
type Reading = {
  readonly wishes: readonly Wish[]
  readonly faults: readonly Problem[]
  readonly required: readonly string[]
  readonly keys: Keys
  readonly id: string | undefined
  readonly sender: FlatSender
}

/**
 * @param found what is known to be wrong already, of fields that were sent and are not among `sent`
 * @returns the change, with its faults; or what is wrong, where that leaves nobody to look for
 */
export function flatChange(sent: unknown, sender: FlatSender, found: readonly Problem[] = []): Change | readonly Problem[] {
  if (!isObject(sent)) {
    return [{ code: 'value_type', message: `what was sent is ${kindOf(sent)}; it should be an object of fields` }]
  }
  const problems: Problem[] = [...found]
  const flat = namedFields(sent, problems)
  const shape = shapeProblems(flat)
  problems.push(...shape)
  const required = requiredFields(sender.institution.settings, channelOf(sender.source))
  const wishes = readWishes(flat, [...found, ...shape], { ...sender, required }, problems)
  for (const { field, value } of wishes) {
    if (value === null && isKept(field.name, required)) problems.push(requiredCleared(field.name))
  }
  if (problems.some(isAboutWhom)) return problems
  const keys = { ...keysIn(wishes), ...keyAsSent(flat.email, problems) }
  const id = typeof flat.id === 'string' ? flat.id : undefined
  if (id === undefined && Object.keys(keys).length === 0) return [...problems, keyMissing()]
  return changeFrom({ wishes, required, keys, id, sender, faults: problems })
}

/** Whether it cannot be told whom all this is about. */
function isAboutWhom({ field = '', code }: Problem): boolean {
  return (field === 'id' || isMatchKey(field)) && code !== 'email_invalid' && code !== 'required_cleared'
}

/** An e-mail that nobody could be given, but may have from elsewhere. */
function keyAsSent(email: unknown, problems: readonly Problem[]): Keys {
  const folded = problems.some(({ code, field }) => field === 'email' && code === 'email_invalid') && foldKey(String(email))
  return folded ? { email: folded } : {}
}

export function isChange(read: Change | readonly Problem[]): read is Change {
  return 'edit' in read
}

/** What is wrong with what was sent, whether or not somebody is to be looked for. */
export function faultsIn(read: Change | readonly Problem[]): readonly Problem[] {
  return isChange(read) ? (read.faults ?? []) : read
}

/** Names resolved to fields, each once; what is unknown or said twice is told. */
function namedFields(sent: { readonly [name: string]: unknown }, problems: Problem[]): { readonly [name: string]: unknown } {
  const flat: { [name: string]: unknown } = {}
  for (const name of Object.keys(sent)) {
    const known = isControl(name) ? name : fieldNamed(name)?.name
    if (known === undefined) {
      if (problems.length < MOST_UNKNOWN) problems.push(unknownField(name))
    } else if (Object.hasOwn(flat, known)) {
      problems.push({ field: known, code: 'field_twice', message: `${name} says ${known} a second time: send it once` })
    } else flat[known] = sent[name]
  }
  return flat
}

/** Of an object full of strange names, so many are told. */
const MOST_UNKNOWN = 50

const NAMES: readonly string[] = [...Object.keys(CONTROLS), ...FIELDS.flatMap(({ name, aliases }) => [name, ...aliases])]

function isControl(name: string): name is Control {
  return Object.hasOwn(CONTROLS, name)
}

function unknownField(name: string): Problem {
  const near = name.length > 64 ? undefined : nearMiss(name, NAMES)
  const suggestion = near === undefined ? '' : `; did you mean "${isControl(near) ? near : fieldNamed(near)?.name}"?`
  return { field: name.slice(0, 64), code: 'field_unknown', message: `there is no field ${shown(name)}${suggestion}` }
}

function readWishes(
  flat: { readonly [name: string]: unknown },
  misshapen: readonly Problem[],
  { institution, source, required }: FlatSender & { readonly required: readonly string[] },
  problems: Problem[],
): readonly Wish[] {
  const wishes: Wish[] = []
  const isMisshapen = (name: string) => misshapen.some(({ field }) => field === name)
  const emptyClears = institution.settings.emptyClears?.some((channel) => channel === channelOf(source)) ?? false
  const flag = flat.keep_existing_user_tags
  const keeps = flag === undefined ? false : flagFrom(flag)
  for (const field of FIELDS) {
    const raw = flat[field.name]
    if (raw === undefined || isMisshapen(field.name)) continue
    const value =
      field.type === 'tags'
        ? readTags(field, raw as string | readonly string[] | null, keeps === true)
        : readValue(field, raw as string | number | boolean | null, institution)
    if (isProblem(value)) problems.push(value)
    else if (value !== undefined) wishes.push({ field, value })
    else if (emptyClears && !(field.type === 'tags' && keeps === true) && !isKept(field.name, required))
      wishes.push({ field, value: null })
  }
  if (!isMisshapen('keep_existing_user_tags') && keeps === undefined) {
    problems.push({
      field: 'keep_existing_user_tags',
      code: 'value_invalid',
      message: `keep_existing_user_tags is ${kindOf(flag)}; it should be true or false (also yes, no, 1, 0)`,
    })
  }
  return wishes
}

function readTags(field: Field, raw: string | readonly string[] | null, keeps: boolean): TagEdit | null | undefined | Problem {
  if (raw === null || isClear(raw)) return null
  const entries = (isList(raw) ? raw : (raw as string).split(',')).map((tag) => composed(tag.trim())).filter(Boolean)
  // Nothing is added to what is kept.
  if (entries.length === 0) return isList(raw) && raw.length === 0 && !keeps ? null : undefined
  for (const entry of entries) {
    const fault = faultIn(field, entry) ?? tooLongTag(field, entry)
    if (fault !== undefined) return fault
  }
  return tagEditFrom(entries, keeps)
}

/** A list's are counted by its schema; of a text only the whole. */
function tooLongTag({ name, maxLength = Number.POSITIVE_INFINITY }: Field, entry: string): Problem | undefined {
  if (entry.length <= maxLength || [...entry].length <= maxLength) return undefined
  return { field: name, code: 'value_too_long', message: `${name} has a tag of more than ${maxLength} characters` }
}

/** Fields that a record never loses: those required, and the status, which is always one or the other. */
function isKept(name: string, required: readonly string[]): boolean {
  return name === 'account_status' || required.includes(name)
}

function requiredCleared(field: string): Problem {
  return { field, code: 'required_cleared', message: `${field} cannot be cleared: every person has one` }
}

function keyMissing(): Problem {
  const message = `nobody can be found or created without a match key: send ${[...MATCH_KEYS].reverse().join(', ')} or id`
  return { field: 'email', code: 'required_missing', message }
}

function keysIn(wishes: readonly Wish[]): Keys {
  const keys: { [K in MatchKey]?: string } = {}
  for (const { field, value } of wishes) {
    if (!isMatchKey(field.name) || typeof value !== 'string') continue
    const folded = foldKey(value)
    if (folded !== undefined) keys[field.name] = folded
  }
  return keys
}

function changeFrom(options: Reading): Change {
  const { wishes, keys, id, sender, faults } = options
  const { source, credential, run, row } = sender
  return {
    target: id === undefined ? { keys } : { id },
    intent: id === undefined ? 'upsert' : 'update',
    edit: editOf(options),
    ...(faults.length > 0 && { faults }),
    source,
    names: namesIn(wishes),
    unmetIn: (resource) => wishes.filter((wish) => granted(resource, wish, []) !== resource).map(({ field }) => field.name),
    ...(credential === undefined ? {} : { credential }),
    ...(run === undefined ? {} : { run }),
    ...(row === undefined ? {} : { row }),
  }
}

function namesIn(wishes: readonly Wish[]): NonNullable<Change['names']> {
  const names: { givenName?: string; familyName?: string } = {}
  for (const { field, value } of wishes) {
    if (field.name === 'first_name' && typeof value === 'string') names.givenName = value
    if (field.name === 'last_name' && typeof value === 'string') names.familyName = value
  }
  return names
}

function editOf(options: Reading): Edit {
  const { wishes, faults } = options
  return (current) => {
    const missing = current === undefined ? missingFields(options) : []
    if (faults.length + missing.length > 0) return { kind: 'invalid', problems: [...faults, ...missing] }
    const own: Own = []
    let resource: Resource = current?.resource ?? {}
    for (const wish of wishes) resource = granted(resource, wish, own)
    return hasTooManyTags(resource) ? { kind: 'invalid', problems: [TOO_MANY_TAGS] } : { resource }
  }
}

const TAGS = fieldNamed('user_tags') as Field

const TOO_MANY_TAGS: Problem = {
  field: TAGS.name,
  code: 'value_too_long',
  message: `user_tags would have more than ${MAX_ELEMENTS} tags`,
}

function hasTooManyTags(resource: Resource): boolean {
  const tags = getField(resource, TAGS)
  return isList(tags) && tags.length > MAX_ELEMENTS
}

function missingFields({ wishes, faults, required, sender }: Reading): Problem[] {
  const isThere = (name: string) =>
    wishes.some(({ field }) => field.name === name) ||
    faults.some(({ field }) => field === name) ||
    (name === 'account_type' && sender.institution.settings.defaultAccountType !== undefined) ||
    // A person without a status is active.
    name === 'account_status'
  return required
    .filter((name) => !isThere(name))
    .map((field) => ({
      field,
      code: 'required_missing',
      message: `${field} is missing: nobody with these keys is known, and a new person needs it`,
    }))
}

function granted(resource: Resource, { field, value }: Wish, own: Own): Resource {
  const there = getField(resource, field)
  if (value === null) return there === undefined ? resource : withField(resource, field, undefined, own)
  if (typeof value === 'object') return withTags(resource, field, there, value, own)
  return isAsGood(field, there, value) ? resource : withField(resource, field, value, own)
}

function withTags(resource: Resource, field: Field, there: Json | undefined, edit: TagEdit, own: Own): Resource {
  const tags = isList(there) ? there.map(String) : []
  const next = editTags(tags, edit)
  return next === tags ? resource : withField(resource, field, next.length === 0 ? undefined : next, own)
}

/** What is there already is no change in another normal form, nor is a match key in another case. */
function isAsGood({ name }: Field, there: Json | undefined, wish: string | number | boolean): boolean {
  if (there === wish) return true
  if (typeof there !== 'string' || typeof wish !== 'string') return false
  return isMatchKey(name) ? foldKey(there) === foldKey(wish) : composed(there) === wish
}

/**
 * A flat object of fields -> a change of one person: what files, REST and sign-ins send. Absent leaves alone, null and
 * `[[CLEAR]]` clear, an empty text leaves alone unless the institution says otherwise (`emptyClears`).
 * All that is wrong is told at once, and then nothing is done.
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
import { faultIn, flagFrom, isClear, readValue, shown } from './flat-values.ts'
import type { Institution } from './institution.ts'
import { foldKey } from './keys.ts'
import { nearMiss } from './near-miss.ts'
import { isList, isObject } from './slots.ts'
import type { Json, Keys, MatchKey, Resource, Source } from './user.ts'
import { channelOf, MATCH_KEYS } from './user.ts'

/** Who sends it, for whom. */
export type FlatSender = {
  readonly institution: Institution
  readonly source: Source
  /** Id of the token, key or administrator behind the change. */
  readonly credential?: string
  readonly run?: string
  readonly row?: number
}

/** What a new person must have, whatever an institution asks for beyond. */
const REQUIRED = ['email', 'first_name', 'last_name', 'account_type'] as const

/** What is wanted of each field that was sent; null clears it. */
type Wishes = Map<Field, Wish>
type Wish = string | number | boolean | null | TagEdit

/** @returns the change, or what is wrong with what was sent */
export function flatChange(sent: unknown, sender: FlatSender): Change | readonly Problem[] {
  if (!isObject(sent as Json)) {
    return [{ code: 'value_type', message: `what was sent is ${kindOf(sent)}; it should be an object of fields` }]
  }
  const problems: Problem[] = []
  const flat = namedFields(sent as { readonly [name: string]: unknown }, problems)
  const shape = shapeProblems(flat)
  problems.push(...shape)
  const wishes = readWishes(flat, new Set(shape.map(({ field }) => field)), sender, problems)
  const required = requiredFields(sender)
  for (const [{ name }, wish] of wishes) if (wish === null && isKept(name, required)) problems.push(requiredCleared(name))
  const keys = keysIn(wishes)
  const id = typeof flat.id === 'string' ? flat.id : undefined
  if (id === undefined && Object.keys(keys).length === 0 && problems.length === 0) problems.push(keyMissing())
  return problems.length > 0 ? problems : changeFrom({ wishes, required, keys, id, sender })
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
  misshapen: ReadonlySet<string | undefined>,
  { institution, source }: FlatSender,
  problems: Problem[],
): Wishes {
  const wishes: Wishes = new Map()
  const emptyClears = institution.settings.emptyClears?.some((channel) => channel === channelOf(source)) ?? false
  for (const field of FIELDS) {
    const raw = flat[field.name]
    if (raw === undefined || misshapen.has(field.name)) continue
    const read =
      field.type === 'tags'
        ? readTags(field, raw as string | readonly string[] | null, flat)
        : readValue(field, raw as string | number | boolean | null, institution)
    if (read.kind === 'bad') problems.push(read.problem)
    else if (read.kind === 'set') wishes.set(field, read.value)
    else if (read.kind === 'clear') wishes.set(field, null)
    else if (emptyClears && !isKept(field.name, requiredFields({ institution, source }))) wishes.set(field, null)
  }
  const keeps = flat.keep_existing_user_tags
  if (!misshapen.has('keep_existing_user_tags') && keeps !== undefined && flagFrom(keeps) === undefined) {
    problems.push({
      field: 'keep_existing_user_tags',
      code: 'value_invalid',
      message: `keep_existing_user_tags is ${kindOf(keeps)}; it should be true or false (also yes, no, 1, 0)`,
    })
  }
  return wishes
}

type ReadTags =
  | { readonly kind: 'keep' | 'clear' }
  | { readonly kind: 'set'; readonly value: TagEdit }
  | { readonly kind: 'bad'; readonly problem: Problem }

function readTags(field: Field, raw: string | readonly string[] | null, flat: { readonly [name: string]: unknown }): ReadTags {
  if (raw === null || isClear(raw)) return { kind: 'clear' }
  const entries = (isList(raw) ? raw : (raw as string).split(',')).map((tag) => tag.trim().normalize('NFC')).filter(Boolean)
  if (entries.length === 0) return isList(raw) && raw.length === 0 ? { kind: 'clear' } : { kind: 'keep' }
  for (const entry of entries) {
    const fault = faultIn(field, entry)
    if (fault !== undefined) return fault
  }
  return { kind: 'set', value: tagEditFrom(entries, flagFrom(flat.keep_existing_user_tags ?? null) ?? false) }
}

function requiredFields({ institution, source }: Pick<FlatSender, 'institution' | 'source'>): readonly string[] {
  const channel = channelOf(source)
  const { required } = institution.settings
  const more = channel === 'file' || channel === 'api' || channel === 'saml' ? required?.[channel] : undefined
  return more === undefined ? REQUIRED : [...new Set([...REQUIRED, ...more])]
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

function keysIn(wishes: Wishes): Keys {
  const keys: { [K in MatchKey]?: string } = {}
  for (const [{ name }, wish] of wishes) {
    const key = MATCH_KEYS.find((one) => one === name)
    const folded = key === undefined || typeof wish !== 'string' ? undefined : foldKey(wish)
    if (key !== undefined && folded !== undefined) keys[key] = folded
  }
  return keys
}

function changeFrom(options: {
  readonly wishes: Wishes
  readonly required: readonly string[]
  readonly keys: Keys
  readonly id: string | undefined
  readonly sender: FlatSender
}): Change {
  const { wishes, required, keys, id, sender } = options
  const { institution, source, credential, run, row } = sender
  return {
    target: id === undefined ? { keys } : { id },
    intent: id === undefined ? 'upsert' : 'update',
    edit: editOf(wishes, required, institution),
    source,
    names: namesIn(wishes),
    ...(credential === undefined ? {} : { credential }),
    ...(run === undefined ? {} : { run }),
    ...(row === undefined ? {} : { row }),
  }
}

function namesIn(wishes: Wishes): NonNullable<Change['names']> {
  const names: { givenName?: string; familyName?: string } = {}
  for (const [{ name }, wish] of wishes) {
    if (name === 'first_name' && typeof wish === 'string') names.givenName = wish
    if (name === 'last_name' && typeof wish === 'string') names.familyName = wish
  }
  return names
}

function editOf(wishes: Wishes, required: readonly string[], institution: Institution): Edit {
  return (current) => {
    if (current === undefined) {
      const missing = missingFields(wishes, required, institution)
      if (missing.length > 0) return { kind: 'invalid', problems: missing }
    }
    const own: Own = new Set()
    let resource: Resource = current?.resource ?? {}
    for (const [field, wish] of wishes) resource = granted(resource, field, wish, own)
    return { resource }
  }
}

function missingFields(wishes: Wishes, required: readonly string[], { settings }: Institution): Problem[] {
  const sent = new Set([...wishes.keys()].map(({ name }) => name))
  if (settings.defaultAccountType !== undefined) sent.add('account_type')
  // A person without a status is active.
  sent.add('account_status')
  return required
    .filter((name) => !sent.has(name))
    .map((field) => ({
      field,
      code: 'required_missing',
      message: `${field} is missing: nobody with these keys is known, and a new person needs it`,
    }))
}

function granted(resource: Resource, field: Field, wish: Wish, own: Own): Resource {
  const there = getField(resource, field)
  if (wish === null) return there === undefined ? resource : withField(resource, field, undefined, own)
  if (typeof wish === 'object') return withTags(resource, field, there, wish, own)
  return isAsGood(field, there, wish) ? resource : withField(resource, field, wish, own)
}

function withTags(resource: Resource, field: Field, there: Json | undefined, edit: TagEdit, own: Own): Resource {
  const tags = isList(there) ? there.map(String) : []
  const next = editTags(tags, edit)
  return next === tags ? resource : withField(resource, field, next.length === 0 ? undefined : next, own)
}

/** What is there already is no change in another normal form, nor is a match key in another case. */
function isAsGood({ name }: Field, there: Json | undefined, wish: Exclude<Wish, null | TagEdit>): boolean {
  if (there === wish) return true
  if (typeof there !== 'string' || typeof wish !== 'string') return false
  const isKey = MATCH_KEYS.some((key) => key === name)
  return isKey ? foldKey(there) === foldKey(wish) : there.normalize('NFC') === wish
}

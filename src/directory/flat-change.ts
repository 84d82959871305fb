/**
 * A flat object of fields -> a change of one person: what files, REST and sign-ins send. Absent leaves alone, null and
 * `[[CLEAR]]` clear, an empty text leaves alone unless the institution says otherwise (`emptyClears`).
 * All that is wrong is told at once, and then nothing is done. What a new person lacks is known when nobody is found, so
 * a change that is refused whatever happens is looked up all the same.
 */
import type { Change, Edit, Problem } from './change.ts'
import type { Field } from './fields.ts'
import { fieldNamed } from './fields.ts'
import { namedFields } from './flat-names.ts'
import type { Fresh } from './flat-record.ts'
import { getField } from './flat-record.ts'
import { kindOf, shapeProblems } from './flat-schema.ts'
import type { Wish } from './flat-wishes.ts'
import { fulfilled, isKept, readWishes } from './flat-wishes.ts'
import type { Institution } from './institution.ts'
import { isList, isObject } from './json.ts'
import { foldKey } from './keys.ts'
import { requiredFields } from './required-fields.ts'
import type { Keys, MatchKey, Resource, Source } from './user.ts'
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
  if (id === undefined && Object.keys(keys).length === 0) return [...problems, keyMissing(sender)]
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

function requiredCleared(field: string): Problem {
  return { field, code: 'required_cleared', message: `${field} cannot be cleared: every person has one` }
}

/** Only where it answers with ids can a sender name one. */
function keyMissing({ source }: FlatSender): Problem {
  const names = [...[...MATCH_KEYS].reverse(), ...(channelOf(source) === 'api' ? ['id'] : [])]
  const message = `nobody can be found or created without a match key: send ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
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
    unmetIn: (resource) => wishes.filter((wish) => fulfilled(resource, wish, []) !== resource).map(({ field }) => field.name),
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
  let made: ReturnType<Edit> | undefined
  return (current) => {
    if (current !== undefined) return draftOn(current.resource, options, options.faults)
    made ??= draftOn({}, options, [...options.faults, ...missingFields(options)])
    return made
  }
}

function draftOn(there: Resource, { wishes }: Reading, problems: readonly Problem[]): ReturnType<Edit> {
  if (problems.length > 0) return { kind: 'invalid', problems }
  const fresh: Fresh = []
  let resource = there
  for (const wish of wishes) resource = fulfilled(resource, wish, fresh)
  return hasTooManyTags(resource) ? { kind: 'invalid', problems: [TOO_MANY_TAGS] } : { resource }
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

/**
 * Whose record is it? Ordered matching by folded keys, and the cases in which a key is no proof of a person.
 */
import { DAY_MS } from '../days.ts'
import { bindingOf } from './binding.ts'
import type { Change, ConflictCode, Refusal } from './change.ts'
import { foldText } from './keys.ts'
import type { Json, Key, Keys, MatchKey, Source, User } from './user.ts'
import { channelOf, MATCH_KEYS, NETIDS } from './user.ts'

export type MatchRules = {
  readonly order: readonly MatchKey[]
  readonly keyHoldDays: number
  /** Epoch milliseconds. */
  readonly now: number
}

/** Looks a folded key up in the roll as it will be when the changes before this one are done. */
export type Holder = (key: Key, value: string) => User | undefined

export type Match = { readonly user: User; readonly on: Key }

export const DEFAULT_RULES = { order: MATCH_KEYS, keyHoldDays: 90 } as const

/**
 * The record that a change with these keys is about: the first key in order that belongs to somebody wins, `userName`
 * last. Undefined: nobody known. A refusal: somebody has a key, but it must not be taken for them.
 */
export function match(change: Change, keys: Keys, holder: Holder, rules: MatchRules): Match | Refusal | undefined {
  for (const on of rules.order) {
    const value = keys[on]
    const met = value === undefined ? undefined : meet(change, keys, on, holder(on, value), rules)
    if (met !== undefined) return met
  }
  if (channelOf(change.source) === 'scim') return meet(change, keys, 'userName', holder('userName', keys.userName ?? ''), rules)
  return namesake(change, keys, holder, rules)
}

/**
 * Other channels than SCIM send no userName, yet a directory may have brought the person with an address for a name and no
 * e-mail: then that address finds the record, whichever of them came first. Where it is another person's name after all,
 * it is no conflict either: nobody claims the name.
 */
function namesake(change: Change, keys: Keys, holder: Holder, rules: MatchRules): Match | undefined {
  const user = holder('userName', keys.email ?? '')
  if (user === undefined || user.keys.email !== undefined) return undefined
  return weaknessOf(user, change, keys, rules) === undefined ? { user, on: 'userName' } : undefined
}

function meet(change: Change, keys: Keys, on: Key, user: User | undefined, rules: MatchRules): Match | Refusal | undefined {
  if (user === undefined) return undefined
  if (on !== 'email' && on !== 'userName') return { user, on }
  if (givesUpKeys(user, change, keys)) return undefined
  const code = weaknessOf(user, change, keys, rules)
  return code === undefined ? { user, on } : weakConflict(code, on, user, change)
}

/**
 * Whether this holder lets another person have its keys: every source has deleted it, and the change is about
 * somebody else.
 */
export function givesUpKeys(holder: User, change: Change, keys: Keys): boolean {
  return isDeletedByAll(holder) && isAnotherPerson(holder, change, keys)
}

function isDeletedByAll(user: User): boolean {
  const deleted = new Set<string>()
  for (const binding of user.bindings) {
    if (binding.state !== 'deleted') return false
    deleted.add(binding.source)
  }
  if (deleted.size === 0) return false
  return user.provenance.every(({ source }) => channelOf(source) === 'scim')
}

function weaknessOf(user: User, change: Change, keys: Keys, rules: MatchRules): ConflictCode | undefined {
  if (isAnotherPerson(user, change, keys)) return 'key_disagrees'
  const { inactive } = user
  if (isSameToSource(user, change)) return undefined
  if (inactive !== undefined && rules.now - inactive.since >= rules.keyHoldDays * DAY_MS) return 'key_held'
  return undefined
}

/**
 * A recycled address is not the graduate's return. Netids of one kind that differ tell two people apart, for files,
 * REST and administrators unless first and last name agree (then it is one person with a new netid). A directory that
 * has known the record under one `externalId` and sends another one means another person too, unless the names agree.
 */
function isAnotherPerson(user: User, change: Change, keys: Keys): boolean {
  const agreement = namesAgree(user, change)
  if (NETIDS.some((key) => keys[key] !== undefined && user.keys[key] !== undefined && keys[key] !== user.keys[key])) {
    return !namesCount(change.source) || agreement !== true
  }
  if (NETIDS.some((key) => keys[key] !== undefined && keys[key] === user.keys[key])) return false
  const known = bindingOf(user.bindings, change.source)?.externalId
  return known !== undefined && change.externalId !== undefined && known !== change.externalId && agreement !== true
}

/** Whether somebody with another netid may be met by an address because the names agree. */
function namesCount(source: Source): boolean {
  const channel = channelOf(source)
  return channel !== 'scim' && channel !== 'saml'
}

/** Whether the source calls the person what it has called this record: then the key does not stand alone. */
function isSameToSource({ bindings }: User, { source, externalId }: Change): boolean {
  return externalId !== undefined && bindingOf(bindings, source)?.externalId === externalId
}

/** Undefined where either side lacks a name. */
function namesAgree(user: User, change: Change): boolean | undefined {
  const given = change.names?.givenName
  const family = change.names?.familyName
  const name = user.resource.name as { readonly [part: string]: Json } | undefined
  if (given === undefined || family === undefined || name === undefined) return undefined
  if (typeof name.givenName !== 'string' || typeof name.familyName !== 'string') return undefined
  return foldText(given) === foldText(name.givenName) && foldText(family) === foldText(name.familyName)
}

function weakConflict(code: ConflictCode, key: Key, user: User, { source }: Change): Refusal {
  const held = `the ${key} belongs to somebody who has been inactive for a long time: send a netid as well, or free the ${key} first`
  const recycled = `the ${key} belongs to somebody with another netid: it is taken for a recycled address, and nothing was written`
  const mend = namesCount(source) ? 'send first and last name as they stand there' : 'change the netid there first'
  const message = code === 'key_held' ? held : `${recycled}; if it is the same person, ${mend}`
  return { kind: 'conflict', code, key, records: [user._id], message }
}

/** The first of these keys that belongs to a record other than `own`, holders that give it up apart. */
export function conflictOf(change: Change, keys: Keys, own: User | undefined, holder: Holder): Refusal | undefined {
  for (const name in keys) {
    const key = name as Key
    const other = holder(key, keys[key] as string)
    if (other === undefined || other._id === own?._id || givesUpKeys(other, change, { ...own?.keys, ...keys })) continue
    return {
      kind: 'conflict',
      code: 'key_conflict',
      key,
      records: own === undefined ? [other._id] : [own._id, other._id],
      message: `the ${key} belongs to another person: nothing was written`,
    }
  }
  return undefined
}

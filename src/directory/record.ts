/**
 * From what an edit settled to the record that is stored: keys, derived userName, bindings, inactivity.
 */
import { withBinding } from './binding.ts'
import type { Change, Draft } from './change.ts'
import type { Difference } from './difference.ts'
import type { Institution } from './institution.ts'
import { foldKey, keysOf, leadingEmail } from './keys.ts'
import { fieldsLacking } from './required-fields.ts'
import type { Settled } from './settle.ts'
import type { Key, Keys, Resource, User, UserFields } from './user.ts'

/** What a record holds beside what every write renews (`version`, `lastModified`). */
export type Body = Omit<UserFields, 'lastModified'>

/**
 * @param isFree whether a folded userName could be this record's: decides if a derived one can be the e-mail
 * @param isHeld whether another record has the key
 */
export function bodyOf(options: {
  readonly user: User | undefined
  readonly id: string
  readonly settled: Settled
  readonly draft: Draft
  readonly change: Change
  readonly institution: Institution
  readonly now: number
  readonly isFree: (userName: string) => boolean
  readonly isHeld: (key: Key, value: string) => boolean
}): Body {
  const { user, id, settled, draft, change, institution, now, isHeld } = options
  const named = nameOf(options)
  const resource = { ...named.resource, active: named.resource.active ?? true }
  const shown = keysOf(resource)
  const { keys, released } = keysWithout(shown, user, isHeld)
  const inactive = inactivityOf(user, resource, change, now)
  const { inactive: _i, incomplete: _c, claims: _l, userNameIsDerived: _d, releasedKeys: _r, search: _s, ...rest } = user ?? {}
  const body: { -readonly [Name in keyof Body]: Body[Name] } = {
    ...rest,
    _id: id,
    institution: institution._id,
    keys,
    bindings: withBinding(user?.bindings ?? NONE, change.source, draft.binding),
    memberOf: draft.membership?.memberOf ?? user?.memberOf ?? NONE,
    resource,
    provenance: settled.provenance,
    created: user?.created ?? now,
  }
  if (settled.claims.length > 0) body.claims = settled.claims
  if (named.isDerived) body.userNameIsDerived = true
  if (released.length > 0) body.releasedKeys = released
  if (inactive !== undefined) body.inactive = inactive
  if (fieldsLacking(resource, shown).length > 0) body.incomplete = true
  return body
}

const NONE: readonly never[] = []

function nameOf(options: Parameters<typeof bodyOf>[0]): { readonly resource: Resource; readonly isDerived: boolean } {
  const { user, id, settled, draft, isFree } = options
  const isSent = draft.resource.userName !== undefined
  if (settled.resource.userName !== undefined && (isSent || !(user?.userNameIsDerived ?? true))) {
    return { resource: settled.resource, isDerived: false }
  }
  const address = leadingEmail(settled.resource.emails)
  const folded = address === undefined ? undefined : foldKey(address)
  const userName = address !== undefined && folded !== undefined && isFree(folded) ? address : id
  return { resource: { ...settled.resource, userName }, isDerived: true }
}

/** A key that went to another person stays away while that person has it, or until the record is given another value for it. */
function keysWithout(
  keys: Keys,
  user: User | undefined,
  isHeld: (key: Key, value: string) => boolean,
): { keys: Keys; released: readonly Key[] } {
  if (user?.releasedKeys === undefined) return { keys, released: NONE }
  const before = keysOf(user.resource)
  const released = user.releasedKeys.filter((key) => {
    const value = keys[key]
    return value !== undefined && value === before[key] && isHeld(key, value)
  })
  if (released.length === 0) return { keys, released }
  return { keys: Object.fromEntries(Object.entries(keys).filter(([key]) => !released.includes(key as Key))), released }
}

function inactivityOf(user: User | undefined, resource: Resource, change: Change, now: number): User['inactive'] {
  if (resource.active !== false) return undefined
  if (user === undefined) return { since: now, by: change.source, fromStart: true }
  return user.inactive ?? { since: now, by: change.source }
}

/**
 * Keys that the record has shown all along without having them: they went to another person, who has them no more, or
 * a process died between two waves. They come back with whatever is said of the person next.
 */
export function keysRegained(user: User | undefined, body: Body): Difference[] {
  if (user === undefined) return []
  const missing = (Object.keys(body.keys) as Key[]).filter((key) => user.keys[key] === undefined)
  if (missing.length === 0) return []
  const shown = keysOf(user.resource)
  return missing
    .filter((key) => shown[key] === body.keys[key] && !(key === 'userName' && body.userNameIsDerived))
    .map((key) => ({ slot: `key[${key}]`, new: body.keys[key] as string }))
}

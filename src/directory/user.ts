/**
 * The one record of a person, as it is stored (RFC 7643 User with the enterprise and the campus extension, and
 * what an institution declares itself).
 *
 * `resource` holds the SCIM attributes as they were sent, under their schema names, extensions under the short
 * names `enterprise`, `campus` and `own`; without `id`, `meta`, `schemas`, `groups` and `externalId`, which are the server's
 * or belong to a source.
 */
import type { Doc } from '../store/store.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
export type JsonObject = { readonly [name: string]: Json }
export type Resource = JsonObject

/** In the order in which they are tried unless an institution says otherwise. */
export const MATCH_KEYS = ['netid3', 'netid2', 'netid', 'email'] as const
export type MatchKey = (typeof MATCH_KEYS)[number]

export function isMatchKey(name: string): name is MatchKey {
  return (MATCH_KEYS as readonly string[]).includes(name)
}

export const NETIDS = ['netid3', 'netid2', 'netid'] as const
export type Key = MatchKey | 'userName'

/** Folded values (`keys.ts`); absent when the record has none. */
export type Keys = { readonly [K in Key]?: string }

export type Channel = 'scim' | 'api' | 'file' | 'saml' | 'admin'

/** One named connection of an institution: the channel, or `channel:name`. Outlives the rotation of its tokens. */
export type Source = Channel | `${Channel}:${string}`

export function channelOf(source: Source): Channel {
  const colon = source.indexOf(':')
  return (colon < 0 ? source : source.slice(0, colon)) as Channel
}

/** What belongs to a source: its own name for the person, and whether it still wants to see the record. */
export type Binding = {
  readonly source: Source
  readonly externalId?: string
  readonly state: 'bound' | 'deleted'
}

/** The smallest thing with an owner: `name.givenName`, `emails[work]`, `campus.program`, `campus.tags[honours]`. */
export type Slot = string

export type Owner = {
  readonly source: Source
  /** Epoch milliseconds. */
  readonly at: number
  /** Who owned the slot before; a slot that goes back to that source is contested. */
  readonly before?: Source
  /** The group whose meaning (`groups.map`) the value is: its name. */
  readonly group?: string
}

/** Slots that one write gave to one owner stand together (`provenance.ts`). */
export type Provenance = readonly (Owner & { readonly slots: readonly Slot[] })[]

/** What a source sent for a slot that a higher-ranked one keeps; `value` absent: it wants the slot empty. */
export type Claim = {
  readonly source: Source
  readonly slot: Slot
  readonly value?: Json
  readonly at: number
  /** As of an owner. */
  readonly group?: string
}

export type User = Doc & UserFields

export type UserFields = {
  readonly _id: string
  readonly institution: string
  readonly keys: Keys
  readonly bindings: readonly Binding[]
  /** Ids of the groups that the person is in directly. */
  readonly memberOf: readonly string[]
  readonly resource: Resource
  readonly provenance: Provenance
  readonly claims?: readonly Claim[]
  /** No SCIM client has named the person: `userName` is derived and follows the e-mail. */
  readonly userNameIsDerived?: true
  /** Folded keys that went to another person although the resource still shows the value. */
  readonly releasedKeys?: readonly Key[]
  /** Since when (epoch milliseconds) and by whom the person is inactive; `fromStart` when created so. */
  readonly inactive?: { readonly since: number; readonly by: Source; readonly fromStart?: true }
  /** The record lacks what every person should have (`required-fields.ts`). */
  readonly incomplete?: true
  /** Epoch milliseconds. */
  readonly created: number
  readonly lastModified: number
}

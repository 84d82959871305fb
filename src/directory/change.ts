/**
 * What a channel asks for about one person, and what became of it: the two ends of the upsert.
 */
import type { Difference } from './difference.ts'
import type { Binding, Key, Keys, Resource, Slot, Source, User } from './user.ts'

/** What is wrong, for the person who can mend it. `field` is a flat name or an attribute path; `code` is stable. */
export type Problem = { readonly field?: string; readonly code: string; readonly message: string }

/** The record as the source of the change sees it: its own withheld claims in place of what is in force. */
export type Current = {
  readonly user: User
  readonly resource: Resource
  readonly binding?: Binding
}

/** What an edit makes of the record. */
export type Draft = {
  readonly resource: Resource
  /** What becomes of the source's binding; left alone when absent. `externalId: null` clears it, absent leaves it. */
  readonly binding?: { readonly state: 'bound' | 'deleted'; readonly externalId?: string | null }
  /** The groups that the person is in from now on, and how the trail tells it; left alone when absent. */
  readonly membership?: { readonly memberOf: readonly string[]; readonly told: readonly Difference[] }
  /** Slots whose value is what a group means, and the name of that group. */
  readonly granted?: ReadonlyMap<Slot, string>
}

export type Refusal =
  | {
      readonly kind: 'conflict'
      readonly code: ConflictCode
      readonly key: Key
      readonly records: readonly string[]
      readonly message: string
    }
  | { readonly kind: 'invalid' | 'denied'; readonly problems: readonly Problem[] }
  /** The person addressed is not there, or not for this source. */
  | { readonly kind: 'missing' }

/**
 * `key_conflict`: a key of the change belongs to another record. `key_disagrees`: the e-mail is known, but as that of
 * somebody with another netid (a recycled address). `key_held`: only a long inactive record has it.
 * `exists`: the record is active and the source has it already.
 */
export type ConflictCode = 'key_conflict' | 'key_disagrees' | 'key_held' | 'exists'

export type EditContext = {
  /** Epoch milliseconds. */
  readonly now: number
}

/** Pure: it is run again, on the newer record, after a lost race. `current` is absent when nobody matched. */
export type Edit = (current: Current | undefined, context: EditContext) => Draft | Refusal

export type Change = {
  readonly target: { readonly id: string } | { readonly keys: Keys }
  readonly intent: 'upsert' | 'create' | 'update' | 'delete'
  readonly edit: Edit
  /** What is wrong with what was sent: the edit refuses it, and says what a new person would lack beside. Goes before all else. */
  readonly faults?: readonly Problem[]
  /** Whether the caller would accept the record in this version; `stale` when not. */
  readonly ifVersion?: ((version: string) => boolean) | undefined
  readonly source: Source
  /** The source's own name for the person, where it sent one. */
  readonly externalId?: string
  /** As sent; what tells two people with one address apart when nothing stronger does. */
  readonly names?: { readonly givenName?: string; readonly familyName?: string }
  /** Of the flat fields that it sets or clears, those that are otherwise in this record. */
  readonly unmetIn?: (resource: Resource) => readonly string[]
  /**
   * Of somebody whom nobody knew when it was rehearsed: it names no keys, since nobody is looked for, and makes the person.
   * Where somebody has one of the keys by now, this is asked in its place.
   */
  readonly ifKnown?: () => Change
  /** It may turn an inactive person active, whoever turned the person inactive; a ranking of sources stands above that. */
  readonly reactivates?: true
  /** Id of the token, key or administrator behind the change. */
  readonly credential?: string
  readonly run?: string
  readonly row?: number
}

export type Outcome =
  | {
      readonly kind: 'created' | 'updated' | 'unchanged'
      readonly user: User
      /** The record as this change met it; absent for a new person. */
      readonly before?: User
      readonly matchedOn?: Key | 'id'
      /** None for a new person, of whom everything is new. */
      readonly changed: readonly Slot[]
      /** Slots that a higher-ranked source keeps; not those where the change repeats its source's claim. */
      readonly withheld: readonly Slot[]
    }
  | Refusal
  /** The record has another version than the caller knew. */
  | { readonly kind: 'stale'; readonly version: string }
  /** Other writers won every race until the deadline; nothing was written, it can be sent again. */
  | { readonly kind: 'busy' }

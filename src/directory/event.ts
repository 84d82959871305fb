/**
 * The audit trail: one event for each change that did something.
 */
import type { Predicate } from '../store/predicate.ts'
import { and } from '../store/predicate.ts'
import type { Doc } from '../store/store.ts'
import type { Change } from './change.ts'
import type { Difference } from './difference.ts'
import { differencesFromNothing } from './difference.ts'
import type { Settled } from './settle.ts'
import type { Resource, Slot, User } from './user.ts'

export type EventKind =
  | 'user.created'
  | 'user.updated'
  | 'user.deactivated'
  | 'user.activated'
  | 'user.deleted'
  | 'user.key_released'

/**
 * @param user the record after the change: the event has the id of its version
 * @param made what a new person was made of; such an event holds the record instead of a difference for each slot
 */
export function eventOf(options: {
  readonly kind: EventKind
  readonly user: User
  readonly change: Change
  readonly matchedOn?: string | undefined
  readonly differences: readonly Difference[]
  readonly made?: Settled | undefined
  readonly withheld?: readonly Slot[]
  readonly contested?: readonly Slot[]
}): Doc {
  const { kind, user, change, matchedOn, differences, made, withheld = [], contested = [] } = options
  const { source, credential, run, row } = change
  const { _id: subject, version, institution, lastModified: at } = user
  const event: { -readonly [Member in keyof Doc]: Doc[Member] } = {
    _id: version,
    institution,
    version,
    subject,
    kind,
    at,
    source,
  }
  if (credential !== undefined) event.credential = credential
  if (run !== undefined) event.run = run
  if (row !== undefined) event.row = row
  if (matchedOn !== undefined) event.matchedOn = matchedOn
  event.differences = differences
  if (withheld.length > 0) event.withheld = withheld
  if (contested.length > 0) event.contested = contested
  if (made !== undefined) {
    event.resource = user.resource
    const names = filledIn(user.resource, made.resource)
    if (names.length > 0) event.filledIn = names
  }
  return event
}

function filledIn(resource: Resource, made: Resource): readonly string[] {
  const names: string[] = []
  for (const name in resource) if (made[name] === undefined) names.push(name)
  return names
}

/**
 * The events of a person. An id can also be that of a token, a run or the institution itself: what happened to those is the
 * administrator's to read.
 */
export function historyOf(user: string): Predicate {
  const kinds: Predicate[] = [
    { op: 'sw', path: 'kind', value: 'user.' },
    { op: 'eq', path: 'kind', value: 'sign_in.accepted' },
  ]
  return and({ op: 'eq', path: 'subject', value: user }, { op: 'or', of: kinds })
}

/** The event as it is told, with what the change did slot by slot: that of a new person is stored in a shorter form. */
export function inFull(event: Doc): Doc {
  const { resource, filledIn = [], ...told } = event as Made
  if (resource === undefined) return event
  const apart = new Set([...filledIn, ...told.differences.map(({ slot }) => slot)])
  const made = differencesFromNothing(resource).filter(({ slot }) => !apart.has(slot))
  return { ...told, differences: [...made, ...told.differences] }
}

type Made = Doc & {
  readonly resource?: Resource
  /** Slots of it that nobody sent. */
  readonly filledIn?: readonly Slot[]
  /** What is no slot of the resource, and what has no owner. */
  readonly differences: readonly Difference[]
}

/** What the event is called, told by what differs. */
export function kindOf(change: Change, isNew: boolean, differences: readonly Difference[]): EventKind {
  if (isNew) return 'user.created'
  if (change.intent === 'delete') return 'user.deleted'
  const active = differences.find(({ slot }) => slot === 'active')
  if (active === undefined) return 'user.updated'
  return active.new === false ? 'user.deactivated' : 'user.activated'
}

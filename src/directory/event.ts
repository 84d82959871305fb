/**
 * The audit trail: one event for each change that did something.
 */
import type { Doc } from '../store/store.ts'
import type { Change } from './change.ts'
import type { Difference } from './settle.ts'
import type { Slot, User } from './user.ts'

export type EventKind =
  | 'user.created'
  | 'user.updated'
  | 'user.deactivated'
  | 'user.activated'
  | 'user.deleted'
  | 'user.key_released'

/** @param user the record after the change: the event has the id of its version */
export function eventOf(options: {
  readonly kind: EventKind
  readonly user: User
  readonly change: Change
  readonly matchedOn: string | undefined
  readonly differences: readonly Difference[]
  readonly withheld: readonly Slot[]
  readonly contested: readonly Slot[]
}): Doc {
  const { user, change, matchedOn, differences, withheld, contested } = options
  return {
    _id: user.version,
    institution: user.institution,
    version: user.version,
    subject: user._id,
    kind: options.kind,
    at: user.lastModified,
    source: change.source,
    ...(change.credential === undefined ? {} : { credential: change.credential }),
    ...(change.run === undefined ? {} : { run: change.run }),
    ...(change.row === undefined ? {} : { row: change.row }),
    ...(matchedOn === undefined ? {} : { matchedOn }),
    differences,
    ...(withheld.length === 0 ? {} : { withheld }),
    ...(contested.length === 0 ? {} : { contested }),
  }
}

/** What the event is called, told by what differs. */
export function kindOf(change: Change, isNew: boolean, differences: readonly Difference[]): EventKind {
  if (isNew) return 'user.created'
  if (change.intent === 'delete') return 'user.deleted'
  const active = differences.find(({ slot }) => slot === 'active')
  if (active === undefined) return 'user.updated'
  return active.new === false ? 'user.deactivated' : 'user.activated'
}

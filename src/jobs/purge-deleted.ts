/**
 * Once a day, where an institution says after how long (`scim.purgeAfterDays`): erases people whom every source that
 * knew them has deleted. What is erased cannot be had back, so whatever is in doubt is kept.
 *
 * Only SCIM clients have a word for deleting. Files, REST, sign-ins and administrators have none, and a row that changes
 * nothing leaves no trace: they might speak of the person still. So the history must tell of nobody but SCIM clients,
 * each of which has deleted the person. The days count from the last write of the record, whosever it was: the deletion
 * is no younger, and neither is the inactivity.
 */
import { DAY_MS } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import { getInstitution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import { finishPurges, purgeUser } from '../directory/purge.ts'
import type { User } from '../directory/user.ts'
import { channelOf } from '../directory/user.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Predicate } from '../store/predicate.ts'
import { and } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { lastDue } from './daily.ts'
import { takeLease } from './lease.ts'
import { isDone, markDone } from './once-a-day.ts'

export type PurgeOptions = {
  readonly store: Store
  /** Called when some were erased, also where the rest failed. */
  readonly onPurged: (institution: string, people: number) => void
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const NAME = 'purge'
/** At night, where the institution is. */
const DAILY_AT = '04:00'
const PAGE = 100
const BY: Actor = { source: 'admin', credential: 'setting:scim.purgeAfterDays' }

/** For rounds. What was interrupted goes on at the next visit. */
export async function purgeDaily(institution: Institution, options: PurgeOptions, stop: AbortSignal): Promise<void> {
  const { store, now = Date.now } = options
  await finishPurges(store, institution._id)
  const { scim, files } = institution.settings
  const due = lastDue(now(), DAILY_AT, files?.timeZone ?? 'UTC')
  // Settings take effect in the night after: until then a slip can be mended.
  if (!scim?.purgeAfterDays || due <= institution.lastModified) return
  const isOpen = async () => !(await isDone(store, institution, NAME, due))
  if (!(await isOpen())) return
  await using lease = await takeLease({ store, institution: institution._id, name: NAME, now })
  // Asked again: until the lease was had, another process may have done it.
  if (lease === undefined || !(await isOpen())) return
  await purgeAll(institution._id, options, AbortSignal.any([stop, lease.signal]))
  await markDone(store, institution, NAME, due)
}

async function purgeAll(institution: string, { store, onPurged, now = Date.now }: PurgeOptions, stop: AbortSignal) {
  let people = 0
  const purge = async ({ _id: id, version, bindings }: User) => {
    stop.throwIfAborted()
    if (await isKnownElsewhere(store, institution, id, bindings)) return
    const { kind } = await purgeUser(store, { institution, id, ifVersion: version, by: BY, now: now() })
    if (kind === 'purged') people++
  }
  try {
    for await (const _ of sideBySide(deletedPeople(institution, store, now), purge));
  } finally {
    if (people > 0) onPurged(institution, people)
  }
}

/** Page by page, as long as the institution wants it: whoever takes the setting away stops it. */
async function* deletedPeople(institution: string, store: Store, now: () => number): AsyncGenerator<User, void> {
  let last: User | undefined
  for (;;) {
    const days = (await getInstitution(store, institution))?.settings.scim?.purgeAfterDays
    if (!days) return
    const page = (await store.find('users', institution, {
      where: deletedBefore(now() - days * DAY_MS),
      limit: PAGE,
      project: ['bindings'],
      ...(last && { after: { id: last._id } }),
    })) as User[]
    yield* page
    last = page.at(-1)
    if (page.length < PAGE) return
  }
}

function deletedBefore(time: number): Predicate {
  return and(
    { op: 'any', path: 'search.deletedBy', where: { op: 'sw', path: '', value: 'scim' } },
    { op: 'not', of: { op: 'pr', path: 'search.boundTo' } },
    { op: 'eq', path: 'search.active', value: false },
    { op: 'lt', path: 'lastModified', value: time },
  )
}

/** Whether the history tells of anybody but those who have deleted the person; who took a key from the record had somebody else in mind. */
async function isKnownElsewhere(store: Store, institution: string, id: string, bindings: User['bindings']): Promise<boolean> {
  const deletedBy = bindings.map(({ source }) => source).filter((source) => channelOf(source) === 'scim')
  const [other] = await store.find('events', institution, {
    where: and(
      { op: 'eq', path: 'subject', value: id },
      { op: 'sw', path: 'kind', value: 'user.' },
      { op: 'ne', path: 'kind', value: 'user.key_released' },
      { op: 'not', of: { op: 'in', path: 'source', values: deletedBy } },
    ),
    limit: 1,
    project: ['kind'],
  })
  return other !== undefined
}

/**
 * A roster says who belongs here: whom its source once brought and who is missing from so many files in a row is
 * deactivated. The source is bound to the people it brings, as a SCIM client is, so it can be asked for them; who is
 * missing is found by going through them page by page beside what was seen of the file.
 */
import { apply } from '../directory/apply.ts'
import { bindingOf, isBoundTo } from '../directory/binding.ts'
import type { Change, Draft, Outcome } from '../directory/change.ts'
import { pagesOf } from '../directory/each-doc.ts'
import type { Institution } from '../directory/institution.ts'
import type { Source, User } from '../directory/user.ts'
import { channelOf } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { openAbsences } from './absences.ts'
import type { Attendance } from './attendance.ts'
import type { FileSource } from './file-source.ts'
import { rostersOf } from './file-source.ts'
import { inChunks, linesOf, openLineWriter, readLines } from './lines.ts'
import type { PlannedMissing } from './missing.ts'
import { missingVerdict } from './missing.ts'
import type { OnProgress } from './progress.ts'

export type RosterOptions = {
  readonly store: Store
  readonly institution: Institution
  readonly file: FileSource
  readonly run: string
  /** Who stands behind the file, for the audit trail. */
  readonly credential?: string
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly onProgress: OnProgress
}

/** What a file does by leaving people out. */
export type Missing = {
  readonly people: number
  readonly deactivated: number
}

export type MissingPlan = Missing & {
  /** How many the source has brought and not let go. */
  readonly of: number
  /** Of those who are missing, the ones who were in the file before. */
  readonly fresh: number
}

const PAGE = 1000

/**
 * Finds who is missing and what becomes of them. Writes nothing but the verdicts, in a file of their own.
 * @param path where they go; whole when the promise resolves
 */
export async function planMissing(
  options: RosterOptions & { readonly attendance: Attendance; readonly path: string },
): Promise<MissingPlan> {
  const { attendance, path, onProgress } = options
  const absences = await openAbsences({ ...options, source: options.file.source })
  const tally = new MissingTally()
  const verdicts = openLineWriter(path)
  try {
    for await (const people of peopleOf(options, absences.isFirst)) {
      const absent = people.filter((user) => !attendance.has(user)).map(({ _id }) => _id)
      const told = await judge(await absences.countedWith(absent), options, true)
      tally.of += people.length
      tally.add(told)
      await verdicts.write(linesOf(told))
      onProgress({ step: 'comparing', rows: tally.of })
    }
    await verdicts.close()
  } finally {
    verdicts.abandon()
  }
  return tally
}

/**
 * Does what was planned, and counts who was missing. What was done before by a run that was interrupted is found done.
 * @param plan where the verdicts of the plan stand
 * @param path where those on what was done go; whole when the promise resolves
 */
export async function carryOutMissing(
  options: RosterOptions & { readonly plan: string; readonly path: string },
): Promise<Missing> {
  const { plan, path } = options
  const absences = await openAbsences({ ...options, source: options.file.source })
  const tally = new MissingTally()
  const verdicts = openLineWriter(path)
  try {
    for await (const chunk of inChunks(readLines<PlannedMissing>(plan), PAGE)) {
      const told = await judge(timesOf(chunk.filter(({ isWritten }) => isWritten)), options, false)
      const written = new Map(told.filter(({ isWritten }) => isWritten).map((verdict) => [verdict.id, verdict]))
      const done = chunk.map((planned) => written.get(planned.id) ?? planned)
      await absences.note(timesOf(done))
      tally.add(done)
      await verdicts.write(linesOf(done))
    }
    await verdicts.close()
  } finally {
    verdicts.abandon()
  }
  await absences.close()
  return tally
}

class MissingTally implements MissingPlan {
  people = 0
  deactivated = 0
  of = 0
  fresh = 0

  add(told: readonly PlannedMissing[]): void {
    for (const { outcome, times } of told) {
      this.people++
      if (outcome === 'deactivated') this.deactivated++
      if (times === 1) this.fresh++
    }
  }
}

/**
 * Those whom the source has brought, by id. Before its first roster that is told by who owns what of a record: people
 * whom it brought in another mode count from then on.
 */
async function* peopleOf({ store, institution, file: { source } }: RosterOptions, isFirst: boolean): AsyncGenerator<User[]> {
  const where = isFirst ? EVERYTHING : isBoundTo(source)
  const project = isFirst ? ['keys', 'bindings', 'provenance'] : ['keys']
  for await (const page of pagesOf(store, 'users', institution._id, { where, project, limit: PAGE })) {
    const users = page as User[]
    yield isFirst ? users.filter((user) => isBroughtBy(user, source)) : users
  }
}

function isBroughtBy({ bindings, provenance }: User, source: Source): boolean {
  const binding = bindingOf(bindings, source)
  return binding === undefined ? provenance.some((owner) => owner.source === source) : binding.state === 'bound'
}

/** @param missed by id, how often in a row */
async function judge(missed: ReadonlyMap<string, number>, options: RosterOptions, dryRun: boolean): Promise<PlannedMissing[]> {
  const { store, institution, file, now } = options
  const ids = [...missed.keys()]
  if (ids.length === 0) return []
  const users = new Map(((await store.lookUp('users', institution._id, { ids })) as User[]).map((user) => [user._id, user]))
  const changes = Array.from(missed, ([id, times]) => changeOf(id, times >= file.deactivateAfter, options))
  const outcomes = await apply(store, institution, changes, { lane: 'batch', dryRun, now })
  return Array.from(missed, ([id, times], index) => {
    const [user, change, outcome] = [users.get(id), changes[index] as Change, outcomes[index] as Outcome]
    // Somebody was purged meanwhile.
    return user === undefined ? [] : [missingVerdict({ user, change, outcome, times, file, keeper: keeperOf(user, options) })]
  }).flat()
}

/** Another source on whose roster the person still is: whoever moves from one to the other is not gone. */
function keeperOf({ bindings }: Pick<User, 'bindings'>, { institution, file }: RosterOptions): Source | undefined {
  const rosters = rostersOf(institution)
  return bindings.find(({ source, state }) => state === 'bound' && source !== file.source && rosters.has(source))?.source
}

function timesOf(told: readonly PlannedMissing[]): Map<string, number> {
  return new Map(told.map(({ id, times }) => [id, times]))
}

/** Who is missing too often is let go; until then the source stays bound, and is bound now to whom it brought in another mode. */
function changeOf(id: string, isLetGo: boolean, options: RosterOptions): Change {
  const { file, run, credential } = options
  return {
    target: { id },
    intent: 'update',
    source: file.source,
    run,
    ...(credential !== undefined && { credential }),
    edit: (current): Draft => {
      const resource = current?.resource ?? {}
      if (!isLetGo) return { resource, binding: { state: 'bound' } }
      if (current?.binding?.state === 'deleted') return { resource }
      const isKept = current !== undefined && keeperOf(current.user, options) !== undefined
      return { resource: isKept ? resource : { ...resource, active: false }, binding: { state: 'deleted' } }
    },
  }
}

/** The change of a row in a roster: whoever is in it belongs here, and comes back if a roster had let the person go. */
export function asPresent(change: Change, saysStatus: boolean): Change {
  return {
    ...change,
    // Whoever let the person go has no say any more.
    ...(!saysStatus && { reactivates: true }),
    edit: (current, context) => {
      const draft = change.edit(current, context)
      if ('kind' in draft) return draft
      const isBack = !saysStatus && current !== undefined && wasLetGo(current.user)
      return { ...draft, resource: isBack ? { ...draft.resource, active: true } : draft.resource, binding: { state: 'bound' } }
    },
  }
}

/** Whether it was a roster that turned the person inactive, and let the person go. */
function wasLetGo({ inactive, bindings }: User): boolean {
  if (inactive === undefined || channelOf(inactive.by) !== 'file') return false
  return bindingOf(bindings, inactive.by)?.state === 'deleted'
}

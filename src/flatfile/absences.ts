/**
 * How often in a row a person was missing from the files of a roster. Kept for those who are missing alone, so that a
 * file in which nobody is missing writes nothing; whoever comes back need not be told: what is kept counts only while
 * it is that of the file before.
 */
import { DAY_MS } from '../days.ts'
import { newId } from '../directory/ids.ts'
import type { Source } from '../directory/user.ts'
import type { Doc, Store, Write } from '../store/store.ts'

/** A person: after which file the person was missing for the how-manieth time. */
type Absence = Doc & { readonly run: string; readonly times: number }

/** A source: its last file that counted, and the one before. */
type LastFile = Doc & { readonly run: string; readonly before?: string }

export type Absences = {
  /** Whether no file of this source has counted before. */
  readonly isFirst: boolean
  /** @returns by id, how often in a row the people will have been missing with this file */
  countedWith(users: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Keeps who was missing how often with this file; may be said again. */
  note(missed: ReadonlyMap<string, number>): Promise<void>
  /** This file has counted: the next one goes on from it. */
  close(): Promise<void>
}

/** No roster comes more rarely. */
const FORGOTTEN_AFTER_MS = 3 * 365 * DAY_MS

/** @param run that of the file at hand; a run that was interrupted counts once */
export async function openAbsences(options: {
  readonly store: Store
  readonly institution: { readonly _id: string }
  readonly source: Source
  readonly run: string
  readonly now: () => number
}): Promise<Absences> {
  const { store, source, run, now } = options
  const institution = options.institution._id
  const last = (await store.get('absences', institution, source)) as LastFile | undefined
  const before = last?.run === run ? last.before : last?.run
  const idOf = (user: string) => `${source} ${user}`

  async function known(users: Iterable<string>): Promise<Map<string, Absence>> {
    const found = (await store.lookUp('absences', institution, { ids: Array.from(users, idOf) })) as Absence[]
    return new Map(found.map((absence) => [absence._id, absence]))
  }

  return {
    isFirst: before === undefined,
    async countedWith(users) {
      const absences = await known(users)
      return new Map(
        users.map((user) => {
          const absence = absences.get(idOf(user))
          if (absence?.run === run) return [user, absence.times]
          return [user, absence !== undefined && absence.run === before ? absence.times + 1 : 1]
        }),
      )
    },
    async note(missed) {
      const absences = await known(missed.keys())
      const writes = Array.from(missed, ([user, times]): Write => {
        const there = absences.get(idOf(user))
        const doc = { _id: idOf(user), institution, version: newId(now()), run, times, expires: now() + FORGOTTEN_AFTER_MS }
        return there === undefined
          ? { collection: 'absences', op: 'insert', doc }
          : { collection: 'absences', op: 'replace', doc, expected: there.version }
      })
      await store.write(writes, 'batch')
    },
    async close() {
      const doc = { _id: source, institution, version: newId(now()), run, ...(before !== undefined && { before }) }
      await store.write([
        last === undefined
          ? { collection: 'absences', op: 'insert', doc }
          : { collection: 'absences', op: 'replace', doc, expected: last.version },
      ])
    },
  }
}

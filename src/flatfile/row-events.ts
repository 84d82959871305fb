/**
 * Which rows of an interrupted run were done, told by the audit trail: it has an event for each, written with the record.
 * What was withheld of a row stands in the plan: the event has none where the record knew it before.
 */
import { eachDoc } from '../directory/each-doc.ts'
import type { Institution } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { Verdict } from './verdict.ts'
import type { Judged } from './verdict-file.ts'

export async function eventsOfRows(options: {
  readonly store: Store
  readonly institution: Institution
  readonly run: string
  /** Ascending. */
  readonly rows: readonly Judged[]
}): Promise<Map<number, Verdict>> {
  const { store, institution, run, rows } = options
  const planned = new Map(rows.map(({ verdict }) => [verdict.row, verdict]))
  const [first, last] = [rows[0]?.verdict.row ?? 0, rows.at(-1)?.verdict.row ?? 0]
  const found = new Map<number, Verdict>()
  const where = {
    op: 'and',
    of: [
      { op: 'eq', path: 'run', value: run },
      { op: 'ge', path: 'row', value: first },
      { op: 'le', path: 'row', value: last },
    ],
  } as const
  for await (const { row, kind, subject, matchedOn } of eachDoc(store, 'events', institution._id, where)) {
    // The event of the person whose key was given up stands beside that of the row itself.
    if (typeof row !== 'number' || kind === 'user.key_released') continue
    const outcome = kind === 'user.created' ? 'created' : 'updated'
    const id = typeof subject === 'string' ? subject : null
    const withheld = planned.get(row)?.withheld
    found.set(row, {
      row,
      outcome,
      id,
      matched_on: typeof matchedOn === 'string' ? matchedOn : null,
      problems: [],
      ...(withheld !== undefined && { withheld }),
    })
  }
  return found
}

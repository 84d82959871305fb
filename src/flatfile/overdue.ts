/**
 * Files that an institution waits for and that do not come: silence is the one failure that leaves no report.
 */
import { DAY_MS } from '../days.ts'
import { eachDoc } from '../directory/each-doc.ts'
import type { Institution } from '../directory/institution.ts'
import type { FileSourceSettings } from '../directory/settings.ts'
import type { Store } from '../store/store.ts'
import { sourceSettings } from './file-source.ts'
import type { Run } from './run-record.ts'

/**
 * The sources of which no file has come within the days that they have (`missingAfterDays`). A file that was refused or is
 * held has come; one that was taken back has not.
 * @param now epoch milliseconds
 */
export async function overdueSources(store: Store, institution: Institution, now: number): Promise<FileSourceSettings[]> {
  const { settings } = institution
  const begins = new Map<FileSourceSettings | undefined, number>()
  for (const one of settings.files?.sources ?? []) {
    if (one.missingAfterDays !== undefined) begins.set(one, now - one.missingAfterDays * DAY_MS)
  }
  if (begins.size === 0) return []
  const since = { op: 'ge', path: 'started', value: Math.min(...begins.values()) } as const
  const overdue = new Set(begins.keys())
  for await (const run of eachDoc(store, 'runs', institution._id, since)) {
    const { state, file, started } = run as Run
    const source = sourceSettings(settings, file)
    if (state !== 'abandoned' && started >= (begins.get(source) ?? Infinity)) overdue.delete(source)
  }
  return [...overdue].filter((one) => one !== undefined)
}

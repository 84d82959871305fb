/**
 * Files that an institution waits for and that do not come: silence is the one failure that leaves no report.
 */
import { DAY_MS } from '../days.ts'
import { eachDoc } from '../directory/each-doc.ts'
import type { FileSourceSettings, Institution } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import { awaitedBeside } from './file-source.ts'
import type { Run } from './run-record.ts'

/**
 * The sources of which no file has come within the days that they have (`missingAfterDays`). A file that was refused or is
 * held has come; one that was taken back has not.
 * @param now epoch milliseconds
 */
export async function overdueSources(store: Store, institution: Institution, now: number): Promise<FileSourceSettings[]> {
  const awaited = awaitedBeside(institution, [])
  if (awaited.length === 0) return []
  const longest = Math.max(...awaited.map(daysOf))
  const arrivals: Run[] = []
  const since = { op: 'ge', path: 'started', value: now - longest * DAY_MS } as const
  for await (const run of eachDoc(store, 'runs', institution._id, since)) {
    if (run.state !== 'abandoned') arrivals.push(run as Run)
  }
  return awaited.filter((one) => {
    const recent = arrivals.filter(({ started }) => started >= now - daysOf(one) * DAY_MS)
    return awaitedBeside(
      institution,
      recent.map(({ file }) => file),
    ).includes(one)
  })
}

function daysOf({ missingAfterDays = 0 }: FileSourceSettings): number {
  return missingAfterDays
}

/**
 * The daily run of every institution: at its time of day it goes through the files that wait, whichever process is up;
 * what was missed while none was is caught up with. Runs that were interrupted go on as soon as somebody looks.
 */
import type { Institution } from '../directory/institution.ts'
import { lastDue } from '../jobs/daily.ts'
import { isDone, markDone } from '../jobs/once-a-day.ts'
import type { Rounds } from '../jobs/rounds.ts'
import { openRounds } from '../jobs/rounds.ts'
import type { Store } from '../store/store.ts'
import { openFolders } from './folders.ts'
import { goOnWithAll, oneAtATime, unfinishedRuns } from './process.ts'
import type { Run } from './run-record.ts'
import type { Summary } from './summary.ts'

export type DailyRunOptions = {
  readonly store: Store
  readonly dataDir: string
  /** Brings files that wait elsewhere, when the day's run is due; where that fails, those that are here have their run. */
  readonly fetch?: (institution: Institution, stop: AbortSignal) => Promise<void>
  /** Called before the end of a run is recorded, so that none goes untold; once more where it was interrupted then. */
  readonly tell?: (institution: Institution, summary: Summary) => Promise<void>
  readonly onSummary: (institution: string, summary: Summary) => void
  readonly onFailure: (institution: string, error: unknown) => void
  /** Called when all files of a day have been gone through, with the runs that could not be; once more where it was interrupted then. */
  readonly onDone?: (institution: Institution, day: Day) => Promise<void>
  /** How often the clock is looked at. */
  readonly everyMs?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** `due`: when the day's run was, epoch milliseconds. */
export type Day = { readonly due: number; readonly failed: readonly Run[] }

const DEFAULT_RUN_AT = '07:00'
const NAME = 'files'

export function runTimeOf({ settings }: Institution): { readonly runAt: string; readonly timeZone: string } {
  return { runAt: settings.files?.runAt ?? DEFAULT_RUN_AT, timeZone: settings.files?.timeZone ?? 'UTC' }
}

/** Closing interrupts what is under way: it goes on at the next start. */
export function openDailyRun(options: DailyRunOptions): Rounds {
  return openRounds({ ...options, visit: (institution, stop) => visit(institution, options, stop) })
}

async function visit(institution: Institution, options: DailyRunOptions, stop: AbortSignal): Promise<void> {
  const { store, dataDir, fetch, tell, onSummary, onFailure, onDone, now = Date.now } = options
  const { runAt, timeZone } = runTimeOf(institution)
  const due = lastDue(now(), runAt, timeZone)
  const isOpen = async () => !(await isDone(store, institution, NAME, due))
  if (!(await isOpen()) && (await pending(store, institution, false)).length === 0) return
  const folders = await openFolders(dataDir, institution._id)
  const processing = {
    store,
    institution,
    folders,
    by: { source: 'file' },
    onProgress: () => stop.throwIfAborted(),
    ...(tell && { tell: (summary: Summary) => tell(institution, summary) }),
    now,
  } as const
  await oneAtATime(processing, async (onProgress) => {
    // Asked again: until the lease was had, another process may have done it.
    const isDue = await isOpen()
    const failed: Run[] = []
    if (isDue) await fetch?.(institution, stop)
    await goOnWithAll(
      await pending(store, institution, isDue),
      { ...processing, onProgress },
      {
        onSummary: (summary) => onSummary(institution._id, summary),
        onFailure: (run, error) => {
          failed.push(run)
          onFailure(institution._id, error)
        },
        stop,
      },
    )
    if (!isDue) return
    await onDone?.(institution, { due, failed })
    await markDone(store, institution, NAME, due)
  })
}

/** Files that wait have their time; what was interrupted has had it. */
async function pending(store: Store, institution: Institution, isDue: boolean) {
  const runs = await unfinishedRuns({ store, institution })
  return isDue ? runs : runs.filter(({ state }) => state !== 'waiting')
}

/**
 * The daily run of every institution: at its time of day it goes through the files that wait, whichever process is up;
 * what was missed while none was is caught up with. Runs that were interrupted go on as soon as somebody looks.
 */
import type { Institution } from '../directory/institution.ts'
import { listInstitutions } from '../directory/institution.ts'
import { lastDue } from '../jobs/daily.ts'
import { isDone, markDone } from '../jobs/once-a-day.ts'
import type { Store } from '../store/store.ts'
import { openFolders } from './folders.ts'
import { goOn, oneAtATime, unfinishedRuns } from './process.ts'
import type { Summary } from './summary.ts'

export type DailyRunOptions = {
  readonly store: Store
  readonly dataDir: string
  readonly onSummary: (institution: string, summary: Summary) => void
  readonly onFailure: (institution: string, error: unknown) => void
  /** How often the clock is looked at. */
  readonly everyMs?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
}

export type DailyRun = AsyncDisposable & {
  /** Looks at the clock; resolves when all that was to be done is done. */
  look(): Promise<void>
}

const DEFAULT_RUN_AT = '07:00'
const LOOK_EVERY_MS = 60_000
const NAME = 'files'
/** Institutions whose files are gone through side by side in one process. */
const SIDE_BY_SIDE = 4

/** Closing interrupts what is under way: it goes on at the next start. */
export function openDailyRun(options: DailyRunOptions): DailyRun {
  const { store, everyMs = LOOK_EVERY_MS, onFailure } = options
  const stop = new AbortController()
  const busy = new Map<string, Promise<void>>()

  async function look(): Promise<void> {
    const waiting = (await listInstitutions(store)).filter(({ _id }) => !busy.has(_id))
    const next = waiting.values()
    const worker = async () => {
      for (const institution of next) {
        if (stop.signal.aborted) return
        if (busy.has(institution._id)) continue
        const visiting = visit(institution, options, stop.signal).catch((error) => {
          if (error !== stop.signal.reason) onFailure(institution._id, error)
        })
        busy.set(institution._id, visiting)
        await visiting
        busy.delete(institution._id)
      }
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
  }

  const looks = () => void look().catch((error) => onFailure('', error))
  const timer = setInterval(looks, everyMs)
  timer.unref()
  return {
    look,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stop.abort(new Error('the server is closing'))
      await Promise.all(busy.values())
    },
  }
}

async function visit(institution: Institution, options: DailyRunOptions, stop: AbortSignal): Promise<void> {
  const { store, dataDir, onSummary, now = Date.now } = options
  const { runAt = DEFAULT_RUN_AT, timeZone = 'UTC' } = institution.settings.files ?? {}
  const due = lastDue(now(), runAt, timeZone)
  const isDue = !(await isDone(store, institution, NAME, due))
  if (!isDue && (await pending(store, institution, isDue)).length === 0) return
  const folders = await openFolders(dataDir, institution._id)
  const processing = {
    store,
    institution,
    folders,
    by: { source: 'file' },
    onProgress: () => stop.throwIfAborted(),
    now,
  } as const
  await oneAtATime(processing, async (onProgress) => {
    // Asked again: until the lease was had, another process may have done it.
    for (const run of await pending(store, institution, isDue)) {
      const summary = await goOn(run, { ...processing, onProgress })
      if (summary !== undefined) onSummary(institution._id, summary)
    }
    if (isDue) await markDone(store, institution, NAME, due)
  })
}

/** Files that wait have their time; what was interrupted has had it. */
async function pending(store: Store, institution: Institution, isDue: boolean) {
  const runs = await unfinishedRuns({ store, institution })
  return isDue ? runs : runs.filter(({ state }) => state !== 'waiting')
}

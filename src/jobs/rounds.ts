/**
 * Work that is looked after from time to time for every institution: several side by side, each by one visit at a time.
 */
import type { Institution } from '../directory/institution.ts'
import { listInstitutions } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'

export type RoundsOptions = {
  readonly store: Store
  /** Aborted when the server closes: what is under way is interrupted, and the visit may reject with the signal's reason. */
  readonly visit: (institution: Institution, stop: AbortSignal) => Promise<void>
  /** @param institution its id; empty when the institutions could not be listed */
  readonly onFailure: (institution: string, error: unknown) => void
  readonly everyMs?: number
}

export type Rounds = AsyncDisposable & {
  /** Visits every institution that is not being visited; resolves when all that was to be done is done. */
  look(): Promise<void>
}

const EVERY_MS = 60_000
const SIDE_BY_SIDE = 4

export function openRounds({ store, visit, onFailure, everyMs = EVERY_MS }: RoundsOptions): Rounds {
  const stop = new AbortController()
  const busy = new Map<string, Promise<void>>()

  async function look(): Promise<void> {
    const waiting = (await listInstitutions(store)).filter(({ _id }) => !busy.has(_id))
    const next = waiting.values()
    const worker = async () => {
      for (const institution of next) {
        if (stop.signal.aborted) return
        if (busy.has(institution._id)) continue
        const visiting = visit(institution, stop.signal).catch((error) => {
          if (error !== stop.signal.reason) onFailure(institution._id, error)
        })
        busy.set(institution._id, visiting)
        await visiting
        busy.delete(institution._id)
      }
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
  }

  const timer = setInterval(() => void look().catch((error) => onFailure('', error)), everyMs)
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

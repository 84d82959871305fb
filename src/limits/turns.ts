/**
 * Turns at what fills memory: a large body and the work on it, from before its first byte is read until it is answered.
 * An institution has a few at a time; more of its requests wait unread, in the order in which they came. Each of those
 * holds a connection, and 0.1 MB that Node takes in unasked, so they are bounded, too.
 */
import { MAX_BODY_BYTES } from './body.ts'

const AT_A_TIME = 4
const MAX_WAITING = 100
const MAX_WAIT_MS = 60_000

/** What is told of a turn that did not come. */
export const NO_TURN = {
  detail: 'other large requests of this institution are still under way: send fewer at a time, and this one again',
  headers: { 'retry-after': '5' },
} as const

/** Of one institution. */
type Line = { busy: number; readonly waiting: Set<() => void> }

export class Turns {
  readonly #lines = new Map<string, Line>()
  readonly #atATime: number
  readonly #maxWaiting: number
  readonly #maxWaitMs: number

  constructor({ atATime = AT_A_TIME, maxWaiting = MAX_WAITING, maxWaitMs = MAX_WAIT_MS } = {}) {
    this.#atATime = atATime
    this.#maxWaiting = maxWaiting
    this.#maxWaitMs = maxWaitMs
  }

  /**
   * Does the work: at once where the body is small, else when it is its turn.
   * @returns `late`, with nothing done, when that did not come in time, or too many wait already
   * @throws what the signal of the request says when the caller goes away before. Where more was sent than Node takes in
   * unasked, that is seen only when it is their turn: reading the body fails then, and the turn is passed on
   */
  async take<T>(institution: string, request: Request, work: () => Promise<T>): Promise<T | 'late'> {
    if (!isLarge(request)) return work()
    const line = this.#lines.get(institution) ?? { busy: 0, waiting: new Set() }
    this.#lines.set(institution, line)
    if (line.busy < this.#atATime) line.busy++
    else if (line.waiting.size >= this.#maxWaiting) return 'late'
    else if (!(await isUp(line, this.#maxWaitMs, request.signal))) return 'late'
    try {
      return await work()
    } finally {
      this.#passOn(institution, line)
    }
  }

  #passOn(institution: string, line: Line): void {
    const [next] = line.waiting
    if (next !== undefined) next()
    else if (--line.busy === 0) this.#lines.delete(institution)
  }
}

/** What does not say how long it is may be as long as any. */
function isLarge({ headers }: Request): boolean {
  const announced = headers.get('content-length')
  return announced === null || Number(announced) > MAX_BODY_BYTES
}

/** Waits to be handed the turn of somebody else. Whoever leaves is out of the line before anything else happens. */
function isUp({ waiting }: Line, maxWaitMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const leaving = (settle: () => void) => () => {
      waiting.delete(begin)
      clearTimeout(timer)
      signal.removeEventListener('abort', gone)
      settle()
    }
    const begin = leaving(() => resolve(true))
    const gone = leaving(() => reject(signal.reason))
    const timer = setTimeout(
      leaving(() => resolve(false)),
      maxWaitMs,
    )
    signal.addEventListener('abort', gone)
    waiting.add(begin)
    if (signal.aborted) gone()
  })
}

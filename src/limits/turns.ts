/**
 * Turns at what fills memory: a body and the work on it, from before its first byte is read until it is answered.
 * An institution has room for so many bytes at a time; more of its requests wait unread, in the order in which they came.
 * Each of those holds a connection, and 0.1 MB that Node takes in unasked, so they are bounded, too.
 */

/** Four of the longest bodies. */
const ROOM_BYTES = 32 * 1024 * 1024
/** So little needs no turn: the rate of requests is bound enough. */
const SMALL_BYTES = 16 * 1024
const MAX_WAITING = 100
const MAX_WAIT_MS = 60_000

/** What is told of a turn that did not come. */
export const NO_TURN = {
  detail: 'other large requests of this institution are still under way: send fewer at a time, and this one again',
  headers: { 'retry-after': '5' },
} as const

type Waiter = { readonly bytes: number; readonly begin: () => void }

/** Of one institution. */
type Line = { busyBytes: number; readonly waiting: Set<Waiter> }

export class Turns {
  readonly #lines = new Map<string, Line>()
  readonly #roomBytes: number
  readonly #maxWaiting: number
  readonly #maxWaitMs: number

  constructor({ roomBytes = ROOM_BYTES, maxWaiting = MAX_WAITING, maxWaitMs = MAX_WAIT_MS } = {}) {
    this.#roomBytes = roomBytes
    this.#maxWaiting = maxWaiting
    this.#maxWaitMs = maxWaitMs
  }

  /**
   * Does the work: at once where the body is small, else when it is its turn.
   * @param maxBytes what a longer body is refused for, unread
   * @returns `late`, with nothing done, when that did not come in time, or too many wait already
   * @throws what the signal of the request says when the caller goes away before. Where more was sent than Node takes in
   * unasked, that is seen only when it is their turn: reading the body fails then, and the turn is passed on
   */
  async take<T>(
    institution: string,
    { request, maxBytes }: { readonly request: Request; readonly maxBytes: number },
    work: () => Promise<T>,
  ): Promise<T | 'late'> {
    const bytes = bytesToHold(request, maxBytes)
    if (bytes <= SMALL_BYTES) return work()
    const line = this.#lines.get(institution) ?? { busyBytes: 0, waiting: new Set() }
    this.#lines.set(institution, line)
    if (line.waiting.size === 0 && line.busyBytes + bytes <= this.#roomBytes) line.busyBytes += bytes
    else if (line.waiting.size >= this.#maxWaiting) return 'late'
    else if (!(await this.#isUp(line, bytes, request.signal).finally(() => this.#passOn(institution, line)))) return 'late'
    try {
      return await work()
    } finally {
      line.busyBytes -= bytes
      this.#passOn(institution, line)
    }
  }

  /** Lets in who waits longest, as many as there is room for: somebody has ended, or has left who stood in their way. */
  #passOn(institution: string, line: Line): void {
    for (const waiter of line.waiting) {
      if (line.busyBytes + waiter.bytes > this.#roomBytes) return
      line.busyBytes += waiter.bytes
      waiter.begin()
    }
    if (line.busyBytes === 0) this.#lines.delete(institution)
  }

  /** Waits to be let in. Whoever leaves is out of the line before anything else happens. */
  #isUp({ waiting }: Line, bytes: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const leaving = (settle: () => void) => () => {
        waiting.delete(waiter)
        clearTimeout(timer)
        signal.removeEventListener('abort', gone)
        settle()
      }
      const waiter = { bytes, begin: leaving(() => resolve(true)) }
      const gone = leaving(() => reject(signal.reason))
      const timer = setTimeout(
        leaving(() => resolve(false)),
        this.#maxWaitMs,
      )
      signal.addEventListener('abort', gone)
      waiting.add(waiter)
      if (signal.aborted) gone()
    })
  }
}

/** What does not say how long it is may be as long as any; what is too long is not read at all. */
function bytesToHold({ headers }: Request, maxBytes: number): number {
  const announced = headers.get('content-length')
  if (announced === null) return maxBytes
  return Number(announced) > maxBytes ? 0 : Number(announced)
}

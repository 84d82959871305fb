/**
 * POST /users/batch as application/x-ndjson: any number of people in, one result a line out, in order and in constant
 * memory. Where results are not read, no more people are; where the client is gone, nothing more is done.
 */
import type { Admission } from '../auth/admit.ts'
import { readmission } from '../auth/readmit.ts'
import { flatChange } from '../directory/flat-change.ts'
import { readJsonText } from '../directory/json-text.ts'
import { MOST_OPEN } from '../directory/line.ts'
import { SLICE } from '../directory/slice.ts'
import { MAX_BODY_BYTES } from '../limits/body.ts'
import type { Seat, Sitter } from '../limits/seats.ts'
import { Seats } from '../limits/seats.ts'
import { StoreError } from '../store/store.ts'
import type { Answer } from './answers.ts'
import { problem } from './answers.ts'
import type { ApiDeps, Caller, Exchange } from './deps.ts'
import { packedBody } from './json-body.ts'
import type { Line } from './lines.ts'
import { LineBatches } from './lines.ts'
import { dryRunIn } from './query.ts'
import type { Result } from './results.ts'
import { resultsOf } from './results.ts'
import type { Read } from './write.ts'
import { readEach, tellEach } from './write.ts'

/** Of a batch: what is planned in one go. */
const MOST_LINES = SLICE
/** Of a batch, of which five may be in memory. */
const MOST_LENGTH = 4 * 1024 * 1024

/** Results that wait for a client which sends all before it reads any: 200,000 of them, or so. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** Handed in and not told yet: no more than the line takes, and one that is at hand. */
const MOST_UNDER_WAY = MOST_OPEN + 1

/** At a time: each may keep in memory what waits for its client. */
const MOST_STREAMS = { total: 100, perGroup: 10 } as const

/** After so long without a batch a stream gives way to another one. */
const IDLE_MS = 60_000

export function openStreams(): Seats {
  return new Seats(MOST_STREAMS)
}

/** A batch that is handed in, or what comes in place of one. */
type Step = { readonly results: Promise<readonly Result[]> } | 'end'

/** @param streams that are under way, by institution */
export function streamBatch(deps: ApiDeps, exchange: Exchange, streams: Seats): Response | Answer {
  const isDryRun = dryRunIn(exchange.query)
  if (typeof isDryRun !== 'boolean') return isDryRun
  if (exchange.request.headers.has('idempotency-key')) {
    return problem('idempotency_key', 'a stream takes none: send it again as it is, what was done is unchanged then')
  }
  const packed = packedBody(exchange.request)
  if (packed !== undefined) return packed
  const { body } = exchange.request
  if (body === null) return problem('malformed', 'the body is empty')
  const lines = new LineBatches(body, { mostLines: MOST_LINES, mostLength: MOST_LENGTH, maxLineBytes: MAX_BODY_BYTES })
  const results = new Results(deps, exchange, lines, isDryRun)
  const seat = streams.take(exchange.caller.institution._id, results)
  if (seat === undefined) {
    const detail = `${MOST_STREAMS.perGroup} streams of this institution are under way: wait until one has ended`
    return problem('limited', detail, {}, { 'retry-after': '5' })
  }
  const stream = new ReadableStream<Uint8Array>(
    { start: (controller) => results.start(controller, seat), pull: () => results.pull(), cancel: () => results.cancel() },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }),
  )
  return new Response(stream, { headers: { 'content-type': 'application/x-ndjson' } })
}

class Results implements Sitter {
  readonly #deps: ApiDeps
  readonly #exchange: Exchange
  readonly #lines: LineBatches
  readonly #isDryRun: boolean
  readonly #utf8 = new TextEncoder()
  #caller: Caller
  readonly #readmit: () => Promise<Admission>
  readonly #now: () => number
  #activeAt: number
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #seat: Seat | undefined
  #index = 0
  /** In order; each begins when the one before it is handed in. */
  readonly #steps: Promise<Step>[] = []
  #last: Promise<Step | undefined> = Promise.resolve(undefined)
  #isStopping = false

  constructor(deps: ApiDeps, exchange: Exchange, lines: LineBatches, isDryRun: boolean) {
    this.#deps = deps
    this.#exchange = exchange
    this.#caller = exchange.caller
    this.#lines = lines
    this.#isDryRun = isDryRun
    this.#readmit = readmission(deps.admit, exchange.request, exchange.caller, deps.now)
    this.#now = deps.now ?? Date.now
    this.#activeAt = this.#now()
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>, seat: Seat): void {
    this.#controller = controller
    this.#seat = seat
  }

  cancel(): Promise<void> {
    this.#seat?.leave()
    return this.#lines.cancel()
  }

  isIdle(): boolean {
    return this.#now() - this.#activeAt >= IDLE_MS
  }

  onOut(): void {
    this.#stop()
    // Nobody reads what waits here, and its last words would wait as well.
    if ((this.#controller?.desiredSize ?? 0) <= 0) this.#controller?.error(new Error('its results are not read'))
  }

  async pull(): Promise<void> {
    while (this.#steps.length < MOST_UNDER_WAY) {
      this.#last = this.#last.then((before) => (before === 'end' ? before : this.#begin()))
      this.#steps.push(this.#last as Promise<Step>)
    }
    const step = (await this.#steps.shift()) as Step
    const results = step === 'end' ? this.#lastWords() : await step.results
    if (results.length > 0 && (this.#isStopping || !this.#lines.isBroken)) this.#controller?.enqueue(this.#written(results))
    if (step !== 'end') return this.#touch()
    this.#seat?.leave()
    this.#controller?.close()
  }

  #touch(): void {
    this.#activeAt = this.#now()
    this.#seat?.touch()
  }

  /** Reads a batch and hands it in. */
  async #begin(): Promise<Step> {
    const lines = await this.#lines.next()
    if (lines === undefined || lines === 'broken') return 'end'
    try {
      const batch = await readEach(lines, (line) => readLine(line, this.#caller))
      if (await this.#mayGoOn()) return { results: this.#carriedOut(batch) }
      this.#stop()
      return 'end'
    } catch (error) {
      return { results: Promise.resolve(this.#failed(lines, error)) }
    }
  }

  async #carriedOut(batch: readonly Read[]): Promise<readonly Result[]> {
    try {
      const told = await tellEach(this.#deps, this.#caller, batch, this.#isDryRun)
      return resultsOf(told, this.#isDryRun)
    } catch (error) {
      return this.#failed(batch, error)
    }
  }

  #failed(batch: readonly unknown[], error: unknown): readonly Result[] {
    this.#stop()
    this.#deps.failed(error, this.#exchange.request)
    return batch.map(() => failed(error))
  }

  /** The answer cannot become an error any more, so where it stops its last line says where to go on. */
  #lastWords(): readonly Result[] {
    return this.#isStopping ? [STOPPED] : []
  }

  /** Nothing more is read; what is handed in already is told. */
  #stop(): void {
    this.#isStopping = true
    void this.#lines.cancel()
  }

  /** A stream may take hours: whether its token still holds, and what the settings are now. */
  async #mayGoOn(): Promise<boolean> {
    const admission = await this.#readmit()
    if (admission.kind === 'ok') this.#caller = admission
    return admission.kind === 'ok'
  }

  #written(results: readonly Result[]): Uint8Array {
    const text = results.map((result) => `${JSON.stringify({ index: this.#index++, ...result })}\n`).join('')
    return this.#utf8.encode(text)
  }
}

function readLine(line: Line, caller: Caller): Read {
  if (line.kind === 'bad') return [{ code: line.code, message: line.message }]
  const parsed = readJsonText(line.text)
  if (parsed.kind === 'ok') return flatChange(parsed.value, caller)
  return [{ code: 'line_unreadable', message: `line ${line.number} ${parsed.message}` }]
}

function failed(error: unknown): Result {
  const code = error instanceof StoreError ? 'unavailable' : 'internal'
  return { outcome: 'failed', problems: [{ code, message: 'the server could not do this now: send it again' }] }
}

const STOPPED: Result = {
  outcome: 'failed',
  problems: [{ code: 'stopped', message: 'from this line on nothing was done: send the rest again' }],
}

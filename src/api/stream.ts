/**
 * POST /users/batch as application/x-ndjson: any number of people in, one result a line out, in order and in constant
 * memory. Where results are not read, no more people are; where the client is gone, nothing more is done.
 */
import { flatChange } from '../directory/flat-change.ts'
import { MAX_BODY_BYTES } from '../limits/body.ts'
import { StoreError } from '../store/store.ts'
import type { Answer } from './answers.ts'
import { problem } from './answers.ts'
import type { ApiDeps, Caller, Exchange } from './deps.ts'
import { parseJson } from './json-body.ts'
import type { Line } from './lines.ts'
import { LineBatches } from './lines.ts'
import { dryRunIn } from './query.ts'
import type { Result } from './results.ts'
import { resultOf } from './results.ts'
import type { Read } from './write.ts'
import { readEach, tellEach } from './write.ts'

const MOST_LINES = 200

/** Results that wait for a client which sends all before it reads any: 200,000 of them, or so. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** After so long a stream is admitted again. */
const ADMITTED_MS = 5000

type Batch = readonly Read[] | 'broken' | undefined

export function streamBatch(deps: ApiDeps, exchange: Exchange): Response | Answer {
  const isDryRun = dryRunIn(exchange.query)
  if (typeof isDryRun !== 'boolean') return isDryRun
  if (exchange.request.headers.has('idempotency-key')) {
    return problem('idempotency_key', 'a stream takes none: send it again as it is, what was done is unchanged then')
  }
  const { body } = exchange.request
  if (body === null) return problem('malformed', 'the body is empty')
  const lines = new LineBatches(body, { mostLines: MOST_LINES, maxLineBytes: MAX_BODY_BYTES })
  const results = new Results(deps, exchange, lines, isDryRun)
  const stream = new ReadableStream<Uint8Array>(
    { pull: (controller) => results.pull(controller), cancel: () => lines.cancel() },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }),
  )
  return new Response(stream, { headers: { 'content-type': 'application/x-ndjson' } })
}

class Results {
  readonly #deps: ApiDeps
  readonly #exchange: Exchange
  readonly #lines: LineBatches
  readonly #isDryRun: boolean
  readonly #utf8 = new TextEncoder()
  #caller: Caller
  readonly #now: () => number
  #admittedAt: number
  #index = 0
  /** The batch after the one that is being written: read meanwhile. */
  #ahead: Promise<Batch> | undefined

  constructor(deps: ApiDeps, exchange: Exchange, lines: LineBatches, isDryRun: boolean) {
    this.#deps = deps
    this.#exchange = exchange
    this.#caller = exchange.caller
    this.#lines = lines
    this.#isDryRun = isDryRun
    this.#now = deps.now ?? Date.now
    this.#admittedAt = this.#now()
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const batch = await (this.#ahead ?? this.#read())
    if (batch === 'broken' || batch === undefined || this.#lines.isBroken) return controller.close()
    try {
      if (!(await this.#mayGoOn())) return await this.#stop(controller, [])
      const told = tellEach(this.#deps, this.#caller, batch, this.#isDryRun)
      this.#ahead = this.#read()
      // It may be that nobody asks for it any more.
      this.#ahead.catch(() => undefined)
      const results = (await told).map((one) => resultOf(one, this.#isDryRun))
      controller.enqueue(this.#written(results))
    } catch (error) {
      this.#deps.failed(error, this.#exchange.request)
      await this.#stop(
        controller,
        batch.map(() => failed(error)),
      )
    }
  }

  async #read(): Promise<Batch> {
    const lines = await this.#lines.next()
    return Array.isArray(lines) ? readEach(lines, (line) => readLine(line, this.#caller)) : (lines as 'broken' | undefined)
  }

  /** A stream may take hours: whether its token still holds, and what the settings are now. */
  async #mayGoOn(): Promise<boolean> {
    if (this.#now() - this.#admittedAt < ADMITTED_MS) return true
    const admitted = await this.#deps.admit(this.#exchange.request, this.#caller.institution._id)
    this.#admittedAt = this.#now()
    if (admitted.kind === 'ok') this.#caller = admitted
    return admitted.kind === 'ok' || admitted.status === 429
  }

  /** The answer cannot become an error any more, so its last line says where to go on. */
  async #stop(controller: ReadableStreamDefaultController<Uint8Array>, results: readonly Result[]): Promise<void> {
    controller.enqueue(this.#written([...results, STOPPED]))
    controller.close()
    await this.#lines.cancel()
  }

  #written(results: readonly Result[]): Uint8Array {
    const text = results.map((result) => `${JSON.stringify({ index: this.#index++, ...result })}\n`).join('')
    return this.#utf8.encode(text)
  }
}

function readLine(line: Line, caller: Caller): Read {
  if (line.kind === 'bad') return [{ code: line.code, message: line.message }]
  const parsed = parseJson(line.text)
  if (parsed.kind === 'ok') return flatChange(parsed.value, caller)
  return [{ code: 'line_unreadable', message: `line ${line.number} is not JSON: ${parsed.message}` }]
}

function failed(error: unknown): Result {
  const code = error instanceof StoreError ? 'unavailable' : 'internal'
  return { outcome: 'failed', problems: [{ code, message: 'the server could not do this now: send it again' }] }
}

const STOPPED: Result = {
  outcome: 'failed',
  problems: [{ code: 'stopped', message: 'from this line on nothing was done: send the rest again' }],
}

/**
 * POST /users/batch as application/x-ndjson: any number of people in, one result a line out, in order and in constant
 * memory. Where results are not read, no more people are; where the client is gone, nothing more is done.
 */
import type { Problem } from '../directory/change.ts'
import { MAX_BODY_BYTES } from '../limits/body.ts'
import { StoreError } from '../store/store.ts'
import type { Answer } from './answers.ts'
import { problem } from './answers.ts'
import type { ApiDeps, Exchange } from './deps.ts'
import { parseJson } from './json-body.ts'
import type { Line } from './lines.ts'
import { LineBatches } from './lines.ts'
import { dryRunIn } from './query.ts'
import type { Result } from './results.ts'
import { resultOf } from './results.ts'
import { tellEach } from './write.ts'

const MOST_LINES = 200

/** Results that wait for a client which sends all before it reads any: 200,000 of them, or so. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

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
  #index = 0

  constructor(deps: ApiDeps, exchange: Exchange, lines: LineBatches, isDryRun: boolean) {
    this.#deps = deps
    this.#exchange = exchange
    this.#lines = lines
    this.#isDryRun = isDryRun
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const batch = await this.#lines.next()
    if (batch === 'broken' || batch === undefined) return controller.close()
    try {
      controller.enqueue(this.#written(await this.#work(batch)))
    } catch (error) {
      this.#deps.failed(error, this.#exchange.request)
      controller.enqueue(this.#written([...batch.map(() => failed(error)), stopped()]))
      controller.close()
      await this.#lines.cancel()
    }
  }

  /** One result a line, in the order of the lines. */
  async #work(batch: readonly Line[]): Promise<Result[]> {
    const read = batch.map(readLine)
    const good = read.flatMap((one) => ('value' in one ? [one.value] : []))
    const told = (await tellEach(this.#deps, this.#exchange, good, this.#isDryRun)).values()
    return read.map((one) => {
      const next = 'value' in one ? told.next().value : { problems: [one] }
      return next === undefined ? failed(undefined) : resultOf(next, this.#isDryRun)
    })
  }

  #written(results: readonly Result[]): Uint8Array {
    const text = results.map((result) => `${JSON.stringify({ index: this.#index++, ...result })}\n`).join('')
    return this.#utf8.encode(text)
  }
}

function readLine(line: Line): { readonly value: unknown } | Problem {
  if (line.kind === 'bad') return { code: line.code, message: line.message }
  const parsed = parseJson(line.text)
  if (parsed.kind === 'ok') return { value: parsed.value }
  return { code: 'line_unreadable', message: `line ${line.number} is not JSON: ${parsed.message}` }
}

function failed(error: unknown): Result {
  const code = error instanceof StoreError ? 'unavailable' : 'internal'
  return { outcome: 'failed', problems: [{ code, message: 'the server could not do this now: send it again' }] }
}

/** The answer cannot become an error any more, so its last line says where to go on. */
function stopped(): Result {
  return {
    outcome: 'failed',
    problems: [{ code: 'stopped', message: 'from this line on nothing was done: send the rest again' }],
  }
}

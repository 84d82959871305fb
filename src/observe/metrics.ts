/**
 * What Prometheus can ask for: requests, outcomes, batches, failures of the store, and the process itself.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

export type Metrics = {
  readonly contentType: string
  /** The text that Prometheus reads. */
  text(): Promise<string>
  request(method: string, route: string, status: number, seconds: number): void
  outcome(channel: string, kind: string): void
  batch(size: number): void
  storeError(fault: string): void
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function openMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'matricula_http_request_duration_seconds',
    help: 'Requests by method, route and status, and how long they took',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const outcomes = new Counter({
    name: 'matricula_outcomes_total',
    help: 'What became of changes, by channel and kind of outcome',
    labelNames: ['channel', 'kind'],
    registers,
  })
  const batches = new Histogram({
    name: 'matricula_batch_changes',
    help: 'Changes written together',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200],
    registers,
  })
  const storeErrors = new Counter({
    name: 'matricula_store_errors_total',
    help: 'Failures of the store, by kind',
    labelNames: ['fault'],
    registers,
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request(method, route, status, seconds) {
      // A method is the caller's word: one that is not known must not make a series of its own.
      requests.observe({ method: METHODS.has(method) ? method : 'other', route, status }, seconds)
    },
    outcome: (channel, kind) => outcomes.inc({ channel, kind }),
    batch: (size) => batches.observe(size),
    storeError: (fault) => storeErrors.inc({ fault }),
  }
}

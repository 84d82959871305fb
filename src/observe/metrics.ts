/**
 * What Prometheus can ask for: requests, outcomes, batches, failures of the store, the drop box, and the process itself.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  readonly contentType: string
  /** The text that Prometheus reads. */
  text(): Promise<string>
  request(method: string, route: string, status: number, seconds: number): void
  outcome(channel: string, kind: string, count: number): void
  batch(size: number): void
  storeError(fault: string): void
  /** @param result `accepted`, or the code of the reason */
  signIn(result: string): void
  /** @param result `ok`, or why not */
  sftpSignIn(result: string): void
  sftpConnections(change: 1 | -1): void
  sftpUpload(result: string): void
  sftpBytes(direction: 'in' | 'out', bytes: number): void
  /** @param ends by identity provider, when the last of its certificates ends: epoch milliseconds */
  samlCertificates(institution: string, ends: ReadonlyMap<string, number>): void
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
  const signIns = new Counter({
    name: 'matricula_sign_ins_total',
    help: 'Sign-ins through identity providers: accepted, or the code of the reason',
    labelNames: ['result'],
    registers,
  })
  const sftp = openSftpMetrics(registers)
  return {
    ...sftp,
    samlCertificates: openCertificateMetrics(registers),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request(method, route, status, seconds) {
      // A method is the caller's word: one that is not known must not make a series of its own.
      requests.observe({ method: METHODS.has(method) ? method : 'other', route, status }, seconds)
    },
    outcome: (channel, kind, count) => outcomes.inc({ channel, kind }, count),
    batch: (size) => batches.observe(size),
    storeError: (fault) => storeErrors.inc({ fault }),
    signIn: (result) => signIns.inc({ result }),
  }
}

function openSftpMetrics(registers: Registry[]): Pick<Metrics, 'sftpSignIn' | 'sftpConnections' | 'sftpUpload' | 'sftpBytes'> {
  const signIns = new Counter({
    name: 'matricula_sftp_sign_ins_total',
    help: 'Sign-ins to the drop box, by result',
    labelNames: ['result'],
    registers,
  })
  const connections = new Gauge({ name: 'matricula_sftp_connections', help: 'Connections that are signed in', registers })
  const uploads = new Counter({
    name: 'matricula_sftp_uploads_total',
    help: 'Uploads to the drop box, by what became of them',
    labelNames: ['result'],
    registers,
  })
  const bytes = new Counter({
    name: 'matricula_sftp_bytes_total',
    help: 'Bytes of files over SFTP, in and out',
    labelNames: ['direction'],
    registers,
  })
  return {
    sftpSignIn: (result) => signIns.inc({ result }),
    sftpConnections: (change) => connections.inc(change),
    sftpUpload: (result) => uploads.inc({ result }),
    sftpBytes: (direction, count) => bytes.inc({ direction }, count),
  }
}

function openCertificateMetrics(registers: Registry[]): Metrics['samlCertificates'] {
  const known = new Map<string, ReadonlyMap<string, number>>()
  new Gauge({
    name: 'matricula_saml_certificate_end_timestamp_seconds',
    help: 'When the last certificate of an identity provider ends',
    labelNames: ['institution', 'idp'],
    registers,
    collect() {
      this.reset()
      for (const [institution, ends] of known) for (const [idp, end] of ends) this.set({ institution, idp }, end / 1000)
    },
  })
  return (institution, ends) => known.set(institution, ends)
}

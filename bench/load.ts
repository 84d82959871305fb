/**
 * The load generator: a process of its own, so that it shares no thread with what it measures.
 * Takes one job as JSON on its command line, prints one result as JSON.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { Reply } from './connection.ts'
import { Connection } from './connection.ts'
import { percentile } from './figures.ts'
import { personOf, userNameOf } from './people.ts'

/** Creates come last, so that the others of a round meet the roll as it was filled. */
export const OPERATIONS = ['get', 'filter', 'patch', 'list 50', 'list 100', 'create'] as const
export type Operation = (typeof OPERATIONS)[number]

export type Job = {
  readonly url: string
  readonly token: string
  readonly operation: Operation
  readonly connections: number
  /** Stops after so many requests or seconds, whichever comes first, or when it is sent SIGTERM. */
  readonly requests: number
  readonly seconds: number
  /** Requests a second, sent on time whether or not earlier ones are answered; as fast as possible when absent. */
  readonly rate?: number
  /** Of the first person to create. */
  readonly from: number
  /** File with the people who are there, as `{id, number}` a line of JSON; absent for creates. */
  readonly people?: string
}

export type Person = { readonly id: string; readonly number: number }

export type Result = {
  /** All, those that warmed up included. */
  readonly sent: number
  readonly perSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly max: number
  /** Answers that were not what the operation wants, by status. */
  readonly wrong: { readonly [status: string]: number }
  readonly made: readonly Person[]
}

const EXPECTED: { readonly [O in Operation]: readonly number[] } = {
  create: [201],
  get: [200],
  filter: [200],
  patch: [200, 204],
  'list 50': [200],
  'list 100': [200],
}
/** Of requests or time, whichever is over first: it warms up connections and code, and is not counted. */
const WARM_UP = 0.1

async function run(job: Job): Promise<Result> {
  const build = requestsOf(job)
  const tally = new Tally(job)
  const connections = Array.from(
    { length: job.connections },
    () => new Connection(new URL(job.url).hostname, Number(new URL(job.url).port)),
  )
  try {
    await (job.rate === undefined
      ? asFastAsPossible(job, connections, build, tally)
      : onTime(job, job.rate, connections, build, tally))
  } finally {
    for (const connection of connections) connection.close()
  }
  return tally.result()
}

type Build = (number: number) => string

let isStopped = false

async function asFastAsPossible(job: Job, connections: readonly Connection[], build: Build, tally: Tally): Promise<void> {
  const until = performance.now() + job.seconds * 1000
  let next = 0
  await Promise.all(
    connections.map(async (connection) => {
      while (next < job.requests && performance.now() < until && !isStopped) {
        const number = next++
        const request = build(number)
        const began = performance.now()
        const reply = await connection.ask(request)
        tally.add(number, began, reply)
      }
    }),
  )
}

/** Latency is counted from when a request was due: one that waits for a free connection has waited for the server. */
async function onTime(job: Job, rate: number, connections: readonly Connection[], build: Build, tally: Tally): Promise<void> {
  const began = performance.now()
  const total = Math.min(job.requests, Math.floor(job.seconds * rate))
  let next = 0
  await Promise.all(
    connections.map(async (connection) => {
      while (next < total && !isStopped) {
        const number = next++
        const due = began + (number * 1000) / rate
        const early = due - performance.now()
        if (early > 0) await wait(early)
        tally.add(number, Math.max(due, early > 0 ? performance.now() : due), await connection.ask(build(number)))
      }
    }),
  )
}

class Tally {
  readonly #job: Job
  readonly #times: number[] = []
  readonly #wrong = new Map<number, number>()
  readonly #made: Person[] = []
  readonly #began = performance.now()
  #sent = 0
  #counted: { from: number; to: number } | undefined

  constructor(job: Job) {
    this.#job = job
  }

  add(number: number, began: number, reply: Reply): void {
    const now = performance.now()
    this.#sent++
    if (!EXPECTED[this.#job.operation].includes(reply.status))
      this.#wrong.set(reply.status, (this.#wrong.get(reply.status) ?? 0) + 1)
    if (this.#job.operation === 'create') this.#note(number, reply)
    if (this.#isWarmUp(number, began)) return
    this.#counted ??= { from: began, to: now }
    this.#counted.to = now
    this.#times.push(now - began)
  }

  #isWarmUp(number: number, began: number): boolean {
    const { rate, requests, seconds } = this.#job
    return rate === undefined && number < requests * WARM_UP && began < this.#began + seconds * 1000 * WARM_UP
  }

  #note(number: number, reply: Reply): void {
    const id = /"id": ?"([^"]+)"/.exec(reply.body.toString('utf8'))?.[1]
    if (id !== undefined) this.#made.push({ id, number: this.#job.from + number })
  }

  result(): Result {
    const sorted = Float64Array.from(this.#times).sort()
    const seconds = this.#counted === undefined ? Number.NaN : (this.#counted.to - this.#counted.from) / 1000
    return {
      sent: this.#sent,
      perSecond: sorted.length / seconds,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      max: percentile(sorted, 1),
      wrong: Object.fromEntries(this.#wrong),
      made: this.#made,
    }
  }
}

/** Whole requests as text, by their number. */
function requestsOf(job: Job): Build {
  const { pathname, host } = new URL(job.url)
  const base = pathname.replace(/\/$/, '')
  const people = readPeople(job.people)
  // A fixed stride visits people in no order, and every server the same ones.
  const someone = (number: number) => people[(number * 7919) % people.length] as Person
  const send = (method: string, path: string, body?: string) =>
    `${method} ${base}${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${job.token}\r\naccept: application/scim+json\r\n${
      body === undefined
        ? '\r\n'
        : `content-type: application/scim+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    }`
  switch (job.operation) {
    case 'create':
      return (number) => send('POST', '/Users', JSON.stringify(personOf(job.from + number)))
    case 'get':
      return (number) => send('GET', `/Users/${someone(number).id}`)
    case 'filter':
      return (number) => send('GET', `/Users?filter=userName%20eq%20%22${userNameOf(someone(number).number)}%22`)
    case 'patch':
      return (number) => send('PATCH', `/Users/${someone(number).id}`, patchOf(number))
    case 'list 50':
      return () => send('GET', '/Users?startIndex=1&count=50')
    case 'list 100':
      return () => send('GET', '/Users?startIndex=1&count=100')
    default:
      return job.operation satisfies never
  }
}

function patchOf(number: number): string {
  const stamp = `${number} ${Date.now()}`
  return JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [
      { op: 'replace', path: 'displayName', value: `Changed ${stamp}` },
      { op: 'replace', path: 'title', value: `Title ${stamp}` },
    ],
  })
}

function readPeople(file: string | undefined): Person[] {
  if (file === undefined) return []
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Person)
}

if (import.meta.main) {
  process.once('SIGTERM', () => {
    isStopped = true
  })
  process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}'))))
}

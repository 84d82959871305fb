/**
 * Requests a second and latency over HTTP: this server, the bare ceiling and the peer, in turn, as ratios of medians.
 */
import { median, say, sayRatio, table } from './figures.ts'
import { Subject } from './generate.ts'
import type { Operation, Result } from './load.ts'
import { OPERATIONS } from './load.ts'
import { cpuSeconds } from './process.ts'
import { openFolder, startCeiling, startMatricula, startPeer } from './servers.ts'

export type HttpOptions = {
  /** On the roll before anything is measured. */
  readonly users: number
  /** The peer keeps to fewer, in its favour: whatever it lists or filters takes longer the more there are. */
  readonly peerUsers: number
  readonly rounds: number
  readonly requests: number
  /** At most, for one operation on one server in one round. */
  readonly seconds: number
  readonly progress: (text: string) => void
}

/** `cpu`: microseconds of processor time a request, of all threads of the server. */
type Measured = Result & { readonly cpu: number }
type Results = Map<string, Measured[]>

export async function measureHttp(options: HttpOptions): Promise<string> {
  await using folder = await openFolder()
  await using ours = await startMatricula(`${folder.path}/matricula`)
  await using ceiling = await startCeiling(`${folder.path}/ceiling`)
  const lasting = [ours, ceiling].map((server) => new Subject(server, folder.path))
  const results: Results = new Map()
  for (const subject of lasting) await fill(subject, options.users, options)
  for (let round = 1; round <= options.rounds; round++) {
    // The peer begins anew in each round: what the rounds create would make its lists slower and slower.
    await using peer = await startPeer()
    const subject = new Subject(peer, folder.path)
    await fill(subject, options.peerUsers, options)
    for (const operation of OPERATIONS) {
      for (const one of [...lasting, subject]) await measureOne(one, operation, round, options, results)
      // Whoever goes first meets another machine than who goes last.
      lasting.reverse()
    }
  }
  return report(results, options)
}

async function fill(subject: Subject, users: number, { progress }: HttpOptions): Promise<void> {
  progress(`${subject.server.name}: ${users} users`)
  checkAnswers(await subject.run({ operation: 'create', requests: users, seconds: 600 }), 'the fill', subject)
}

async function measureOne(
  subject: Subject,
  operation: Operation,
  round: number,
  options: HttpOptions,
  results: Results,
): Promise<void> {
  const { pid } = subject.server
  const before = await cpuSeconds(pid)
  const result = await subject.run({ operation, requests: options.requests, seconds: options.seconds })
  const cpu = ((await cpuSeconds(pid)) - before) * (1_000_000 / result.sent)
  checkAnswers(result, operation, subject)
  options.progress(`round ${round}: ${operation} on ${subject.server.name}: ${say(result.perSecond)}/s`)
  const key = `${operation} ${subject.server.name}`
  results.set(key, [...(results.get(key) ?? []), { ...result, cpu }])
}

/** Figures of wrong answers would be figures of something else. */
function checkAnswers({ wrong }: Result, operation: string, { server }: Subject): void {
  const statuses = Object.entries(wrong).map(([status, times]) => `${times} times ${status}`)
  if (statuses.length > 0) throw new Error(`${server.name} answered ${operation} with ${statuses.join(', ')}`)
}

function report(results: Results, { users, peerUsers, rounds }: HttpOptions): string {
  const of = (operation: Operation, name: string, pick: (result: Measured) => number) =>
    median((results.get(`${operation} ${name}`) ?? []).map(pick))
  const [ours, ceiling, peer] = ['matricula', 'ceiling', 'scimmy-routers'] as const
  const rows = OPERATIONS.map((operation) => {
    const perSecond = (name: string) => of(operation, name, (result) => result.perSecond)
    return [
      operation,
      say(perSecond(ours)),
      say(perSecond(ceiling)),
      say(perSecond(peer)),
      sayRatio(perSecond(ours) / perSecond(ceiling)),
      sayRatio(perSecond(ours) / perSecond(peer)),
      ...[ours, ceiling].map((name) => say(of(operation, name, ({ cpu }) => cpu))),
      ...[ours, ceiling].flatMap((name) => [
        say(of(operation, name, ({ p50 }) => p50)),
        say(of(operation, name, ({ p99 }) => p99)),
      ]),
    ]
  })
  const head = [
    '',
    'matricula /s',
    'ceiling /s',
    'peer /s',
    'to ceiling',
    'to peer',
    'CPU µs',
    'ceiling',
    'p50 ms',
    'p99 ms',
    'ceiling p50',
    'ceiling p99',
  ]
  const what = `16 connections, medians of ${rounds} rounds in turn; ${say(users)} users at the start (peer: ${say(peerUsers)})`
  return `## HTTP\n\n${what}\n\n${table(head, rows)}\n`
}

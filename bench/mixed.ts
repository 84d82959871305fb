/**
 * Whether sign-ins feel a nightly import: reads at a steady rate while people are upserted in batches in the same process.
 */
import { say, table } from './figures.ts'
import { Subject } from './generate.ts'
import type { Result } from './load.ts'
import { fillRoll } from './roll.ts'
import { forkMatricula, openFolder } from './servers.ts'

export type MixedOptions = {
  /** On the roll at the start. */
  readonly small: number
  /** Upserted while reads go on. */
  readonly users: number
  readonly seconds: number
  readonly progress: (text: string) => void
}

/** What the server process is asked for, and what it says when it is done. */
export type Order = { readonly from: number; readonly users: number }
export type Done = { readonly seconds: number }

const RATE = 100
const LONGEST_SECONDS = 3600

export async function measureMixed({ small, users, seconds, progress }: MixedOptions): Promise<string> {
  await using folder = await openFolder()
  const people = await fillRoll(folder.path, small, progress)
  await using server = await forkMatricula(new URL('./mixed-server.ts', import.meta.url), folder.path)
  const subject = new Subject(server, folder.path)
  await subject.adopt(people, small + 1)
  const reads = { operation: 'get', requests: RATE * LONGEST_SECONDS, connections: 16, rate: RATE } as const

  const quiet = await subject.run({ ...reads, seconds })
  progress(`nothing beside: p99 ${say(quiet.p99)} ms`)
  const load = subject.start({ ...reads, seconds: LONGEST_SECONDS })
  const order: Order = { from: small + 1, users }
  const done = await server.order<Done>(order)
  load.stop()
  const busy = await load.result

  const row = (name: string, { p50, p99, max }: Result) => [name, say(p50), say(p99), say(max)]
  const what = `GET by id at ${RATE}/s, ms; ${say(users)} new people upserted in ${say(done.seconds)} s, ${say(users / done.seconds)}/s`
  return `## Reads beside an import\n\n${what}\n\n${table(['', 'p50', 'p99', 'max'], [row('nothing beside', quiet), row('during the upsert', busy)])}\n`
}

/**
 * Whether a large roll is as quick as a small one: latency at both, in turn, one request at a time.
 */
import { median, say, sayRatio, table } from './figures.ts'
import { Subject } from './generate.ts'
import { OPERATIONS } from './load.ts'
import { fillRoll } from './roll.ts'
import { openFolder, startMatricula } from './servers.ts'

export type ScaleOptions = {
  readonly small: number
  readonly users: number
  readonly rounds: number
  readonly seconds: number
  readonly progress: (text: string) => void
}

export async function measureScale({ small, users, rounds, seconds, progress }: ScaleOptions): Promise<string> {
  await using folder = await openFolder()
  const subjects: Subject[] = []
  await using servers = new AsyncDisposableStack()
  for (const size of [small, users]) {
    const place = `${folder.path}/${size}`
    const people = await fillRoll(place, size, progress)
    const subject = new Subject(servers.use(await startMatricula(place)), place)
    await subject.adopt(people, size + 1)
    subjects.push(subject)
  }
  const rows: string[][] = []
  for (const operation of OPERATIONS) {
    const p50s: number[][] = subjects.map(() => [])
    for (let round = 1; round <= rounds; round++) {
      for (const [index, subject] of subjects.entries()) {
        const { p50 } = await subject.run({ operation, requests: 5000, seconds, connections: 1 })
        p50s[index]?.push(p50)
      }
    }
    const [low = Number.NaN, high = Number.NaN] = p50s.map(median)
    progress(`${operation}: ${say(low)} ms, ${say(high)} ms`)
    rows.push([operation, say(low), say(high), sayRatio(high / low)])
  }
  const what = `p50 in ms, one request at a time, medians of ${rounds} rounds in turn`
  return `## Size of the roll\n\n${what}\n\n${table(['', `${say(small)} users`, `${say(users)} users`, 'ratio'], rows)}\n`
}

/**
 * A stream of people over HTTP, as a student system sends it at night: new ones, then the same again; what it takes of
 * memory, what a bare insert of the same documents takes, and how long others wait for their reads meanwhile.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import { insertBare, readAll } from './bulk.ts'
import { median, percentile, say, sayRatio, table } from './figures.ts'
import { residentMb } from './process.ts'
import type { Server } from './servers.ts'
import { openFolder, startMatricula, tokenFor } from './servers.ts'

export type StreamOptions = { readonly users: number; readonly rounds: number; readonly progress: (text: string) => void }

/** What one pass took: people a second, megabytes at most, and milliseconds of a read meanwhile. */
type Pass = { readonly rate: number; readonly mb: number; readonly p50: number; readonly p99: number; readonly max: number }

type Round = { readonly atRest: number; readonly fresh: Pass; readonly same: Pass; readonly bare: number }

const READ_EVERY_MS = 10
const LOOK_EVERY_MS = 250

export async function measureStream({ users, rounds, progress }: StreamOptions): Promise<string> {
  const all: Round[] = []
  for (let round = 1; round <= rounds; round++) {
    const one = await measureRound(users, progress)
    progress(`round ${round}: new ${sayRatio(one.fresh.rate / one.bare)} of the bare insert, which made ${say(one.bare)}/s`)
    all.push(one)
  }
  const of = (pick: (round: Round) => number) => median(all.map(pick))
  const [bare, fresh, same] = [of((round) => round.bare), of((round) => round.fresh.rate), of((round) => round.same.rate)]
  const rowOf = (name: string, ratio: string, pass: (round: Round) => Pass) => [
    name,
    say(of((round) => pass(round).rate)),
    ratio,
    of((round) => pass(round).mb - round.atRest).toFixed(0),
    say(of((round) => pass(round).p50)),
    say(of((round) => pass(round).p99)),
    say(of((round) => pass(round).max)),
  ]
  const rows = [
    ['bare insert', say(bare), '1.00', '', '', '', ''],
    rowOf('stream, new', sayRatio(fresh / bare), (round) => round.fresh),
    rowOf('stream, the same again', `${sayRatio(same / fresh)} of new`, (round) => round.same),
  ]
  const atRest = say(of((round) => round.atRest))
  const what = `${say(users)} people as application/x-ndjson over HTTP, medians of ${rounds} rounds in turn, each on a new database; ${atRest} MB at rest; a read by netid every ${READ_EVERY_MS} ms beside it`
  return `## Stream\n\n${what}\n\n${table(['', 'people /s', 'to bare', 'MB over rest', 'read p50 ms', 'p99', 'max'], rows)}\n`
}

async function measureRound(users: number, progress: StreamOptions['progress']): Promise<Round> {
  await using folder = await openFolder()
  const file = join(folder.path, 'people.ndjson')
  await writePeople(file, users)
  const passes = await measurePasses(folder.path, file, users, progress)
  return { ...passes, bare: await measureBare(folder.path, users) }
}

async function measurePasses(folder: string, file: string, users: number, progress: StreamOptions['progress']) {
  await using server = await startMatricula(folder)
  const token = await tokenFor(folder, 'api')
  const api = server.url.replace('/scim/v2', '/api/v1')
  // What the first requests load is there at rest too.
  await readOne(api, token, 1)
  const atRest = await residentMb(server.pid)
  const pass = async (outcome: string) => {
    const one = await measurePass(server, { api, token, file, users, outcome })
    progress(`${outcome}: ${say(one.rate)}/s, ${say(one.mb)} MB, reads p99 ${say(one.p99)} ms`)
    return one
  }
  const fresh = await pass('created')
  const before = eventsIn(folder)
  const same = await pass('unchanged')
  if (eventsIn(folder) !== before) throw new Error('people who are the same left events')
  return { atRest, fresh, same }
}

type PassOptions = {
  readonly api: string
  readonly token: string
  readonly file: string
  readonly users: number
  readonly outcome: string
}

async function measurePass({ pid }: Server, { api, token, file, users, outcome }: PassOptions): Promise<Pass> {
  let isOver = false
  let mb = 0
  const latencies: number[] = []
  const watch = async () => {
    while (!isOver) {
      mb = Math.max(mb, await residentMb(pid))
      await wait(LOOK_EVERY_MS)
    }
  }
  const read = async () => {
    for (let turn = 1; !isOver; turn++) {
      const began = performance.now()
      await readOne(api, token, ((turn * 7919) % users) + 1)
      latencies.push(performance.now() - began)
      await wait(READ_EVERY_MS)
    }
  }
  const others = [watch(), read()]
  const began = performance.now()
  await send(api, token, file, users, outcome)
  const seconds = (performance.now() - began) / 1000
  isOver = true
  await Promise.all(others)
  latencies.sort((a, b) => a - b)
  return {
    rate: users / seconds,
    mb,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: latencies.at(-1) ?? 0,
  }
}

async function readOne(api: string, token: string, number: number): Promise<void> {
  const answer = await fetch(`${api}/users?netid=${netidOf(number)}`, { headers: { authorization: `Bearer ${token}` } })
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`a read was answered ${answer.status}`)
}

/** Sends the file and counts the results, which all have to be the same. */
function send(api: string, token: string, file: string, users: number, outcome: string): Promise<void> {
  const wanted = Buffer.from(`"outcome":"${outcome}"`)
  return new Promise((resolve, reject) => {
    const call = request(`${api}/users/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    })
    call.on('error', reject)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const found = timesIn(Buffer.concat(chunks), wanted)
        if (found === users) resolve()
        else reject(new Error(`${found} of ${users} were ${outcome}`))
      })
    })
    createReadStream(file).pipe(call)
  })
}

function timesIn(text: Buffer, wanted: Buffer): number {
  let times = 0
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) times++
  return times
}

function eventsIn(folder: string): number {
  const db = new DatabaseSync(join(folder, 'roll.db'), { readOnly: true })
  try {
    return Number(db.prepare('select count(*) as n from events').get()?.n)
  } finally {
    db.close()
  }
}

async function measureBare(folder: string, users: number): Promise<number> {
  await using store = await openSqlite({ path: join(folder, 'roll.db') })
  const docs = await readAll(store, 'users')
  const events = (await readAll(store, 'events')).filter(({ kind }) => kind === 'user.created')
  const began = performance.now()
  insertBare(join(folder, 'bare.db'), docs, events)
  return (users * 1000) / (performance.now() - began)
}

async function writePeople(file: string, users: number): Promise<void> {
  await using out = await open(file, 'w')
  for (let from = 1; from <= users; from += 1000) {
    const lines = Array.from(
      { length: Math.min(1000, users - from + 1) },
      (_, index) => `${JSON.stringify(personOf(from + index))}\n`,
    )
    await out.write(lines.join(''))
  }
}

function netidOf(number: number): string {
  return String(number).padStart(8, '0')
}

/** What a student system knows of a person. */
function personOf(number: number): object {
  return {
    netid: netidOf(number),
    email: `p${number}@campus.example`,
    first_name: `First${number % 500}`,
    last_name: `Last${number % 9000}`,
    account_type: number % 7 === 0 ? 'Staff' : 'Student',
    school_program: 'Computer Science',
    year_of_entry: 2024,
    year_of_graduation: 2028,
    phone_number: `+1-555-${String(number).padStart(7, '0')}`,
    city: 'Springfield',
    country: 'United States',
    user_tags: ['dorm', 'band'],
  }
}

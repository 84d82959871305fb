/**
 * A nightly file, .csv and .xlsx: new people and then the same file again, by `matricula import`, against the bare insert
 * of the same documents; and reads beside it while the server itself goes through the file, as it does each night.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Summary } from '../src/flatfile/summary.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Doc, Store } from '../src/store/store.ts'
import { openBareInsert } from './bulk.ts'
import { say, sayRatio, table } from './figures.ts'
import { Subject } from './generate.ts'
import { writePeopleFile } from './people-file.ts'
import { peakMb } from './process.ts'
import { fillRoll, institutionIn } from './roll.ts'
import { environmentFor, forkMatricula, INSTITUTION, MAIN, openFolder } from './servers.ts'

export type FilesOptions = { readonly rows: number; readonly progress: (text: string) => void }

/** What the server process is asked for, and what it says when it is done. */
export type Order = { readonly path: string; readonly name: string }
export type Done = { readonly seconds: number; readonly summary: Summary }

type Outcome = 'created' | 'unchanged'
type Pass = { readonly rate: number; readonly mb: number }

const FORMATS = ['csv', 'xlsx'] as const
const PAGE = 1000
const LOOK_EVERY_MS = 100
const READERS = 10_000
const READS_PER_SECOND = 100
const QUIET_SECONDS = 5
const LONGEST_SECONDS = 3600

export async function measureFiles({ rows, progress }: FilesOptions): Promise<string> {
  const lines: string[][] = []
  for (const format of FORMATS) lines.push(...(await measureFormat(format, { rows, progress })))
  const reads = await measureReads({ rows, progress })
  const what = `${say(rows)} rows of 15 columns by \`matricula import\`, on a new database for each format`
  const head = ['', 'rows /s', 'to bare', 'to new', 'peak MB']
  return `## Files\n\n${what}\n\n${table(head, lines)}\n\n${reads}\n`
}

/** Resolves when the disk has nothing left to do of what was done before: what is measured pays for itself alone. */
async function writtenFile(folder: string, format: (typeof FORMATS)[number], { rows, progress }: FilesOptions): Promise<string> {
  const file = join(folder, `people.${format}`)
  progress(`write ${rows} rows of .${format}`)
  await writePeopleFile(file, rows)
  await promisify(execFile)('sync')
  return file
}

async function measureFormat(format: (typeof FORMATS)[number], options: FilesOptions): Promise<string[][]> {
  const { rows, progress } = options
  // Removed with all that is in it before the next is measured.
  await using own = await openFolder()
  const folder = own.path
  const file = await writtenFile(folder, format, options)
  const path = join(folder, 'roll.db')
  {
    await using store = await openSqlite({ path })
    await institutionIn(store)
  }
  const pass = async (outcome: Outcome) => {
    const one = await importByCommand(folder, file, rows, outcome)
    progress(`${file}: ${outcome} ${say(one.rate)}/s, ${say(one.mb)} MB`)
    return one
  }
  const fresh = await pass('created')
  const events = await countEvents(path)
  const same = await pass('unchanged')
  // The run itself is one.
  if ((await countEvents(path)) !== events + 1) throw new Error('rows that say the same left events')
  const bare = await measureBare(path, join(folder, 'bare.db'))
  return [
    [`.${format}, bare insert`, say(bare), '1.00', '', ''],
    [`.${format}, new`, say(fresh.rate), sayRatio(fresh.rate / bare), '1.00', say(fresh.mb)],
    [`.${format}, the same again`, say(same.rate), '', sayRatio(same.rate / fresh.rate), say(same.mb)],
  ]
}

async function importByCommand(folder: string, file: string, rows: number, outcome: Outcome): Promise<Pass> {
  const args = [MAIN, 'import', file, '--institution', INSTITUTION, '--json', '--approve']
  const began = performance.now()
  const running = promisify(execFile)(process.execPath, args, { env: environmentFor(folder) })
  const peak = peakOf(running.child.pid ?? 0, running)
  const { stdout } = await running
  const seconds = (performance.now() - began) / 1000
  checkCounts(JSON.parse(stdout) as Summary, rows, outcome)
  return { rate: rows / seconds, mb: await peak }
}

/** Looks at a process until the work is done. */
async function peakOf(pid: number, work: Promise<unknown>): Promise<number> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  work.then(over, over)
  let mb = 0
  while (!isOver) {
    mb = Math.max(mb, await peakMb(pid).catch(() => 0))
    await wait(LOOK_EVERY_MS)
  }
  return mb
}

/** Figures of wrong outcomes would be figures of something else. */
function checkCounts({ counts, message }: Summary, rows: number, outcome: Outcome): void {
  if (counts[outcome] !== rows) throw new Error(`${counts[outcome]} of ${rows} rows were ${outcome}: ${message}`)
}

async function countEvents(path: string): Promise<number> {
  await using store = await openSqlite({ path })
  return await store.count('events', INSTITUTION, EVERYTHING)
}

/** Documents a second, page by page as they are read; the reading is not counted. */
async function measureBare(from: string, to: string): Promise<number> {
  await using store = await openSqlite({ path: from })
  using bare = openBareInsert(to)
  let [count, spentMs] = [0, 0]
  let [user, event]: (Doc | undefined)[] = []
  for (;;) {
    const users = await pageOf(store, 'users', user)
    const events = await pageOf(store, 'events', event)
    if (users.length === 0) return (count * 1000) / spentMs
    const began = performance.now()
    bare.insert(users, events)
    spentMs += performance.now() - began
    count += users.length
    user = users.at(-1)
    event = events.at(-1)
  }
}

function pageOf(store: Store, collection: 'users' | 'events', last: Doc | undefined): Promise<Doc[]> {
  const after = last === undefined ? {} : { after: { id: last._id } }
  return store.find(collection, INSTITUTION, { where: EVERYTHING, limit: PAGE, ...after })
}

async function measureReads(options: FilesOptions): Promise<string> {
  const { rows, progress } = options
  await using own = await openFolder()
  const folder = own.path
  const file = await writtenFile(folder, 'csv', options)
  const people = await fillRoll(folder, READERS, progress)
  await using server = await forkMatricula(new URL('./files-server.ts', import.meta.url), folder)
  const subject = new Subject(server, folder)
  await subject.adopt(people, READERS + 1)
  const reads = { operation: 'get', requests: READS_PER_SECOND * LONGEST_SECONDS, rate: READS_PER_SECOND } as const
  const quiet = await subject.run({ ...reads, seconds: QUIET_SECONDS })
  const lines = [['nothing beside', '', say(quiet.p50), say(quiet.p99), say(quiet.max), say(await peakMb(server.pid))]]
  for (const outcome of ['created', 'unchanged'] as const) {
    const load = subject.start({ ...reads, seconds: LONGEST_SECONDS })
    const { seconds, summary } = await server.order<Done>({ path: file, name: 'people.csv' } satisfies Order)
    load.stop()
    const { p50, p99, max } = await load.result
    checkCounts(summary, rows, outcome)
    const name = outcome === 'created' ? 'new' : 'the same again'
    lines.push([name, say(rows / seconds), say(p50), say(p99), say(max), say(await peakMb(server.pid))])
    progress(`${name} beside reads: p99 ${say(p99)} ms`)
  }
  const what = `GET by id at ${READS_PER_SECOND}/s, ms, while the same process goes through the .csv`
  return `${what}\n\n${table(['', 'rows /s', 'p50', 'p99', 'max', 'peak MB'], lines)}`
}

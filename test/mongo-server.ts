/**
 * A server that speaks MongoDB's protocol, for tests: `MONGODB_URI` when set, else `mongod` on the PATH, else FerretDB.
 * A server that was started here listens on loopback, keeps its data in a temporary folder and ends with this process,
 * however that ends.
 */
import type { ChildProcess } from 'node:child_process'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { freePort } from './free-port.ts'
import { end, supervised } from './supervised.ts'

export type MongoServer = {
  readonly kind: 'mongodb' | 'ferretdb'
  /** An address with a database of its own, empty; a new one at each call. */
  freshUri(): string
  /** Ends what was started, or removes the databases where nothing was. */
  stop(): Promise<void>
}

/** Why there is none, for a test to be skipped with. */
export type Missing = { readonly missing: string }

type Program = {
  readonly kind: MongoServer['kind']
  readonly path: string
  args(folder: string, port: number): readonly string[]
}

const START_MS = 120_000

/** @throws {Error} when no server can be had although the variable `CI` says that nothing may be skipped */
export async function startMongo(env: NodeJS.ProcessEnv = process.env): Promise<MongoServer | Missing> {
  if (env.MONGODB_URI !== undefined) return existing(env.MONGODB_URI)
  const program = findProgram()
  if (program !== undefined) return started(program)
  const missing = 'no MongoDB: set MONGODB_URI, put mongod on the PATH, or run test/install-ferretdb.sh (needs Go)'
  if (env.CI !== undefined) throw new Error(missing)
  return { missing }
}

async function existing(uri: string): Promise<MongoServer> {
  const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 5000 }).connect()
  const names: string[] = []
  const { ferretdbVersion } = await client.db().admin().command({ buildInfo: 1 })
  return {
    kind: ferretdbVersion === undefined ? 'mongodb' : 'ferretdb',
    freshUri() {
      names.push(freshName())
      return withDatabase(uri, names.at(-1) as string)
    },
    async stop() {
      for (const name of names) await client.db(name).dropDatabase()
      await client.close()
    },
  }
}

function findProgram(): Program | undefined {
  const go = spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' }).stdout?.trim() || join(process.env.HOME ?? '', 'go')
  return [MONGOD, { ...FERRETDB, path: 'ferretdb' }, { ...FERRETDB, path: join(go, 'bin', 'ferretdb') }].find(
    ({ path }) => spawnSync(path, ['--version']).status === 0,
  )
}

const MONGOD: Program = {
  kind: 'mongodb',
  path: 'mongod',
  args: (folder, port) => [
    '--dbpath',
    folder,
    '--port',
    `${port}`,
    '--bind_ip',
    '127.0.0.1',
    '--replSet',
    'test',
    '--nounixsocket',
  ],
}

const FERRETDB: Program = {
  kind: 'ferretdb',
  path: 'ferretdb',
  args: (folder, port) => [
    // What it holds is to outlive no power cut, and waiting for the disk is most of what it does.
    ...['--handler=sqlite', `--sqlite-url=file:${folder}/?_pragma=synchronous(off)`, `--state-dir=${folder}`],
    ...[`--listen-addr=127.0.0.1:${port}`, '--debug-addr=-', '--telemetry=disable', '--log-level=ERROR'],
  ],
}

async function started(program: Program): Promise<MongoServer> {
  const folder = mkdtempSync(join(tmpdir(), 'matricula-mongo-'))
  const port = await freePort()
  const log = openSync(join(folder, 'log'), 'w')
  const child = supervised(program.path, program.args(folder, port), { stdout: log, stderr: log })
  closeSync(log)
  const stop = async () => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await ready(program, port, child)
  } catch (error) {
    const said = readFileSync(join(folder, 'log'), 'utf8').slice(-2000)
    await stop()
    throw new Error(`${program.path} did not start: ${said}`, { cause: error })
  }
  return { kind: program.kind, freshUri: () => `mongodb://127.0.0.1:${port}/${freshName()}`, stop }
}

async function ready(program: Program, port: number, child: ChildProcess): Promise<void> {
  const until = Date.now() + START_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`nothing listens on port ${port}`)
    await delay(20)
  }
  if (program.kind === 'mongodb') await initiate(port)
}

/** A replica set of one, as production has a replica set. */
async function initiate(port: number): Promise<void> {
  const member = { _id: 0, host: `127.0.0.1:${port}` }
  const client = await new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`).connect()
  await client.db('admin').command({ replSetInitiate: { _id: 'test', members: [member] } })
  while (!(await client.db('admin').command({ hello: 1 })).isWritablePrimary) await delay(20)
  await client.close()
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function freshName(): string {
  return `test_${crypto.randomUUID().replaceAll('-', '')}`
}

/** Keeps the database that users are looked up in, which is the path unless `authSource` names another. */
function withDatabase(uri: string, name: string): string {
  const [, head, path = '', query = ''] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?([^?]*)\??(.*)$/.exec(uri) ?? []
  const source = path === '' || /authSource=/i.test(query) || !head?.includes('@') ? [] : [`authSource=${path}`]
  return `${head}/${name}?${[query, ...source].filter((part) => part !== '').join('&')}`
}

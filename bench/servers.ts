/**
 * The servers that are measured, each a process of its own on a free port of the loopback address, with an empty store.
 */
import type { ChildProcess } from 'node:child_process'
import { execFile, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import HEAP_FLAGS from '../src/heap-flags.json' with { type: 'json' }

/** As it is started everywhere, with the flags that it gives itself. */
export const MAIN = fileURLToPath(new URL('../src/matricula.mjs', import.meta.url))
const CEILING = fileURLToPath(new URL('./ceiling.ts', import.meta.url))
const PEER = fileURLToPath(new URL('./peer.ts', import.meta.url))
const READY_MS = 60_000
const STOP_MS = 10_000

/** What the server under measurement is told: no limit of rates, lists show everybody. */
export const SETTINGS = { rateLimit: { perSecond: 0 }, scim: { sees: 'all' } } as const
export const INSTITUTION = 'bench'

export type Server = AsyncDisposable & {
  readonly name: string
  /** Where SCIM begins. */
  readonly url: string
  readonly token: string
  readonly pid: number
}

/** A folder for one run, removed with all that is in it. */
export async function openFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'matricula-bench-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/**
 * This server on SQLite.
 * @param folder with its database, made anew unless one is there
 * @param more settings of the institution, when it is made
 * @param sftpPort of its drop box; any when it is not asked for
 */
export async function startMatricula(folder: string, more: object = {}, sftpPort = 0): Promise<Server> {
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const env = { ...environmentFor(folder), PORT: String(port), SFTP_PORT: String(sftpPort) }
  const token = await makeInstitution(folder, more)
  const child = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  await untilAnswering(child, `http://127.0.0.1:${port}/readyz`)
  return serverOf('matricula', child, `http://127.0.0.1:${port}/institutions/${INSTITUTION}/scim/v2`, token)
}

export type ObeyingServer = Server & {
  /** Resolves with what the order came to. */
  order<Done>(order: object): Promise<Done>
}

/** This server on SQLite with a folder that is filled, in a process that does what it is told (`serving-child.ts`). */
export async function forkMatricula(script: URL, folder: string): Promise<ObeyingServer> {
  const port = await freePort()
  const child = fork(script, [folder, String(port)], { execArgv: HEAP_FLAGS })
  const [{ token }] = (await once(child, 'message')) as [{ token: string }]
  const origin = `http://127.0.0.1:${port}`
  await untilAnswering(child, `${origin}/readyz`)
  const server = serverOf('matricula', child, `${origin}/institutions/${INSTITUTION}/scim/v2`, token)
  const order = async <Done>(given: object) => {
    child.send(given)
    return ((await once(child, 'message')) as [Done])[0]
  }
  return { ...server, order, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** Bare Hono on node:sqlite: what no server can be faster than. */
export async function startCeiling(folder: string): Promise<Server> {
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const child = spawn(process.execPath, [CEILING, String(port), join(folder, 'ceiling.db')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await untilAnswering(child, `http://127.0.0.1:${port}/Users?count=1`)
  return serverOf('ceiling', child, `http://127.0.0.1:${port}`, 'none')
}

/** scimmy-routers, in memory. */
export async function startPeer(): Promise<Server> {
  const port = await freePort()
  const child = spawn(process.execPath, [PEER, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] })
  await untilAnswering(child, `http://127.0.0.1:${port}/scim/ServiceProviderConfig`)
  return serverOf('scimmy-routers', child, `http://127.0.0.1:${port}/scim`, 'none')
}

export function environmentFor(folder: string): NodeJS.ProcessEnv {
  const { PUBLIC_URL: _, ...inherited } = process.env
  const ours = { HOST: '127.0.0.1', DATABASE_URL: `sqlite:${join(folder, 'roll.db')}`, DATA_DIR: folder, LOG_LEVEL: 'warn' }
  return { ...inherited, ...ours }
}

async function makeInstitution(folder: string, more: object): Promise<string> {
  const settings = join(folder, 'settings.json')
  await writeFile(settings, JSON.stringify({ ...SETTINGS, ...more }))
  // It is there already when the folder was filled before.
  await matricula(folder, 'institution', 'create', INSTITUTION, '--name', 'Bench', '--settings', settings).catch(() => undefined)
  return tokenFor(folder, 'scim')
}

/** A new token for the institution in the database of a folder. */
export async function tokenFor(folder: string, scope: 'scim' | 'api'): Promise<string> {
  return (await matricula(folder, 'token', 'create', INSTITUTION, '--scope', scope)).trim()
}

async function matricula(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { env: environmentFor(folder) })
  return stdout
}

function serverOf(name: string, child: ChildProcess, url: string, token: string): Server {
  return { name, url, token, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => stop(child) }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function untilAnswering(child: ChildProcess, url: string): Promise<void> {
  const until = performance.now() + READY_MS
  while (performance.now() < until) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}`)
    const answer = await fetch(url, { headers: { authorization: 'Bearer none' } }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await wait(50)
  }
  await stop(child)
  throw new Error(`${url} did not answer within ${READY_MS} ms`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const patience = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(patience)
}

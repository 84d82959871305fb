/**
 * The real program as a process of its own, with an institution to talk to: what tests of races and crashes start and end.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const LAUNCHER = fileURLToPath(new URL('../src/matricula.mjs', import.meta.url))
const READY_MS = 120_000
const INSTITUTION = 'test-uni'

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: { readonly [name: string]: unknown } }

export type ServerOptions = {
  /** A file in the server's own folder when absent. */
  readonly databaseUrl?: string | undefined
  readonly settings?: object
  /** Words that the words of the program come behind. */
  readonly launch?: readonly string[]
}

export class Server implements AsyncDisposable {
  readonly origin: string
  /** Where SCIM clients of the institution go. */
  readonly scim: string
  /** Where scripts of the institution go. */
  readonly api: string
  /** Where the drop box is. */
  readonly sftpPort: number
  token = ''
  /** Of its processes, for what else is to speak of the same store. */
  readonly environment: Readonly<Record<string, string>>
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess | undefined

  private constructor(folder: string, [port, sftpPort]: readonly [number, number], databaseUrl: string) {
    this.#folder = folder
    this.sftpPort = sftpPort
    const ours = {
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      DATA_DIR: folder,
      LOG_LEVEL: 'warn',
      SFTP_PORT: String(sftpPort),
    }
    this.environment = ours
    this.#env = { ...process.env, ...ours }
    this.origin = `http://127.0.0.1:${port}`
    this.scim = `${this.origin}/institutions/${INSTITUTION}/scim/v2`
    this.api = `${this.origin}/institutions/${INSTITUTION}/api/v1`
  }

  /** Makes the institution without a rate limit, and a SCIM token; starts serving. */
  static async start({ databaseUrl, settings = {}, launch = [] }: ServerOptions = {}): Promise<Server> {
    const server = await Server.beside(databaseUrl)
    const file = join(server.#folder, 'settings.json')
    await writeFile(file, JSON.stringify({ rateLimit: { perSecond: 0 }, ...settings }))
    const made = await server.run('institution', 'create', INSTITUTION, '--name', 'Test University', '--settings', file)
    assert.equal(made.code, 0, made.stderr)
    server.token = await server.makeToken('scim')
    await server.serve(launch)
    return server
  }

  get dataDir(): string {
    return this.#folder
  }

  /** A process that is not serving yet, on a store that has its institution, or will have it. */
  static async beside(databaseUrl?: string, token = ''): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'matricula-server-'))
    const server = new Server(folder, [await freePort(), await freePort()], databaseUrl ?? `sqlite:${join(folder, 'roll.db')}`)
    server.token = token
    return server
  }

  async makeToken(scope: 'scim' | 'api'): Promise<string> {
    const { code, stdout, stderr } = await this.run('token', 'create', INSTITUTION, '--scope', scope)
    assert.equal(code, 0, stderr)
    return stdout.trim()
  }

  async serve(launch: readonly string[] = []): Promise<void> {
    const [program = '', ...args] = [...launch, process.execPath, LAUNCHER, 'serve']
    // By the channel the launcher sees the test end, however it ends, and ends too.
    const child = spawn(program, args, { env: this.#env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#child = child
    const until = Date.now() + READY_MS
    while (!(await isReady(`${this.origin}/readyz`))) {
      assert.equal(child.exitCode, null, 'the server ended')
      assert.ok(Date.now() < until, 'the server is not ready in time')
      await wait(25)
    }
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  run(...args: readonly string[]): Promise<Ran> {
    return new Promise((resolve) => {
      execFile(process.execPath, [MAIN, ...args], { env: this.#env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
      })
    })
  }

  /** @throws {TypeError} when the connection broke: whether it was done is not known */
  async request(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(this.scim + path, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM')
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined)
  await answer?.body?.cancel()
  return answer?.ok === true
}

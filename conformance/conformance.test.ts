/**
 * This server under its own suite, as anybody would run it: through the command line, on each store.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startMongo } from '../test/mongo-server.ts'
import type { CheckResult } from './check.ts'
import type { Counts } from './report.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** Not built yet: what needs them is not offered, and nothing else. */
const NOT_YET = /has Group$|bulk\.supported/

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string }
type Document = { readonly counts: Counts; readonly checks: readonly CheckResult[] }

class Matricula implements AsyncDisposable {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  #child: ChildProcess | undefined
  url = ''
  scimToken = ''
  apiToken = ''

  private constructor(folder: string, databaseUrl: string) {
    this.#folder = folder
    this.#env = { ...process.env, HOST: '127.0.0.1', PORT: '0', DATABASE_URL: databaseUrl, DATA_DIR: folder, LOG_LEVEL: 'warn' }
  }

  static async start(databaseUrl?: string): Promise<Matricula> {
    const folder = await mkdtemp(join(tmpdir(), 'matricula-conformance-'))
    await using opening = new AsyncDisposableStack()
    const server = opening.use(new Matricula(folder, databaseUrl ?? `sqlite:${join(folder, 'roll.db')}`))
    await server.#serve()
    opening.move()
    return server
  }

  async #serve(): Promise<void> {
    const settings = join(this.#folder, 'settings.json')
    await writeFile(settings, JSON.stringify({ rateLimit: { perSecond: 0 } }))
    const made = await this.run('institution', 'create', 'black-box', '--name', 'Black Box', '--settings', settings)
    assert.equal(made.code, 0, made.stderr)
    this.scimToken = await this.#makeToken('scim')
    this.apiToken = await this.#makeToken('api')
    this.#child = spawn(process.execPath, [MAIN, 'serve'], { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] })
    this.url = await placeIn(this.#child.stdout)
  }

  async #makeToken(scope: string): Promise<string> {
    const { stdout } = await this.run('token', 'create', 'black-box', '--scope', scope)
    return stdout.trim()
  }

  run(...args: readonly string[]): Promise<Run> {
    return new Promise((resolve) => {
      execFile(process.execPath, [MAIN, ...args], { env: this.#env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child?.exitCode === null) {
      this.#child.kill('SIGTERM')
      await once(this.#child, 'exit')
    }
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** What a start prints once it serves. */
async function placeIn(stdout: Readable | null): Promise<string> {
  let printed = ''
  for await (const chunk of stdout ?? []) {
    printed += chunk
    const url = /SCIM URL +(\S+)/.exec(printed)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`the server ended after it had printed "${printed}"`)
}

const mongo = await startMongo()

for (const store of ['SQLite', 'MongoDB'] as const) {
  const missing = store === 'MongoDB' && 'missing' in mongo ? mongo.missing : false
  describe(`the suite against this server on ${store}`, { skip: missing }, () => {
    let server: Matricula
    before(async () => {
      server = await Matricula.start(store === 'MongoDB' && 'freshUri' in mongo ? mongo.freshUri() : undefined)
    })
    after(() => server[Symbol.asyncDispose]())

    it('fails nothing, lacks only what is not built yet, and says so with exit code 0', async () => {
      const tokens = ['--token', server.scimToken, '--api-token', server.apiToken]
      const { code, stdout, stderr } = await server.run('conformance', server.url, ...tokens, '--json')
      const { counts, checks } = JSON.parse(stdout) as Document
      assert.deepEqual(
        checks.filter(({ verdict }) => verdict === 'failed').map(({ id, faults }) => ({ id, faults })),
        [],
      )
      for (const { id, verdict, reason = '' } of checks) if (verdict === 'not offered') assert.match(reason, NOT_YET, id)
      assert.ok(counts.passed > 220, `${counts.passed} passed`)
      assert.equal(code, 0, stderr)
    })

    it('exits with 1, and shows the step, when a check fails', async () => {
      const { code, stdout } = await server.run('conformance', server.url, '--token', 'mtr_wrong', '--only', 'entra/hard-delete')
      assert.equal(code, 1)
      assert.match(stdout, /FAIL hard-delete.*\n.*step 1 POST \/Users\n.*status: expected 201, got 401/)
      assert.match(stdout, /^0 passed, 1 failed, 0 not offered$/m)
    })
  })
}

after(async () => {
  if ('stop' in mongo) await mongo.stop()
})

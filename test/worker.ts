/**
 * The program on Cloudflare's own runtime (workerd), as `wrangler dev` starts it on this machine. It ends with this
 * process, however that ends.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { end, supervised } from './supervised.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BIN = join(ROOT, 'node_modules', '.bin')
const READY_MS = 120_000

export type RunningWorker = AsyncDisposable & {
  readonly origin: string
  /** What it and its tool have written so far, a line each. */
  readonly said: readonly string[]
  /** Resolves when such a line has been written, or is. */
  hears(line: RegExp): Promise<void>
}

/** @param variablesAt what the Worker is told, once it is known where it will be */
export async function startWorker(variablesAt: (origin: string) => { readonly [name: string]: string }): Promise<RunningWorker> {
  const folder = await mkdtemp(join(tmpdir(), 'matricula-'))
  const [port, inspector] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${port}`
  const where = ['--ip', '127.0.0.1', '--port', `${port}`, '--inspector-port', `${inspector}`, '--persist-to', folder]
  const variables = Object.entries(variablesAt(origin)).flatMap(([name, value]) => ['--var', `${name}:${value}`])
  const child = supervised('wrangler', ['dev', ...where, ...variables], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${BIN}:${process.env.PATH}`, ...QUIET, WRANGLER_LOG_PATH: folder },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said: string[] = []
  const lines = [child.stdout, child.stderr].map((input) => createInterface({ input: input as Readable }))
  for (const one of lines) one.on('line', (line) => said.push(line))
  const hears = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => said.some((line) => pattern.test(line)) && resolve()
      for (const one of lines) one.on('line', look)
      child.once('exit', () => reject(new Error(`the Worker ended\n${said.join('\n')}`)))
      look()
    })
  const stop = async () => {
    await end(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await Promise.race([hears(/Ready on/), tooLate(said)])
  } catch (error) {
    await stop()
    throw error
  }
  return { origin, said, hears, [Symbol.asyncDispose]: stop }
}

/** Nothing goes out to anybody. */
const QUIET = { CI: 'true', WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' } as const

async function tooLate(said: readonly string[]): Promise<never> {
  await wait(READY_MS, undefined, { ref: false })
  throw new Error(`the Worker did not start in time\n${said.join('\n')}`)
}

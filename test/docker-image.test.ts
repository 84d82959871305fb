/**
 * The image, without an engine for containers: what the Dockerfile copies is put into a folder, beside those packages alone
 * that are needed in production, and started as the image is.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { after, before, describe, it } from 'node:test'
import packageFile from '../package.json' with { type: 'json' }
import lock from '../package-lock.json' with { type: 'json' }
import { configFrom } from '../src/config.ts'
import { imageEnvironment, instruction, instructions, ROOT, startWords, textOf } from './docker-files.ts'
import { freePort } from './free-port.ts'
import { temporaryFolder } from './temporary-folder.ts'

const DEFAULTS = configFrom({})
const APP = '/app'

describe('docker/Dockerfile', () => {
  it('takes the Node that package.json pins', () => {
    const [first, ...others] = instructions('FROM').map((rest) => rest.split(' ')[0])
    assert.equal(first, `node:${packageFile.devDependencies.node}-trixie-slim`)
    assert.deepEqual(others, ['base', 'base'])
  })

  it('exposes the ports that the server listens at unless told otherwise', () => {
    assert.equal(instruction('EXPOSE'), `${DEFAULTS.port} ${DEFAULTS.sftpPort}`)
  })

  it('starts the server itself, not a shell, under a number that is not root, with its data in the volume', () => {
    assert.deepEqual(startWords(), ['node', `${APP}/${packageFile.bin.matricula}`, 'serve'])
    assert.match(instruction('USER'), /^[1-9]\d*:[1-9]\d*$/)
    assert.equal(instruction('VOLUME'), imageEnvironment().DATA_DIR)
  })
})

describe('what the image holds', () => {
  const opened = new AsyncDisposableStack()
  let app: string
  let port: number
  let server: ChildProcess
  let environment: Readonly<Record<string, string>>
  before(async () => {
    app = opened.use(await temporaryFolder()).path
    const data = opened.use(await temporaryFolder()).path
    port = await freePort()
    environment = { ...imageEnvironment(), HOST: '127.0.0.1', PORT: `${port}`, SFTP_PORT: '0', DATA_DIR: data, TMPDIR: data }
    await copyInto(app)
    server = spawn(process.execPath, [inApp(startWords()[1]), 'serve'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    opened.defer(() => void server.kill('SIGKILL'))
    const failed = once(server.stderr as NodeJS.ReadableStream, 'data').then(([complaint]) => assert.fail(String(complaint)))
    await Promise.race([once(server.stdout as NodeJS.ReadableStream, 'data'), failed])
  })
  after(() => opened.disposeAsync())

  const inApp = (path = '') => path.replace(APP, app)

  it('is healthy by the check of the image, and is not where nobody answers', async () => {
    assert.deepEqual(health({ PORT: `${port}` }), { status: 0, stderr: '' })
    assert.equal(health({ PORT: `${await freePort()}` }).status, 1)
    assert.ok(instruction('HEALTHCHECK').includes(`process.env.PORT || ${DEFAULTS.port}`))
  })

  it('has the conformance suite, which is loaded when it is called', () => {
    const words = [inApp(startWords()[1]), 'conformance', `http://127.0.0.1:${port}/institutions/demo/scim/v2`, '--token', 'none']
    const { stdout, stderr } = spawnSync(process.execPath, words, { env: environment, encoding: 'utf8' })
    assert.match(stdout + stderr, /401/)
  })

  it('ends cleanly by the signal that the image names', async () => {
    server.kill(instruction('STOPSIGNAL') as NodeJS.Signals)
    assert.deepEqual(await once(server, 'exit'), [0, null])
  })
})

/** The health check as the image runs it, in an environment of its own. */
function health(env: NodeJS.ProcessEnv): { readonly status: number | null; readonly stderr: string } {
  const [, words = '[]'] = / CMD (\[.*\])$/.exec(instruction('HEALTHCHECK')) ?? []
  const [node, ...args] = JSON.parse(words) as string[]
  assert.equal(node, 'node')
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  return { status, stderr }
}

type Locked = { readonly version?: string; readonly dev?: boolean }

/** As a build does it: what is copied from outside, of that what .dockerignore lets in, and `npm ci --omit=dev`. */
async function copyInto(app: string): Promise<void> {
  const copied = instructions('COPY').filter((rest) => !rest.startsWith('--from='))
  for (const words of copied.map((rest) => rest.split(' '))) {
    for (const source of words.slice(0, -1)) {
      assert.ok(isLetIn(source), `${source} is kept out by .dockerignore`)
      const target = words.at(-1) === './' ? source : (words.at(-1) as string)
      await cp(join(ROOT, source), join(app, target), { recursive: true, filter: (path) => isLetIn(relative(ROOT, path)) })
    }
  }
  assert.match(instructions('RUN').join('\n'), /npm ci --omit=dev /)
  const packages: Readonly<Record<string, Locked>> = lock.packages
  const needed = Object.keys(packages).filter(
    (path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && packages[path]?.dev !== true,
  )
  for (const path of needed) {
    await mkdir(dirname(join(app, path)), { recursive: true })
    await symlink(join(ROOT, path), join(app, path))
  }
}

/** By the few kinds of lines that .dockerignore has: everything is kept out, but for what is named, but for tests. */
function isLetIn(path: string): boolean {
  const lines = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [all, ...rest] = lines
  assert.deepEqual([all, rest.at(-1)], ['*', '**/*.test.ts'])
  const named = rest.slice(0, -1).map((line) => /^!([\w.-]+)$/.exec(line)?.[1] ?? assert.fail(line))
  return named.includes(path.split('/')[0] as string) && !path.endsWith('.test.ts')
}

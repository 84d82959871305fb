import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { exec, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setInterval } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SERVE = [process.execPath, fileURLToPath(new URL('../matricula.mjs', import.meta.url)), 'serve'] as const
const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** A server as an administrator starts it; killed at the end of the test if it still runs. */
class Started implements AsyncDisposable {
  out = ''
  log = ''
  readonly child: ChildProcess
  readonly #exited: Promise<unknown[]>

  constructor(environment: { [name: string]: string } = {}, [program, ...args]: readonly [string, ...string[]] = SERVE) {
    const env = { ...process.env, HOST: '127.0.0.1', PORT: '0', SFTP_PORT: '0', DATA_DIR: folder, ...environment }
    this.child = spawn(program, args, { env, cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.#exited = once(this.child, 'exit')
    this.child.stdout?.on('data', (text) => {
      this.out += text
    })
    this.child.stderr?.on('data', (text) => {
      this.log += text
    })
  }

  /** @returns its URL once it says that it serves */
  async url(): Promise<string> {
    while (!/^Matricula serves at .*\n.*\n\n$/s.test(this.out))
      await Promise.race([once(this.child.stdout as never, 'data'), this.ended()])
    return /serves at (\S+)/.exec(this.out)?.[1] ?? ''
  }

  ended(): Promise<unknown[]> {
    return this.#exited.then((how) => (this.out === '' ? Promise.reject(new Error(`it ended: ${this.log}`)) : how))
  }

  /** @returns the exit code, or the signal that ended it */
  async exit(): Promise<unknown> {
    const [code, signal] = await this.#exited
    return code ?? signal
  }

  async [Symbol.asyncDispose]() {
    this.child.kill('SIGKILL')
    this.child.stdout?.destroy()
    this.child.stderr?.destroy()
    await this.#exited
  }
}

/** A POST whose body is not all sent yet. */
async function halfSent(url: string, token: string) {
  const { hostname, port, pathname } = new URL(url)
  const body = JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada@uni.edu' })
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const head = [`POST ${pathname} HTTP/1.1`, `Host: ${hostname}`, `Authorization: Bearer ${token}`]
  socket.write(
    [...head, 'Content-Type: application/scim+json', `Content-Length: ${body.length}`, '', body.slice(0, 9)].join('\r\n'),
  )
  return { finish: () => socket.write(body.slice(9)), answer: () => once(socket, 'data').then(([text]) => String(text)), socket }
}

describe('serve', () => {
  let token = ''

  it('prints at its very first start a URL, a token and a curl line that works as printed', async () => {
    await using server = new Started()
    const url = await server.url()
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.ok(server.out.includes(`\n  SCIM URL  ${url}/institutions/demo/scim/v2\n`), server.out)
    token = /Token {5}(mtr_[\w-]{43})\n/.exec(server.out)?.[1] ?? ''
    const line = server.out.split('\n').find((text) => text.startsWith('  curl ')) ?? ''
    const { stdout } = await promisify(exec)(line)
    assert.equal(JSON.parse(stdout).totalResults, 0)
    server.child.kill('SIGTERM')
    assert.equal(await server.exit(), 0)
    assert.ok(!server.log.includes(token))
  })

  it('prints later where it serves, and no token', async () => {
    await using server = new Started({ LOG_LEVEL: 'debug', PUBLIC_URL: 'https://roll.uni.edu/' })
    await server.url()
    assert.ok(server.out.includes('SCIM URL  https://roll.uni.edu/institutions/demo/scim/v2'), server.out)
    assert.ok(!server.out.includes('mtr_'))
    server.child.kill('SIGINT')
    assert.equal(await server.exit(), 0)
  })

  it('answers a request that it had accepted before it stops, and takes no new one', async () => {
    await using server = new Started()
    const url = await server.url()
    const request = await halfSent(`${url}/institutions/demo/scim/v2/Users`, token)
    await fetch(`${url}/healthz`).then((answer) => answer.text())
    server.child.kill('SIGTERM')
    for await (const _ of setInterval(20)) if (await isClosed(url)) break
    const answer = request.answer()
    request.finish()
    assert.match(await answer, /^HTTP\/1\.1 201 Created/)
    assert.equal(await server.exit(), 0)
    assert.match(server.log, /"method":"POST","route":"\/institutions\/:institution\/scim\/v2\/Users","status":201/)
    assert.ok(!server.log.includes('ada@'))
  })

  it('ends at once at the second signal', async () => {
    await using server = new Started()
    const url = await server.url()
    const request = await halfSent(`${url}/institutions/demo/scim/v2/Users`, token)
    await fetch(`${url}/healthz`).then((answer) => answer.text())
    // What comes within half a second of the first is the same wish.
    for await (const _ of setInterval(100)) if (!server.child.kill('SIGTERM')) break
    assert.equal(await server.exit(), 1)
    request.socket.destroy()
  })

  it('ends with the launcher that started it on another Node', async () => {
    await using server = new Started()
    await server.url()
    server.child.disconnect()
    assert.equal(await server.exit(), 1)
  })

  it('ends with npm, which started it, and answers first what it had accepted', async () => {
    await using server = new Started({}, ['npm', 'start', '--silent'])
    const url = await server.url()
    const request = await halfSent(`${url}/institutions/demo/scim/v2/Users`, token)
    await fetch(`${url}/healthz`).then((answer) => answer.text())
    // What the server holds open ends with it alone.
    const closed = once(server.child, 'close')
    server.child.kill('SIGTERM')
    const soon = AbortSignal.timeout(30_000)
    for await (const _ of setInterval(20, undefined, { signal: soon })) if (await isClosed(url)) break
    const answer = request.answer()
    request.finish()
    assert.match(await answer, /^HTTP\/1\.1 /)
    await closed
  })

  it('says plainly that its port is in use, and makes nothing', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await using server = new Started({ PORT: String(port), DATA_DIR: join(folder, 'other') })
    assert.equal(await server.exit(), 1)
    other.close()
    assert.equal(
      server.log,
      `matricula: port ${port} at 127.0.0.1 is in use by another program: stop that one, or set PORT to another port\n`,
    )
    assert.equal(server.out, '')
  })

  it('makes no demo where others can reach it', async () => {
    await using server = new Started({ HOST: '0.0.0.0', DATA_DIR: join(folder, 'open') })
    await server.url()
    assert.match(server.out, /There is no institution yet\. Make one: matricula institution create/)
  })
})

async function isClosed(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    () => false,
    () => true,
  )
}

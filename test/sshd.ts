/**
 * The SSH server of OpenSSH as an institution may have one: a process of its own for the account that runs the tests,
 * with keys and a folder that are gone with it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './free-port.ts'
import { end, supervised } from './supervised.ts'

const PROGRAM = '/usr/sbin/sshd'
const READY_MS = 60_000

/** Why there is none on this machine; false where there is. */
export const NO_SSHD = existsSync(PROGRAM) || process.env.CI !== undefined ? false : 'needs sshd (package openssh-server)'

export type Sshd = AsyncDisposable & {
  readonly port: number
  readonly username: string
  readonly folder: string
  /** Fingerprint of the Ed25519 key that it has now. */
  hostKey(kind?: 'ed25519' | 'rsa'): string
  /** With a new key, as after a new installation or with another server in its place. */
  changeHostKeys(): Promise<void>
  authorize(publicKeys: readonly string[]): Promise<void>
}

export async function startSshd(kinds: readonly ('ed25519' | 'rsa')[] = ['ed25519', 'rsa']): Promise<Sshd> {
  const home = await mkdtemp(join(tmpdir(), 'matricula-sshd-'))
  const folder = join(home, 'outbox')
  mkdirSync(folder)
  // Where it runs as root it wants an empty folder for what it has not let in yet.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const [port, username] = [await freePort(), userInfo().username]
  const keyFile = (kind: string) => join(home, `host_${kind}`)
  const authorizedKeys = join(home, 'authorized_keys')
  await writeFile(authorizedKeys, '')
  await writeFile(
    join(home, 'config'),
    [
      `ListenAddress 127.0.0.1:${port}`,
      ...kinds.map((kind) => `HostKey ${keyFile(kind)}`),
      `AuthorizedKeysFile ${authorizedKeys}`,
      `PidFile ${join(home, 'pid')}`,
      'AuthenticationMethods publickey',
      'PermitRootLogin prohibit-password',
      'StrictModes no',
      'UsePAM no',
      'MaxStartups 200',
      `Subsystem sftp internal-sftp -d ${folder}`,
      '',
    ].join('\n'),
  )
  let stop = async () => {}

  async function start(): Promise<void> {
    await stop()
    for (const kind of kinds) {
      await rm(keyFile(kind), { force: true })
      execFileSync('ssh-keygen', ['-q', '-t', kind, '-N', '', '-f', keyFile(kind)])
    }
    const child = supervised(PROGRAM, ['-D', '-e', '-f', join(home, 'config')], { stderr: 'pipe' })
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    const until = Date.now() + READY_MS
    while (!said.includes('Server listening')) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`sshd does not start: ${said}`)
      await wait(10)
    }
    stop = () => end(child)
  }
  await start()

  return {
    port,
    username,
    folder,
    hostKey: (kind = 'ed25519') =>
      execFileSync('ssh-keygen', ['-l', '-f', keyFile(kind)], { encoding: 'utf8' }).split(' ')[1] ?? '',
    changeHostKeys: start,
    authorize: (publicKeys) => writeFile(authorizedKeys, publicKeys.map((key) => `${key}\n`).join('')),
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

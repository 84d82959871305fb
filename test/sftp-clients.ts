/**
 * The SFTP programs that institutions use, each as they would: OpenSSH's sftp and scp, lftp, PuTTY's psftp, Paramiko.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Ran } from './program.ts'
import { run } from './program.ts'

/** Key files and what the server is known by, in a folder of their own. */
export type Keys = {
  readonly folder: string
  readonly rsa: string
  readonly ed25519: string
  /** The RSA key as PuTTY has it. */
  readonly ppk: string
  /** Lines of authorized_keys. */
  readonly publicKeys: readonly string[]
}

export type Target = {
  readonly port: number
  readonly user: string
  readonly keys: Keys
  /** Fingerprint of the Ed25519 host key. */
  readonly hostKey: string
}

export type SftpClient = {
  readonly name: string
  /** Why it cannot be used here; false where it can. */
  readonly missing: string | false
  /** Puts a file of this machine to a path there. */
  put(target: Target, local: string, remote: string): Promise<Ran>
  get(target: Target, remote: string, local: string): Promise<Ran>
  /** Names, one a line, among whatever else the program says. */
  list(target: Target, folder: string): Promise<Ran>
}

export async function makeKeys(folder: string, { withPpk = true } = {}): Promise<Keys> {
  const [rsa, ed25519, ppk] = [join(folder, 'id_rsa'), join(folder, 'id_ed25519'), join(folder, 'id.ppk')]
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', rsa])
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ed25519])
  if (withPpk) execFileSync('puttygen', [rsa, '-o', ppk])
  const publicKeys = [rsa, ed25519].map((path) => execFileSync('ssh-keygen', ['-y', '-f', path], { encoding: 'utf8' }).trim())
  return { folder, rsa, ed25519, ppk, publicKeys }
}

/** What OpenSSH and lftp are told of the server. */
export function sshOptions({ keys }: Target, key = keys.rsa): string[] {
  const known = join(keys.folder, 'known_hosts')
  return [
    '-F',
    'none',
    '-i',
    key,
    '-o',
    'IdentitiesOnly=yes',
    '-o',
    `UserKnownHostsFile=${known}`,
    '-o',
    'StrictHostKeyChecking=accept-new',
  ]
}

/** Commands of OpenSSH's sftp, one after the other; the first that fails ends it. */
export function sftp(target: Target, commands: readonly string[], options: readonly string[] = []): Promise<Ran> {
  const args = ['-q', '-P', String(target.port), ...options, ...sshOptions(target), '-b', '-', `${target.user}@127.0.0.1`]
  return run('sftp', args, `${commands.join('\n')}\n`)
}

export function lftp(target: Target, commands: readonly string[]): Promise<Ran> {
  const connect = ['ssh', '-a', '-x', ...sshOptions(target)].join(' ')
  const script = [
    `set sftp:connect-program "${connect}"`,
    'set cmd:fail-exit yes',
    'set net:max-retries 2',
    'set net:timeout 20',
    `open -u ${target.user},none -p ${target.port} sftp://127.0.0.1`,
    ...commands,
    'exit',
  ]
  return run('lftp', ['--norc'], `${script.join('\n')}\n`)
}

export async function psftp(target: Target, commands: readonly string[]): Promise<Ran> {
  const script = join(target.keys.folder, `psftp-${commands.length}-${Math.random()}`)
  await writeFile(script, `${commands.join('\n')}\n`)
  const args = ['-batch', '-P', String(target.port), '-i', target.keys.ppk, '-hostkey', target.hostKey, '-b', script]
  return await run('psftp', [...args, `${target.user}@127.0.0.1`])
}

/** @param work Python that has `sftp` */
export function paramiko({ port, user, keys }: Target, work: string): Promise<Ran> {
  const script = `
import paramiko, sys
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect('127.0.0.1', ${port}, ${JSON.stringify(user)}, key_filename=${JSON.stringify(keys.rsa)}, look_for_keys=False, allow_agent=False, timeout=20)
sftp = client.open_sftp()
${work}
sftp.close()
client.close()
`
  return run('python3', ['-'], script)
}

const quoted = (text: string) => JSON.stringify(text)

export const CLIENTS: readonly SftpClient[] = [
  {
    name: 'OpenSSH sftp',
    missing: needs('sftp', 'openssh-client'),
    put: (target, local, remote) => sftp(target, [`put ${quoted(local)} ${quoted(remote)}`]),
    get: (target, remote, local) => sftp(target, [`get ${quoted(remote)} ${quoted(local)}`]),
    list: (target, folder) => sftp(target, [`ls -1 ${quoted(folder)}`]),
  },
  {
    name: 'OpenSSH scp',
    missing: needs('scp', 'openssh-client'),
    put: (target, local, remote) => scp(target, local, `${target.user}@127.0.0.1:${remote}`),
    get: (target, remote, local) => scp(target, `${target.user}@127.0.0.1:${remote}`, local),
    // It cannot.
    list: (target, folder) => sftp(target, [`ls -1 ${quoted(folder)}`]),
  },
  {
    name: 'lftp',
    missing: needs('lftp', 'lftp'),
    put: (target, local, remote) => lftp(target, [`put ${quoted(local)} -o ${quoted(remote)}`]),
    get: (target, remote, local) => lftp(target, [`set xfer:clobber yes`, `get ${quoted(remote)} -o ${quoted(local)}`]),
    list: (target, folder) => lftp(target, [`cls -1 ${quoted(`${folder}/`)}`]),
  },
  {
    name: 'PuTTY psftp',
    missing: needs('psftp', 'putty-tools'),
    put: (target, local, remote) => psftp(target, [`put ${local} ${remote}`]),
    get: (target, remote, local) => psftp(target, [`get ${remote} ${local}`]),
    list: (target, folder) => psftp(target, [`ls ${folder}`]),
  },
  {
    name: 'Paramiko',
    missing: needsParamiko(),
    // Under another name first and renamed then, as its documentation has it.
    put: (target, local, remote) =>
      paramiko(
        target,
        `sftp.put(${quoted(local)}, ${quoted(`${remote}.part`)})\nsftp.posix_rename(${quoted(`${remote}.part`)}, ${quoted(remote)})`,
      ),
    get: (target, remote, local) => paramiko(target, `sftp.get(${quoted(remote)}, ${quoted(local)})`),
    list: (target, folder) => paramiko(target, `print("\\n".join(sftp.listdir(${quoted(folder)})))`),
  },
]

/** New versions speak SFTP. */
function scp(target: Target, from: string, to: string): Promise<Ran> {
  return run('scp', ['-q', '-P', String(target.port), ...sshOptions(target), from, to])
}

function needs(program: string, debianPackage: string): string | false {
  const isThere = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)))
  return isThere || process.env.CI !== undefined ? false : `needs ${program} (package ${debianPackage})`
}

function needsParamiko(): string | false {
  if (process.env.CI !== undefined) return false
  try {
    execFileSync('python3', ['-c', 'import paramiko'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs Paramiko (pip install paramiko)'
  }
}

/** Whether OpenSSH's own programs are here, without which no key can be made. */
export const NO_OPENSSH = needs('ssh-keygen', 'openssh-client')

/** The name of one file among what a program listed. */
export function nameIn({ out }: Ran, pattern: RegExp): string | undefined {
  const found = out.split('\n').flatMap((line) => line.trim().split(/\s+/).at(-1) ?? [])
  return found.map((name) => basename(name)).find((name) => pattern.test(name))
}

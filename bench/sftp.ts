/**
 * The drop box beside the SSH server of OpenSSH, with OpenSSH's own client: one large upload, many small ones at once, and
 * one beside many connections that do nothing.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Client } from 'ssh2'
import ssh2 from 'ssh2'
import type { Keys, Target } from '../test/sftp-clients.ts'
import { makeKeys, sftp } from '../test/sftp-clients.ts'
import { startSshd } from '../test/sshd.ts'
import { median, say, sayRatio, table } from './figures.ts'
import { cpuSeconds, residentMb } from './process.ts'
import type { Server } from './servers.ts'
import { freePort, INSTITUTION, openFolder, startMatricula } from './servers.ts'

export type SftpOptions = {
  /** Of the large file. */
  readonly megabytes: number
  readonly rounds: number
  /** Uploads at once. */
  readonly sessions: number
  /** Connections of each kind that do nothing. */
  readonly silent: number
  readonly progress: (text: string) => void
}

const MB = 1_000_000

export async function measureSftp(options: SftpOptions): Promise<string> {
  await using folder = await openFolder()
  const keys = await makeKeys(folder.path, { withPpk: false })
  const port = await freePort()
  await using server = await startMatricula(folder.path, { sftp: { username: INSTITUTION, keys: keys.publicKeys } }, port)
  await using sshd = await startSshd(['ed25519'])
  await sshd.authorize(keys.publicKeys)
  const ours = { port, user: INSTITUTION, keys, hostKey: '' }
  const theirs = { port: sshd.port, user: sshd.username, keys, hostKey: sshd.hostKey() }
  const parts = [
    await large({ ours, theirs, into: sshd.folder, server, keys }, options),
    await manyAtOnce({ ours, keys }, options),
    await besideSilent({ ours, keys }, options),
  ]
  return `## The drop box\n\n${parts.join('\n\n')}\n`
}

async function large(
  {
    ours,
    theirs,
    into,
    server,
    keys,
  }: { readonly ours: Target; readonly theirs: Target; readonly into: string; readonly server: Server; readonly keys: Keys },
  { megabytes, rounds, progress }: SftpOptions,
): Promise<string> {
  const file = await fileOf(keys, 'large.bin', megabytes)
  const times: { [who: string]: number[] } = { ours: [], theirs: [] }
  await upload(ours, file, '/upload/warm.part')
  const [atRest, cpuBefore] = [await residentMb(server.pid), await cpuSeconds(server.pid)]
  const memory: number[] = []
  for (let round = 0; round < rounds; round++) {
    // One name: a file that is there is replaced, on either side.
    times.ours?.push(await upload(ours, file, '/upload/large.bin.part'))
    memory.push(await residentMb(server.pid))
    times.theirs?.push(await upload(theirs, file, join(into, 'large.bin')))
    progress(`${megabytes} MB: ${say(times.ours?.at(-1) ?? 0)} s, sshd ${say(times.theirs?.at(-1) ?? 0)} s`)
  }
  const cpu = ((await cpuSeconds(server.pid)) - cpuBefore) / rounds
  const [speed, reference] = [megabytes / median(times.ours ?? []), megabytes / median(times.theirs ?? [])]
  const rows = [
    ['matricula', say(speed), sayRatio(speed / reference), say(cpu)],
    ['sshd', say(reference), '1.00', ''],
  ]
  const flat = `Resident MB before the first and after each upload: ${[atRest, ...memory].map(say).join(', ')}`
  return `${megabytes} MB by OpenSSH over loopback\n\n${table(['', 'MB/s', 'to sshd', 'CPU s'], rows)}\n\n${flat}`
}

async function manyAtOnce(
  { ours, keys }: { readonly ours: Target; readonly keys: Keys },
  { sessions, progress }: SftpOptions,
): Promise<string> {
  const file = await fileOf(keys, 'small.bin', 1)
  const began = performance.now()
  const seconds = await Promise.all(Array.from({ length: sessions }, (_, n) => upload(ours, file, `/upload/many-${n}.part`)))
  const all = (performance.now() - began) / 1000
  progress(`${sessions} at once: ${say(all)} s`)
  return `${sessions} sessions of OpenSSH at once, each with a file of 1 MB: all complete in ${say(all)} s, median ${say(median(seconds))} s`
}

async function besideSilent(
  { ours, keys }: { readonly ours: Target; readonly keys: Keys },
  { silent, progress }: SftpOptions,
): Promise<string> {
  const file = await fileOf(keys, 'small.bin', 1)
  const alone = await upload(ours, file, '/upload/alone.part')
  const halfOpen = Array.from({ length: silent }, () => connect(ours.port, '127.0.0.1').on('error', () => {}))
  const idle: Client[] = []
  for (let n = 0; n < silent; n++) idle.push(await signedIn(ours, keys))
  const beside = await upload(ours, file, '/upload/beside.part')
  for (const connection of [...halfOpen, ...idle]) connection.destroy()
  progress(`beside ${silent} silent ones: ${say(beside)} s`)
  return `1 MB alone: ${say(alone)} s; beside ${silent} connections that never sign in and ${silent} that signed in and do nothing: ${say(beside)} s`
}

/** @returns how many seconds it took, from the start of the program to its end */
async function upload(target: Target, file: string, path: string): Promise<number> {
  const began = performance.now()
  const { code, err } = await sftp(target, [`put "${file}" "${path}"`])
  if (code !== 0) throw new Error(`upload to ${path}: ${err}`)
  return (performance.now() - began) / 1000
}

async function signedIn({ port, user }: Target, { ed25519 }: Keys): Promise<Client> {
  const client = new ssh2.Client()
  client.on('error', () => {})
  client.connect({ host: '127.0.0.1', port, username: user, privateKey: await readFile(ed25519) })
  await once(client, 'ready')
  return client
}

async function fileOf({ folder }: Keys, name: string, megabytes: number): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, randomBytes(megabytes * MB))
  return path
}

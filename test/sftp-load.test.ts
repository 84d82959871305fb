/**
 * Many at the drop box at once, and a disk that takes no more: on the program as it is started everywhere.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Client } from 'ssh2'
import { signIn } from './drop-box.ts'
import { Server } from './server.ts'
import type { Keys, Target } from './sftp-clients.ts'
import { makeKeys, NO_OPENSSH, sftp } from './sftp-clients.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

const INSTITUTION = 'test-uni'
const SESSIONS = 50
const SILENT = 200
const MB = 1024 * 1024

describe('the drop box', { skip: NO_OPENSSH }, () => {
  let folder: Folder
  let keys: Keys
  before(async () => {
    folder = await temporaryFolder()
    keys = await makeKeys(folder.path, { withPpk: false })
  })
  after(() => folder[Symbol.asyncDispose]())

  const start = (more: { readonly launch?: readonly string[] } = {}) =>
    Server.start({ settings: { sftp: { username: INSTITUTION, keys: keys.publicKeys } }, ...more })
  const targetOf = (server: Server): Target => ({ port: server.sftpPort, user: INSTITUTION, keys, hostKey: '' })
  const listed = async (server: Server): Promise<{ readonly file: string; readonly state: string }[]> =>
    JSON.parse((await server.run('files', 'list', '--institution', INSTITUTION, '--json')).stdout)

  it(`takes ${SESSIONS} uploads at once, each whole`, { timeout: 240_000 }, async () => {
    await using server = await start()
    const files = await Promise.all(
      Array.from({ length: SESSIONS }, async (_, n) => {
        const content = randomBytes(100_000)
        return { name: `people-${n}.csv`, content, local: await folder.put(`people-${n}.csv`, content) }
      }),
    )
    const put = await Promise.all(files.map(({ local, name }) => sftp(targetOf(server), [`put "${local}" /upload/${name}`])))
    for (const { code, err } of put) assert.equal(code, 0, err)
    const waiting = await listed(server)
    assert.deepEqual(
      waiting.map(({ file, state }) => `${file} ${state}`).sort(),
      files.map(({ name }) => `${name} waiting`).sort(),
    )
    const uploaded = join(server.dataDir, 'files', INSTITUTION, 'upload')
    for (const { name, content } of files) assert.ok(readFileSync(join(uploaded, name)).equals(content), name)
  })

  it(`serves an honest one beside ${2 * SILENT} connections that do nothing`, { timeout: 240_000 }, async () => {
    await using server = await start()
    const halfOpen: Socket[] = []
    for (let n = 0; n < SILENT; n++) {
      const socket = connect(server.sftpPort, '127.0.0.1').on('error', () => {})
      await once(socket, 'connect')
      halfOpen.push(socket)
    }
    const privateKey = readFileSync(keys.ed25519)
    const idle: Client[] = []
    const signInSome = async () => {
      while (idle.length < SILENT) {
        const ssh = await signIn({ port: server.sftpPort, username: INSTITUTION, privateKey, readyTimeout: 60_000 })
        idle.push(ssh.on('error', () => {}))
      }
    }
    await Promise.all(Array.from({ length: 10 }, signInSome))
    const local = await folder.put('people.csv', 'email\n')
    const { code, err } = await sftp(targetOf(server), [`put "${local}" /upload/people.csv`])
    assert.equal(code, 0, err)
    assert.equal((await listed(server))[0]?.state, 'waiting')
    for (const connection of [...halfOpen, ...idle]) connection.destroy()
  })

  it('tells the client when the disk takes no more, keeps what was complete, and lives', { timeout: 240_000 }, async () => {
    const disk = smallDisk()
    await using server = await start({ launch: disk.launch })
    const target = targetOf(server)
    const [small, big] = [await folder.put('people.csv', 'email\n'), await folder.put('big.csv', randomBytes(12 * MB))]
    assert.equal((await sftp(target, [`put "${small}" /upload/people.csv`])).code, 0)
    const full = await sftp(target, [`put "${big}" /upload/people.csv`])
    assert.notEqual(full.code, 0)
    assert.match(full.err, /Failure/)
    const token = (await server.run('token', 'create', INSTITUTION, '--scope', 'files')).stdout.trim()
    const sent = await fetch(`${server.origin}/institutions/${INSTITUTION}/files/big.csv`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: readFileSync(big),
    })
    assert.equal(sent.status, 507, disk.what)
    assert.match(await sent.text(), /the disk of the server is full, and nothing of the file was kept/)
    const shown = JSON.parse((await server.run('files', 'list', '--institution', INSTITUTION, '--json')).stdout)
    assert.deepEqual([shown.length, shown[0].state], [1, 'waiting'])
    assert.equal((await sftp(target, ['rm /upload/people.csv', `put "${small}" /upload/people.csv`])).code, 0, disk.what)
    assert.equal((await listed(server))[0]?.state, 'waiting')
  })
})

/**
 * Starts a program on a file system of 8 MB for its files, where a program may make one; else it may write no file of
 * more than 8 MB.
 */
function smallDisk(): { readonly what: string; readonly launch: readonly string[] } {
  const mount = 'mkdir -p "$DATA_DIR/files" && mount -t tmpfs -o size=8m none "$DATA_DIR/files"'
  const unshare = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c']
  try {
    const [program = '', ...args] = [...unshare, `DATA_DIR=$(mktemp -d) && ${mount}`]
    execFileSync(program, args, { stdio: 'ignore' })
    return { what: 'a full disk', launch: [...unshare, `${mount} && exec "$0" "$@"`] }
  } catch {
    return { what: 'a file past its limit', launch: ['sh', '-c', `trap '' XFSZ; ulimit -f 16384; exec "$0" "$@"`] }
  }
}

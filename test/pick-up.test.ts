/**
 * Files that the institution does not send but has fetched, from the first look to the roll: the real program and a
 * server of OpenSSH.
 */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Server } from './server.ts'
import type { Sshd } from './sshd.ts'
import { NO_SSHD, startSshd } from './sshd.ts'
import { temporaryFile } from './stores.ts'

/** Of `Server`. */
const UNI = 'test-uni'
const HEADER = 'netid,email,first_name,last_name,account_type\n'

describe('files fetched from a server of the institution', { skip: NO_SSHD }, () => {
  const opened = new AsyncDisposableStack()
  let sshd: Sshd
  let server: Server
  before(async () => {
    sshd = opened.use(await startSshd())
    server = opened.use(await Server.start())
  })
  after(() => opened.disposeAsync())

  const set = async (more: object) => {
    const { port, username, folder } = sshd
    const place = { name: 'sis', host: '127.0.0.1', port, username, folder, settleSeconds: 0.1, after: 'rename', ...more }
    const file = temporaryFile('settings.json')
    writeFileSync(file, JSON.stringify({ sftp: { pickUp: [place] } }))
    const { code, stderr } = await server.run('institution', 'set', UNI, '--settings', file)
    assert.equal(code, 0, stderr)
  }
  const tryIt = () => server.run('sftp', 'pick-up', UNI)
  const runFiles = () => server.run('files', 'run', '--institution', UNI, '--json')
  const export_ = (rows: string) => writeFileSync(join(sshd.folder, 'people.csv'), HEADER + rows)

  it('begins with our public keys, for the institution', async () => {
    const { code, stdout } = await tryIt()
    assert.equal(code, 0)
    const keys = stdout.split('\n').filter((line) => line.startsWith('ssh-'))
    assert.deepEqual(
      keys.map((key) => key.split(' ')[0]),
      ['ssh-ed25519', 'ssh-rsa'],
    )
    await sshd.authorize(keys)
    assert.ok((await tryIt()).stdout.includes(keys[0] ?? ''), 'they stay the same')
  })

  it('needs the host key to be set, and tells it', async () => {
    await set({})
    const { code, stderr } = await tryIt()
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^sis: 127\.0\.0\.1 shows SHA256:\S+ \(Ed25519\), SHA256:\S+ \(RSA\): compare it with what the institution says/,
    )
    await set({ hostKeys: [sshd.hostKey()] })
    assert.deepEqual([(await tryIt()).code, (await tryIt()).stderr], [0, ''])
  })

  it('is tried without harm: it shows what would be fetched', async () => {
    export_('001,ada@uni.edu,Ada,Lovelace,Student\n')
    writeFileSync(join(sshd.folder, 'notes\u001b[31m.pdf'), 'x')
    const { stdout } = await tryIt()
    assert.ok(
      stdout.includes('lets us in.\n  Would be fetched:\n    "people.csv"\n  Cannot be taken:\n    "notes\\u001b[31m.pdf": '),
      stdout,
    )
    assert.equal(readdirSync(sshd.folder).length, 2)
  })

  it('brings people to the roll with the next run, and renames what was fetched', async () => {
    const { code, stdout, stderr } = await runFiles()
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^Fetched from sis:\n {2}"people\.csv"$/m)
    assert.deepEqual(JSON.parse(stdout).counts.created, 1)
    assert.match(readdirSync(sshd.folder).toSorted().join(), /^notes.*,people\.csv\.fetched-\S+Z$/)
    const shown = await server.run('user', 'show', 'ada@uni.edu', '--institution', UNI)
    assert.equal(JSON.parse(shown.stdout).user.netid, '001')
    assert.match((await runFiles()).stderr, /There was nothing to do/)
  })

  it('fetches no file twice where it is left there', async () => {
    await set({ hostKeys: [sshd.hostKey()], after: 'leave' })
    export_('001,ada@uni.edu,Ada,King,Student\n')
    assert.equal(JSON.parse((await runFiles()).stdout).counts.updated, 1)
    assert.equal((await runFiles()).stdout, '')
  })

  it('stops when the host key has changed, says so, and goes through what was uploaded all the same', async () => {
    await sshd.changeHostKeys()
    export_('002,alan@uni.edu,Alan,Turing,Student\n')
    const token = (await server.run('token', 'create', UNI, '--scope', 'files')).stdout.trim()
    const put = {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: `${HEADER}003,grace@uni.edu,Grace,Hopper,Staff\n`,
    }
    assert.equal((await fetch(`${server.origin}/institutions/${UNI}/files/staff.csv`, put)).status, 201)
    const { code, stdout, stderr } = await runFiles()
    assert.equal(code, 1)
    assert.match(stderr, /^Nothing was fetched from sis: the host key of 127\.0\.0\.1 has changed/m)
    assert.deepEqual([JSON.parse(stdout).file, JSON.parse(stdout).counts.created], ['staff.csv', 1])
    await set({ hostKeys: [sshd.hostKey()] })
    assert.equal(JSON.parse((await runFiles()).stdout).counts.created, 1)
  })

  it('has new keys when that is wanted, with which the institution has to let us in', async () => {
    assert.equal((await server.run('sftp', 'pick-up', UNI, '--new-keys')).code, 1)
    const { code, stdout, stderr } = await tryIt()
    assert.equal(code, 1)
    assert.match(stderr, /does not let the user "\S+" in with our key/)
    await sshd.authorize(stdout.split('\n').filter((line) => line.startsWith('ssh-')))
    assert.equal((await tryIt()).code, 0)
  })
})

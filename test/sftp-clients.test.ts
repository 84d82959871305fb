/**
 * What real SFTP programs do beside putting a file: resuming, mirroring, renaming, keeping times, being killed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { beginRotation, finishRotation } from '../src/sftp/host-keys.ts'
import { DropBox, INSTITUTION, until } from './drop-box.ts'
import type { Ran } from './program.ts'
import { run } from './program.ts'
import type { Keys, Target } from './sftp-clients.ts'
import { CLIENTS, lftp, makeKeys, NO_OPENSSH, paramiko, psftp, sftp, sshOptions } from './sftp-clients.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

const MB = 1024 * 1024
const missing = (name: string) => CLIENTS.find((client) => client.name.includes(name))?.missing

describe('at the drop box', { skip: NO_OPENSSH }, () => {
  let folder: Folder
  let keys: Keys
  let box: DropBox
  let target: Target
  let big: Buffer
  let bigFile: string
  before(async () => {
    folder = await temporaryFolder()
    keys = await makeKeys(folder.path, { withPpk: missing('psftp') === false })
    box = await DropBox.open({ sftp: { username: INSTITUTION, keys: keys.publicKeys } })
    target = { port: box.port, user: INSTITUTION, keys, hostKey: box.hostKey }
    big = randomBytes(20 * MB)
    bigFile = await folder.put('big.csv', big)
  })
  after(async () => {
    await box[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })
  beforeEach(() => box.runFiles())

  const done = ({ code, out, err }: Ran) => assert.equal(code, 0, `${out}\n${err}`)
  const uploaded = (name: string) => readFileSync(join(box.folders.upload, name))

  /** Ends a program in the middle of its upload, as a power cut would. */
  async function killedUpload(program: string, args: readonly string[], input: string): Promise<number> {
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    child.stdin.on('error', () => {})
    child.stdin.write(input)
    const closed = once(child, 'close')
    const bytes = await until('some of the upload is here', () => incoming(box).find((size) => size > 64 * 1024))
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await closed
    assert.ok(bytes < big.length)
    await until('the server has seen the end', async () => (await box.events('sftp.upload')).at(-1)?.result === 'interrupted')
    return bytes
  }

  it('OpenSSH goes on with an upload that was killed (reput)', { timeout: 240_000 }, async () => {
    const slow = ['-q', '-l', '40000', '-P', String(box.port), ...sshOptions(target), '-b', '-', `${INSTITUTION}@127.0.0.1`]
    await killedUpload('sftp', slow, `put "${bigFile}" /upload/big.csv\n`)
    assert.deepEqual(await box.waiting(), [])
    done(await sftp(target, [`reput "${bigFile}" /upload/big.csv`]))
    assert.deepEqual(await box.waiting(), ['big.csv'])
    assert.ok(uploaded('big.csv').equals(big))
  })

  it('lftp goes on with an upload that was killed (put -c)', { skip: missing('lftp'), timeout: 240_000 }, async () => {
    const script = (command: string) => [
      `set sftp:connect-program "${['ssh', '-a', '-x', ...sshOptions(target)].join(' ')}"`,
      `open -u ${INSTITUTION},none -p ${box.port} sftp://127.0.0.1`,
      command,
    ]
    await killedUpload(
      'lftp',
      ['--norc'],
      `${script(`set net:limit-rate 4000000\nput "${bigFile}" -o /upload/big.csv`).join('\n')}\n`,
    )
    done(await lftp(target, [`put -c "${bigFile}" -o /upload/big.csv`]))
    assert.deepEqual(await box.waiting(), ['big.csv'])
    assert.ok(uploaded('big.csv').equals(big))
  })

  it('psftp goes on with an upload that was interrupted (reput)', { skip: missing('psftp'), timeout: 240_000 }, async () => {
    writeFileSync(
      join(box.folders.incoming, `open.${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}.big.csv`),
      big.subarray(0, 5 * MB),
    )
    done(await psftp(target, [`reput ${bigFile} /upload/big.csv`]))
    assert.ok(uploaded('big.csv').equals(big))
  })

  it('lftp mirrors a folder, and what has not changed only once', { skip: missing('lftp'), timeout: 240_000 }, async () => {
    const local = join(folder.path, 'mirrored')
    mkdirSync(local)
    for (const name of ['students.csv', 'staff.xlsx', 'notes.pdf']) writeFileSync(join(local, name), `${name}\n`)
    const mirror = `mirror -R --verbose=1 "${local}" /upload`
    const first = await lftp(target, [mirror])
    done(first)
    assert.deepEqual([await box.waiting(), readdirSync(box.folders.aside)], [['staff.xlsx', 'students.csv'], ['notes.pdf']])
    const runs = await box.runsOf('students.csv')
    done(await lftp(target, [mirror]))
    assert.deepEqual(await box.runsOf('students.csv'), runs)
    done(await lftp(target, ['rm /upload/notes.pdf']))
  })

  it('lftp uploads under another name first where it is told to', { skip: missing('lftp'), timeout: 240_000 }, async () => {
    done(await lftp(target, ['set xfer:use-temp-file yes', `put "${bigFile}" -o /upload/big.csv`]))
    assert.deepEqual([await box.waiting(), readdirSync(box.folders.aside)], [['big.csv'], []])
    // Over one that is there: it removes that first.
    done(await lftp(target, ['set xfer:use-temp-file yes', `put "${bigFile}" -o /upload/big.csv`]))
    assert.deepEqual(await box.waiting(), ['big.csv'])
  })

  it('OpenSSH keeps times, adds to a file, renames and removes', { timeout: 240_000 }, async () => {
    const [first, whole] = [await folder.put('first', 'email,'), await folder.put('whole', 'email,first_name\n')]
    utimesSync(first, 1_000_000_000, 1_000_000_000)
    done(await sftp(target, [`put -p "${first}" /upload/a.csv.part`]))
    assert.equal(statSync(join(box.folders.aside, 'a.csv.part')).mtimeMs, 1_000_000_000_000)
    done(
      await sftp(target, [`put -a "${whole}" /upload/a.csv.part`, 'rename /upload/a.csv.part /upload/a.csv', 'ls -la /upload']),
    )
    assert.equal(uploaded('a.csv').toString(), 'email,first_name\n')
    done(await sftp(target, ['rm /upload/a.csv']))
    assert.deepEqual([await box.waiting(), readdirSync(box.folders.upload)], [[], []])
  })

  it('scp puts a longer and then a shorter file of one name', { timeout: 240_000 }, async () => {
    const short = await folder.put('short.csv', 'email\n')
    for (const [file, content] of [
      [bigFile, big],
      [short, Buffer.from('email\n')],
    ] as const) {
      done(
        await run('scp', ['-q', '-P', String(box.port), ...sshOptions(target), file, `${INSTITUTION}@127.0.0.1:/upload/big.csv`]),
      )
      assert.ok(uploaded('big.csv').equals(content))
    }
  })

  it('Paramiko asks for all of a file at once, and gets it', { skip: missing('Paramiko'), timeout: 240_000 }, async () => {
    writeFileSync(join(box.folders.archive, 'big.csv'), big)
    const local = join(folder.path, 'fetched')
    done(await paramiko(target, `sftp.get('/archive/big.csv', ${JSON.stringify(local)})`))
    assert.ok(readFileSync(local).equals(big))
  })

  it('Paramiko writes without waiting for answers', { skip: missing('Paramiko'), timeout: 240_000 }, async () => {
    const work = `
with sftp.open('/upload/big.csv', 'w') as there, open(${JSON.stringify(bigFile)}, 'rb') as here:
    there.set_pipelined(True)
    while piece := here.read(32768): there.write(piece)`
    done(await paramiko(target, work))
    assert.ok(uploaded('big.csv').equals(big))
  })

  for (const cipher of [
    'chacha20-poly1305@openssh.com',
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
  ]) {
    it(`OpenSSH may use ${cipher}, and change keys on the way`, { timeout: 240_000 }, async () => {
      done(await sftp(target, [`put "${bigFile}" /upload/big.csv`], ['-c', cipher, '-o', 'RekeyLimit=4M']))
      assert.ok(uploaded('big.csv').equals(big))
    })
  }

  it('OpenSSH gets to know the next host keys, and goes on when they take the place of the old ones', {
    timeout: 240_000,
  }, async () => {
    const known = join(folder.path, 'known_hosts')
    const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', 'UpdateHostKeys=yes']
    done(await sftp(target, ['ls']))
    const { next } = await beginRotation(box.dataDir)
    await until('the next keys are known', async () => {
      done(await sftp(target, ['ls'], strict))
      return next.every(({ blob }) => readFileSync(known, 'utf8').includes(blob.toString('base64')))
    })
    await finishRotation(box.dataDir)
    await until('the old keys are forgotten', async () => {
      done(await sftp(target, ['ls'], strict))
      return readFileSync(known, 'utf8').trim().split('\n').length === next.length
    })
  })

  it('OpenSSH may sign in with Ed25519', { timeout: 240_000 }, async () => {
    const options = ['-q', '-P', String(box.port), ...sshOptions(target, keys.ed25519), '-b', '-', `${INSTITUTION}@127.0.0.1`]
    done(await run('sftp', options, 'ls\n'))
  })
})

/** Sizes of what is being uploaded. */
function incoming({ folders }: DropBox): number[] {
  return readdirSync(folders.incoming).map((name) => statSync(join(folders.incoming, name)).size)
}

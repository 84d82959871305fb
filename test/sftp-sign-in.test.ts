/**
 * Who is let in to the drop box, and what becomes of those who are not.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { SFTPWrapper } from 'ssh2'
import ssh2 from 'ssh2'
import { newEd25519Key } from '../src/sftp/new-key.ts'
import { addInstitution, asked, DropBox, INSTITUTION, KEY, signIn, USER, until } from './drop-box.ts'
import { run } from './program.ts'
import type { Keys, Target } from './sftp-clients.ts'
import { makeKeys, NO_OPENSSH, sftp, sshOptions } from './sftp-clients.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

const OTHER_KEY = newEd25519Key()
const FRESH_MS = 5000

/** Shows one key, and signs with another. */
class Forger extends ssh2.BaseAgent<string> {
  override getIdentities(done: (error: undefined, keys: string[]) => void): void {
    done(undefined, [KEY.public])
  }

  override sign(_: unknown, data: Buffer, ...rest: unknown[]): void {
    const key = ssh2.utils.parseKey(OTHER_KEY.private)
    const done = rest.find((one) => typeof one === 'function')
    if (!(key instanceof Error)) done?.(undefined, key.sign(data))
  }
}

describe('the drop box lets in', () => {
  let box: DropBox
  before(async () => {
    box = await DropBox.open()
    await addInstitution(box.store, 'south', { sftp: { keys: [OTHER_KEY.public] } })
    await addInstitution(box.store, 'west', { sftp: { keys: [KEY.public], addresses: ['192.0.2.0/24', '2001:db8::/32'] } })
    await addInstitution(box.store, 'east', { sftp: { keys: [KEY.public], addresses: ['127.0.0.0/8'] } })
  })
  after(() => box[Symbol.asyncDispose]())

  const lastRefusal = () => box.log.findLast(({ msg }) => msg === 'sftp sign-in refused')

  it('whoever has the key of a user, whatever the case of the name', async () => {
    for (const username of [USER, USER.toUpperCase(), 'east']) (await signIn({ port: box.port, username })).end()
  })

  for (const [why, reason, more] of [
    ['a name that nobody has', 'unknown_user', { username: 'nobody' }],
    ['a key that is not set', 'unknown_key', { privateKey: OTHER_KEY.private }],
    ['the key of another institution', 'unknown_key', { username: 'south' }],
    ['an address that is not listed', 'address_not_listed', { username: 'west' }],
    ['a password', 'no_public_key', { password: 'secret', privateKey: undefined }],
  ] as const) {
    it(`nobody with ${why}, and tells the administrator alone`, async () => {
      await assert.rejects(signIn({ port: box.port, ...(more as object) }), /All configured authentication methods failed/)
      const told = lastRefusal()
      assert.deepEqual([told?.reason, told?.address], [reason, '127.0.0.1'])
      assert.match(await box.metrics(), new RegExp(`matricula_sftp_sign_ins_total\\{result="${reason}"\\} [1-9]`))
    })
  }

  it('nobody whose signature is of another key', async () => {
    const agent = new Forger()
    await assert.rejects(signIn({ port: box.port, privateKey: undefined as never, agent }))
    assert.equal(lastRefusal()?.reason, 'wrong_signature')
  })

  it('a name at once that has just been set', async () => {
    await assert.rejects(signIn({ port: box.port, username: 'new-name' }))
    await addInstitution(box.store, 'made', { sftp: { username: 'new-name', keys: [KEY.public] } })
    ;(await signIn({ port: box.port, username: 'new-name' })).end()
  })

  it('again whoever could not be served until the disk was mended, and makes folders again that were removed', async () => {
    await addInstitution(box.store, 'mended', { sftp: { keys: [KEY.public] } })
    const home = join(box.dataDir, 'files', 'mended')
    writeFileSync(home, 'where the folders should be')
    await assert.rejects(signIn({ port: box.port, username: 'mended' }))
    for (const _ of ['mended', 'removed']) {
      rmSync(home, { recursive: true })
      await using client = await box.connect({ username: 'mended' })
      await asked((done) => client.sftp.writeFile('/upload/people.csv', 'x', done as never))
    }
  })

  it('nobody who has gone before it is told', async () => {
    const [held, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = async () => {
      asked.resolve()
      await held.promise
    }
    await using box = await DropBox.open({}, { limits: { signInMs: 1000 }, whenFound: slow })
    const gone = assert.rejects(signIn({ port: box.port }))
    await asked.promise
    // The server itself has no more patience.
    await gone
    held.resolve()
    await box[Symbol.asyncDispose]()
    assert.match(await box.metrics(), /^matricula_sftp_connections 0$/m)
    assert.ok(!box.log.some(({ msg }) => msg === 'sftp sign-in'))
  })

  it('a key within five seconds from when it is set, and no longer than that when it is taken away', async () => {
    await using box = await DropBox.open({ sftp: { username: 'late', keys: [OTHER_KEY.public] } })
    const there = () =>
      signIn({ port: box.port, username: 'late' }).then(
        (ssh) => ssh.end(),
        () => undefined,
      )
    writeFileSync(join(box.folders.archive, 'old.csv'), 'a report')
    const began = performance.now()
    await using clients = new AsyncDisposableStack()
    const signedIn = async () => {
      return clients.use(await box.connect({ username: 'late', privateKey: OTHER_KEY.private })).sftp
    }
    const opened = (sftp: SFTPWrapper, path: string, mode: 'r' | 'w') => asked<Buffer>((done) => sftp.open(path, mode, done))
    // Each on a connection of its own: the first that is refused ends it.
    const doings = await Promise.all(
      [
        async (sftp: SFTPWrapper) => () => asked((done) => sftp.opendir('/', done)),
        async (sftp: SFTPWrapper) => () => asked((done) => sftp.stat('/archive/old.csv', done)),
        async (sftp: SFTPWrapper) => {
          const [handle, into] = [await opened(sftp, '/archive/old.csv', 'r'), Buffer.alloc(8)]
          return () => asked((done) => sftp.read(handle, into, 0, 8, 0, done))
        },
        async (sftp: SFTPWrapper) => {
          const handle = await opened(sftp, '/upload/new.csv', 'w')
          return () => asked((done) => sftp.write(handle, Buffer.from('x'), 0, 1, 0, done as never))
        },
        async (sftp: SFTPWrapper) => {
          const handle = await opened(sftp, '/upload/other.csv', 'w')
          return () => asked((done) => sftp.fsetstat(handle, { size: 0 }, done as never))
        },
      ].map(async (begin) => begin(await signedIn())),
    )
    // As long as that takes here, so late it may be noticed.
    const withinMs = FRESH_MS + 1000 + 5 * (performance.now() - began)
    await box.change({ sftp: { keys: [KEY.public] } })
    await until('the new key is let in', there, withinMs)
    await Promise.all(
      doings.map((again) =>
        until(
          'the old key may do nothing more',
          () =>
            again().then(
              () => false,
              () => true,
            ),
          withinMs,
        ),
      ),
    )
    await assert.rejects(signIn({ port: box.port, username: 'late', privateKey: OTHER_KEY.private }))
  })

  it('everybody with a right key, though others behind the same address keep failing', { timeout: 240_000 }, async () => {
    await using box = await DropBox.open()
    for (let n = 0; n < 7; n++) await assert.rejects(signIn({ port: box.port, privateKey: OTHER_KEY.private }))
    const began = performance.now()
    const failing = Array.from({ length: 10 }, () =>
      signIn({ port: box.port, privateKey: OTHER_KEY.private }).catch(() => performance.now() - began),
    )
    const refused = /^matricula_sftp_sign_ins_total\{result="unknown_key"\} 17$/m
    await until('all are refused, and wait to be told', async () => refused.test(await box.metrics()))
    ;(await signIn({ port: box.port })).end()
    const letIn = performance.now() - began
    const told = (await Promise.all(failing)).map(Number)
    assert.ok(Math.min(...told) > 2500 && Math.max(...told) > letIn, `${told} ${letIn}`)
  })

  it('nobody who has tried six keys in vain, before they come again', async () => {
    await using box = await DropBox.open()
    const keys = Array.from({ length: 8 }, () => newEd25519Key().private)
    let tried = 0
    const ssh = new ssh2.Client()
    ssh.on('error', () => {})
    ssh.connect({
      host: '127.0.0.1',
      port: box.port,
      username: USER,
      readyTimeout: 60_000,
      authHandler: (_methods, _partial, next) => {
        const key = keys[tried]
        if (key === undefined) return next(false as never)
        tried++
        next({ type: 'publickey', username: USER, key } as never)
      },
    })
    await once(ssh, 'close')
    assert.equal(tried, 6)
  })

  it('and tells of the same refusal once in a while only', async () => {
    await using box = await DropBox.open()
    for (let n = 0; n < 3; n++) await assert.rejects(signIn({ port: box.port, privateKey: OTHER_KEY.private }))
    assert.equal(box.log.filter(({ reason }) => reason === 'unknown_key').length, 1)
  })

  it('and keeps who came and who was refused in the audit trail', async () => {
    ;(await signIn({ port: box.port })).end()
    const signedIn = await until('it is stored', async () => (await box.events('sftp.signed_in')).at(-1))
    assert.match(String(signedIn.credential), /^sftp:SHA256:/)
    assert.equal(signedIn.address, '127.0.0.1')
    const refused = await box.events('sftp.refused')
    assert.ok(refused.some(({ reason, address }) => reason === 'unknown_key' && address === '127.0.0.1'))
  })

  it('and logs no names of users and none of files', async () => {
    await using client = await box.connect()
    const handle = await asked<Buffer>((done) => client.sftp.open('/upload/grades of ada.csv', 'w', done))
    await asked((done) => client.sftp.close(handle, done as never))
    await until('the upload is logged', () => box.log.find(({ msg }) => msg === 'sftp upload'))
    assert.doesNotMatch(JSON.stringify(box.log), /nobody|new-name|north-files|ada\.csv/)
  })
})

describe('at the drop box there is', () => {
  let box: DropBox
  before(async () => {
    box = await DropBox.open()
  })
  after(() => box[Symbol.asyncDispose]())

  for (const [what, ask] of [
    ['no shell', (ssh, done) => ssh.shell(done)],
    ['no command', (ssh, done) => ssh.exec('id', done)],
    ['no terminal', (ssh, done) => ssh.shell({ term: 'xterm' }, done)],
    ['no other subsystem', (ssh, done) => ssh.subsys('netconf', done)],
    ['no way through to other hosts', (ssh, done) => ssh.forwardOut('127.0.0.1', 1, '127.0.0.1', 22, done)],
    ['no way back', (ssh, done) => ssh.forwardIn('127.0.0.1', 0, done)],
    ['no way through to a socket', (ssh, done) => ssh.openssh_forwardOutStreamLocal('/run/x', done)],
  ] as const satisfies readonly (readonly [string, (ssh: ssh2.Client, done: (error: Error | undefined) => void) => unknown])[]) {
    it(what, async () => {
      const ssh = await signIn({ port: box.port })
      await assert.rejects(asked((done) => void ask(ssh, done as never)))
      ssh.end()
    })
  }

  it('room for ten sessions in one connection', async () => {
    const ssh = await signIn({ port: box.port })
    const open = () => asked((done) => ssh.sftp(done as never))
    for (let n = 0; n < 10; n++) await open()
    await assert.rejects(open())
    ssh.end()
  })
})

describe('an old client', { skip: NO_OPENSSH }, () => {
  let folder: Folder
  let keys: Keys
  let box: DropBox
  let target: Target
  before(async () => {
    folder = await temporaryFolder()
    keys = await makeKeys(folder.path, { withPpk: false })
    box = await DropBox.open({ sftp: { username: INSTITUTION, keys: keys.publicKeys } })
    target = { port: box.port, user: INSTITUTION, keys, hostKey: box.hostKey }
  })
  after(async () => {
    await box[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  it('that signs with SHA-1 is not let in, and the administrator is told why', async () => {
    const { code } = await sftp(target, ['ls'], ['-o', 'PubkeyAcceptedAlgorithms=ssh-rsa'])
    assert.notEqual(code, 0)
    assert.equal(box.log.findLast(({ msg }) => msg === 'sftp sign-in refused')?.reason, 'sha1_signature')
  })

  for (const options of [
    ['-o', 'KexAlgorithms=diffie-hellman-group1-sha1'],
    ['-o', 'MACs=hmac-sha1', '-c', 'aes128-ctr'],
    ['-c', 'aes128-cbc'],
    ['-o', 'HostKeyAlgorithms=ssh-rsa'],
  ] as const) {
    it(`that knows ${options.at(1)} alone is not spoken to`, async () => {
      assert.notEqual((await sftp(target, ['ls'], options)).code, 0)
    })
  }

  it('that speaks the protocol of scp from before SFTP is refused', async () => {
    const file = await folder.put('people.csv', 'email\n')
    const args = ['-O', '-q', '-P', String(box.port), ...sshOptions(target), file, `${INSTITUTION}@127.0.0.1:/upload/`]
    assert.notEqual((await run('scp', args)).code, 0)
    assert.deepEqual(await box.waiting(), [])
  })

  it('may ask for compression, and does without', async () => {
    assert.equal((await sftp(target, ['ls'], ['-C'])).code, 0)
  })
})

describe('connections that never sign in', () => {
  it('end after a while, and keep nobody else out', async () => {
    await using box = await DropBox.open({}, { limits: { signInMs: 8000 } })
    const sockets = Array.from({ length: 300 }, (_, n) => {
      const socket = connectTcp(box.port, '127.0.0.1')
      socket.on('error', () => {}).resume()
      if (n % 3 === 1) socket.write('SSH-2.0-')
      if (n % 3 === 2) socket.write('SSH-2.0-half\r\n')
      return socket
    })
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')))
    await using client = await box.connect()
    assert.equal((await asked<unknown[]>((done) => client.sftp.readdir('/', done as never))).length, 3)
    await closed
    assert.equal((await asked<unknown[]>((done) => client.sftp.readdir('/', done as never))).length, 3)
  })

  it('that are idle give way to those who do something', { timeout: 240_000 }, async () => {
    await using box = await DropBox.open({}, { limits: { perInstitution: 20 } })
    const idle = await Promise.all(Array.from({ length: 20 }, () => box.connect()))
    const busy = idle[0]
    assert.ok(busy)
    const handle = await asked<Buffer>((done) => busy.sftp.open('/upload/people.csv', 'w', done))
    for (let n = 0; n < 5; n++) (await box.connect()).ssh.end()
    await asked((done) => busy.sftp.close(handle, done as never))
    const ended = await until('the upload is told', async () => (await box.events('sftp.upload')).at(-1))
    assert.equal(ended.result, 'aside')
    for (const { ssh } of idle) ssh.end()
  })
})

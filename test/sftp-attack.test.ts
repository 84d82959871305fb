/**
 * The drop box under attack by whoever has a key to it: a client made by hand that sends what no program would.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ClientChannel } from 'ssh2'
import ssh2 from 'ssh2'
import { newEd25519Key } from '../src/sftp/new-key.ts'
import { addInstitution, asked, DropBox, INSTITUTION, signIn, USER } from './drop-box.ts'
import type { Answer } from './raw-sftp.ts'
import { ANSWER, long, number, packet, RawSftp, REQUEST, string } from './raw-sftp.ts'
import { Server } from './server.ts'
import { temporaryFile } from './stores.ts'

const SECRET = 'what nobody may read'
const MB = 1024 * 1024
const { WRITE, CREAT, TRUNC } = ssh2.utils.sftp.OPEN_MODE
const NEW = WRITE | CREAT | TRUNC

/** What would lead out of the box, or into its inside, if a name were a path. */
const HOSTILE_NAMES = (dataDir: string): readonly (string | Buffer)[] => [
  '..',
  '../..',
  '../../south/upload/secret.csv',
  '/upload/../../south/upload/secret.csv',
  '/reports/../../../secret.csv',
  join(dataDir, 'secret.csv'),
  `//${join(dataDir, 'secret.csv')}`,
  '..\\..\\secret.csv',
  '/upload/..\\..\\secret.csv',
  '/reports/..\\..\\..\\secret.csv',
  'C:\\secret.csv',
  '/reports/C:secret.csv',
  '/upload/a:stream.csv',
  '/upload/a\0.csv',
  '/reports/../upload\0/../../secret.csv',
  Buffer.from('/upload/\xc0\xae\xc0\xae\xc0\xaf\xc0\xae\xc0\xae\xc0\xafsecret.csv', 'latin1'),
  '/upload/%2e%2e%2f%2e%2e%2fsecret.csv',
  '/upload/\u2025\u2215secret.csv',
  ...['incoming', 'aside', 'work', 'checks'].map((folder) => `/${folder}/x`),
  '/south/upload/secret.csv',
  '/upload/sub/people.csv',
  '/etc/passwd',
  '~/secret.csv',
  '/upload/con.csv',
  '/upload/people.csv.',
  '/upload/\u202evsc.elpoep',
  `/upload/${'x'.repeat(300)}.csv`,
  'x'.repeat(100_000),
  '../'.repeat(20_000),
  '',
]

describe('whoever has a key', () => {
  it('reads, changes and sees nothing outside, whatever they ask for and by whatever name', { timeout: 240_000 }, async () => {
    await using box = await DropBox.open()
    await addInstitution(box.store, 'south', {})
    writeFileSync(join(box.dataDir, 'secret.csv'), SECRET)
    const inside = join(box.dataDir, 'files', INSTITUTION)
    const before = treeOf(box.dataDir, inside)
    await using raw = await RawSftp.open({ port: box.port })
    for (const name of HOSTILE_NAMES(box.dataDir)) {
      for (const [what, type, ...parts] of requestsWith(string(name))) {
        const answer = await raw.ask(type, ...parts)
        if (answer?.type === ANSWER.HANDLE) await useHandle(raw, answer.body, what)
        assert.ok(!answer?.body.includes(SECRET), `${what} ${String(name).slice(0, 60)}`)
      }
    }
    assert.deepEqual(treeOf(box.dataDir, inside), before)
    for (const file of filesIn(inside)) assert.doesNotMatch(file, /[\\:\0\u202e]|\.$/, 'no such name is kept')
    assert.deepEqual(errorsIn(box), [], 'nothing of this is a failure of the server')
  })

  it('writes to no folder but /upload, by no kind of renaming', async () => {
    await using box = await DropBox.open()
    writeFileSync(join(box.folders.reports, 'report.csv'), 'ours')
    writeFileSync(join(box.folders.archive, 'old.csv'), 'ours')
    await using raw = await RawSftp.open({ port: box.port })
    await put(raw, '/upload/mine.csv', 'theirs')
    const ways = [
      ['/upload/mine.csv', '/reports/mine.csv'],
      ['/upload/mine.csv', '/reports/report.csv'],
      ['/upload/mine.csv', '/archive/old.csv'],
      ['/reports/report.csv', '/upload/report.csv'],
      ['/archive/old.csv', '/archive/new.csv'],
      ['/reports', '/upload/reports'],
      ['/upload', '/reports'],
    ] as const
    for (const [from, to] of ways) {
      assert.notEqual(statusOf(await raw.ask(REQUEST.RENAME, string(from), string(to))), 0, `${from} ${to}`)
      const posix = await raw.ask(REQUEST.EXTENDED, string('posix-rename@openssh.com'), string(from), string(to))
      assert.notEqual(statusOf(posix), 0, `${from} ${to}`)
    }
    for (const path of ['/reports/report.csv', '/archive/old.csv']) {
      assert.notEqual(statusOf(await raw.ask(REQUEST.REMOVE, string(path))), 0)
      assert.notEqual(statusOf(await raw.ask(REQUEST.SETSTAT, string(path), number(1), long(0n))), 0)
      assert.notEqual((await raw.ask(REQUEST.OPEN, string(path), number(NEW), number(0)))?.type, ANSWER.HANDLE)
    }
    assert.deepEqual(
      [readdirSync(box.folders.reports).filter((name) => !name.includes('.check.')), readdirSync(box.folders.archive)],
      [['report.csv'], ['old.csv']],
    )
    assert.equal(readFileSync(join(box.folders.reports, 'report.csv'), 'utf8'), 'ours')
  })

  it('sees nothing of another institution, whose user they are not', async () => {
    await using box = await DropBox.open()
    const key = newEd25519Key()
    await addInstitution(box.store, 'south', { sftp: { username: 'south-files', keys: [key.public] } })
    await using ours = await RawSftp.open({ port: box.port })
    await put(ours, '/upload/people.csv', 'ours')
    await assert.rejects(signIn({ port: box.port, username: USER, privateKey: key.private }), /authentication/)
    await using theirs = await RawSftp.open({ port: box.port, username: 'south-files', privateKey: key.private })
    assert.equal(statusOf(await theirs.ask(REQUEST.STAT, string('/upload/people.csv'))), 2)
    const handle = await theirs.ask(REQUEST.OPENDIR, string('/upload'))
    assert.equal(statusOf(await theirs.ask(REQUEST.READDIR, handle?.body ?? Buffer.alloc(0))), 1)
  })

  it('has a hundred handles at most, and uses none of another session', { timeout: 240_000 }, async () => {
    await using box = await DropBox.open()
    await using raw = await RawSftp.open({ port: box.port })
    const answers = Array.from({ length: 10_000 }, (_, index) =>
      index % 2 === 0
        ? raw.ask(REQUEST.OPENDIR, string('/'))
        : raw.ask(REQUEST.OPEN, string(`/upload/${index}.csv`), number(NEW), number(0)),
    )
    const handles = (await Promise.all(answers)).flatMap((answer) => (answer?.type === ANSWER.HANDLE ? [answer.body] : []))
    assert.equal(handles.length, 100)
    await using other = await RawSftp.open({ port: box.port })
    for (const handle of handles) {
      assert.equal(statusOf(await other.ask(REQUEST.WRITE, handle, long(0n), string('x'))), 4)
      assert.equal(statusOf(await other.ask(REQUEST.CLOSE, handle)), 4)
    }
    for (const handle of handles) assert.equal(statusOf(await raw.ask(REQUEST.CLOSE, handle)), 0)
    assert.equal((await raw.ask(REQUEST.OPENDIR, string('/')))?.type, ANSWER.HANDLE)
  })

  for (const [why, bytes] of [
    ['has no length', number(0)],
    ['claims 4 GB', Buffer.of(0xff, 0xff, 0xff, 0xff, REQUEST.OPEN)],
    ['claims less than nothing', Buffer.of(0x80, 0, 0, 0, REQUEST.OPEN)],
    ['claims more than a packet may have', Buffer.concat([number(MB), Buffer.of(REQUEST.OPEN)])],
    ['is a second greeting', packet(REQUEST.INIT, number(3))],
    ['ends before its name', packet(REQUEST.OPEN, number(1), number(5000), Buffer.from('a'))],
    ['ends before its flags', packet(REQUEST.OPEN, number(1), string('/upload/a.csv'))],
    [
      'claims four thousand million attributes',
      packet(REQUEST.OPEN, number(1), string('a'), number(NEW), number(2 ** 31), number(2 ** 32 - 1)),
    ],
    ['ends before its data', packet(REQUEST.WRITE, number(1), string('hand'), long(0n), number(99_999))],
    ['is nothing but a type', packet(REQUEST.OPEN)],
    ['is of no type', packet(99, number(1), string('x'))],
    ['is an answer', packet(ANSWER.HANDLE, number(1), string('x'))],
  ] as const)
    it(`is put out for a packet that ${why}, and nobody else is`, async () => {
      await using box = await DropBox.open()
      await using honest = await RawSftp.open({ port: box.port })
      await using raw = await RawSftp.open({ port: box.port })
      raw.send(bytes)
      assert.equal(await raw.ask(REQUEST.REALPATH, string('.')), undefined)
      assert.equal((await honest.ask(REQUEST.REALPATH, string('.')))?.type, ANSWER.NAME)
      assert.deepEqual(errorsIn(box), [])
    })

  it('gets an answer or is put out, whatever they send', { timeout: 240_000 }, async () => {
    await using box = await DropBox.open()
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('/upload/a.csv', '/reports', '..', '').map((text) => string(text)),
      fc.nat().map(number),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(long),
    )
    const request = fc.tuple(fc.constantFrom(...Object.values(REQUEST).slice(1)), fc.array(part, { maxLength: 5 }))
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 20 }), async (requests) => {
        await using raw = await RawSftp.open({ port: box.port })
        await Promise.all(requests.map(([type, parts]) => raw.ask(type, ...parts)))
      }),
      { numRuns: 60 },
    )
    assert.deepEqual(errorsIn(box), [])
  })

  it('gets no shell, no command, no terminal, no other subsystem, no way through to other machines', async () => {
    await using box = await DropBox.open()
    const ssh = await signIn({ port: box.port })
    ssh.on('error', () => {})
    const refused = (ask: (done: (error: Error | undefined, channel: ClientChannel) => void) => unknown) =>
      assert.rejects(asked<ClientChannel>((done) => void ask(done)))
    await refused((done) => ssh.exec('id', done))
    await refused((done) => ssh.exec('scp -t /upload', done))
    await refused((done) => ssh.shell(done))
    await refused((done) => ssh.exec('id', { pty: true, env: { LD_PRELOAD: 'x' } }, done))
    await refused((done) => ssh.subsys('netconf', done))
    await refused((done) => ssh.forwardOut('127.0.0.1', 1, '127.0.0.1', box.port, done))
    await refused((done) => ssh.openssh_forwardOutStreamLocal('/run/x', done))
    await assert.rejects(asked<number>((done) => ssh.forwardIn('127.0.0.1', 0, done)))
    ssh.end()
  })
})

describe('the room of an institution', () => {
  const quota = { sftp: { quota: { bytes: 4 * MB } } }
  const fill = async (raw: RawSftp, handle: Buffer) => {
    const pieces = Array.from({ length: 30 }, (_, index) => long(BigInt(index * 100_000)))
    return Promise.all(pieces.map((at) => raw.ask(REQUEST.WRITE, handle, at, string(Buffer.alloc(100_000, 'x')))))
  }
  const opened = async (raw: RawSftp, name: string) =>
    (await raw.ask(REQUEST.OPEN, string(`/upload/${name}`), number(NEW), number(0)))?.body ?? assert.fail(name)

  for (const [why, trick] of [
    [
      'by making a file small while it is written',
      (raw: RawSftp) => raw.ask(REQUEST.SETSTAT, string('/upload/0.csv'), number(1), long(0n)),
    ],
    [
      'by making a file small through its handle',
      (raw: RawSftp, handle: Buffer) => raw.ask(REQUEST.FSETSTAT, handle, number(1), long(0n)),
    ],
    ['by removing a file while it is written', (raw: RawSftp) => raw.ask(REQUEST.REMOVE, string('/upload/0.csv'))],
    ['by writing a file anew while it is written', (raw: RawSftp) => opened(raw, '0.csv')],
    [
      'by renaming a file while it is written',
      (raw: RawSftp) => raw.ask(REQUEST.RENAME, string('/upload/0.csv'), string('/upload/r.csv')),
    ],
  ] as const)
    it(`is not made larger ${why}`, async () => {
      await using box = await DropBox.open(quota)
      await using raw = await RawSftp.open({ port: box.port })
      const handles = await Promise.all([0, 1, 2].map((index) => opened(raw, `${index}.csv`)))
      const [first = Buffer.alloc(0), ...others] = handles
      for (let time = 0; time < 3; time++) {
        await fill(raw, first)
        await trick(raw, first)
      }
      for (const handle of others) await fill(raw, handle)
      // What is removed while it is written stays on the disk until it is closed.
      const kept = openBytes(box.folders.incoming)
      assert.ok(kept <= 4 * MB, `${kept} bytes are kept`)
    })
})

describe('memory', () => {
  it('is bounded where clients send and do not read', { timeout: 240_000 }, async () => {
    await using server = await Server.start()
    const key = newEd25519Key()
    const settings = temporaryFile('settings.json')
    writeFileSync(settings, JSON.stringify({ sftp: { username: USER, keys: [key.public] } }))
    assert.equal((await server.run('institution', 'set', 'test-uni', '--settings', settings)).code, 0)
    const before = await memoryOf(server)
    const clients = await Promise.all(Array.from({ length: 5 }, () => deafClient(server.sftpPort, key.private)))
    // Past the bound of all together each is put out as it sends more.
    const after = await memoryOf(server)
    for (const client of clients) client.destroy()
    assert.ok(after - before < 400 * MB, `${Math.round((after - before) / MB)} MB more`)
    const honest = await RawSftp.open({ port: server.sftpPort, privateKey: key.private })
    assert.equal((await honest.ask(REQUEST.REALPATH, string('.')))?.type, ANSWER.NAME)
    await honest[Symbol.asyncDispose]()
  })

  /** Ten sessions, of which none lets an answer come, each with as much to write as one may hold. */
  async function deafClient(port: number, privateKey: string): Promise<ssh2.Client> {
    const ssh = await signIn({ port, privateKey })
    ssh.on('error', () => {})
    const { _protocol: protocol } = ssh as unknown as { _protocol: { channelWindowAdjust: () => void } }
    protocol.channelWindowAdjust = () => {}
    for (let session = 0; session < 10; session++) {
      const channel = await asked<ClientChannel>((done) => ssh.subsys('sftp', done)).catch(() => undefined)
      if (channel === undefined) break
      channel.on('error', () => {})
      const longest = string('x'.repeat(4000))
      const piece = string(Buffer.alloc(30_000))
      const bytes = Buffer.concat([
        packet(REQUEST.INIT, number(3)),
        // Their answers fill the window.
        ...Array.from({ length: 600 }, (_, id) => packet(REQUEST.REALPATH, number(id), longest)),
        ...Array.from({ length: 420 }, (_, id) => packet(REQUEST.WRITE, number(id), string('hand'), long(0n), piece)),
      ])
      await new Promise<void>((resolve) => {
        ssh.once('close', () => resolve())
        channel.once('close', () => resolve())
        channel.write(bytes, () => resolve())
      })
    }
    return ssh
  }

  async function memoryOf(server: Server): Promise<number> {
    const text = await (await fetch(`${server.origin}/metrics`)).text()
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1])
  }
})

function requestsWith(name: Buffer): (readonly [what: string, type: number, ...parts: Buffer[]])[] {
  const mine = string('/upload/mine.csv')
  const small = [number(1), long(0n)]
  return [
    ['stat', REQUEST.STAT, name],
    ['lstat', REQUEST.LSTAT, name],
    ['realpath', REQUEST.REALPATH, name],
    ['opendir', REQUEST.OPENDIR, name],
    ['read', REQUEST.OPEN, name, number(1), number(0)],
    ['write', REQUEST.OPEN, name, number(NEW), number(0)],
    ['add', REQUEST.OPEN, name, number(WRITE | CREAT), number(0)],
    ['cut', REQUEST.SETSTAT, name, ...small],
    ['rename from', REQUEST.RENAME, name, mine],
    ['rename to', REQUEST.RENAME, mine, name],
    ['posix-rename from', REQUEST.EXTENDED, string('posix-rename@openssh.com'), name, mine],
    ['posix-rename to', REQUEST.EXTENDED, string('posix-rename@openssh.com'), mine, name],
    ['hardlink', REQUEST.EXTENDED, string('hardlink@openssh.com'), name, mine],
    ['statvfs', REQUEST.EXTENDED, string('statvfs@openssh.com'), name],
    ['link from', REQUEST.SYMLINK, name, mine],
    ['link to', REQUEST.SYMLINK, mine, name],
    ['readlink', REQUEST.READLINK, name],
    ['mkdir', REQUEST.MKDIR, name, number(0)],
    ['rmdir', REQUEST.RMDIR, name],
    ['remove', REQUEST.REMOVE, name],
  ]
}

/** Does with a handle what can be done with it. */
async function useHandle(raw: RawSftp, handle: Buffer, what: string): Promise<void> {
  if (what === 'opendir') {
    for (
      let answer = await raw.ask(REQUEST.READDIR, handle);
      answer?.type === ANSWER.NAME;
      answer = await raw.ask(REQUEST.READDIR, handle)
    ) {
      assert.doesNotMatch(answer.body.toString('latin1'), /secret|south|incoming|work/)
    }
  } else {
    const read = await raw.ask(REQUEST.READ, handle, long(0n), number(4096))
    assert.ok(!read?.body.includes(SECRET))
    await raw.ask(REQUEST.WRITE, handle, long(0n), string('theirs'))
  }
  await raw.ask(REQUEST.CLOSE, handle)
}

async function put(raw: RawSftp, path: string, content: string): Promise<void> {
  const handle = await raw.ask(REQUEST.OPEN, string(path), number(NEW), number(0))
  assert.equal(handle?.type, ANSWER.HANDLE)
  await raw.ask(REQUEST.WRITE, handle.body, long(0n), string(content))
  assert.equal(statusOf(await raw.ask(REQUEST.CLOSE, handle.body)), 0)
}

function statusOf(answer: Answer | undefined): number | undefined {
  return answer?.type === ANSWER.STATUS ? answer.body.readUInt32BE() : undefined
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []))
}

/** Every file with its content. */
function treeOf(folder: string, except: string): { readonly [path: string]: string } {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const paths = entries.flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
  const outside = paths.filter((path) => !path.startsWith(except)).sort()
  return Object.fromEntries(outside.map((path) => [relative(folder, path), readFileSync(path, 'latin1')]))
}

function errorsIn({ log }: DropBox) {
  return log.filter(({ level }) => Number(level) >= 50)
}

/** Of all files of a folder, also those that have no name any more and are open in this process. */
function openBytes(folder: string): number {
  const named = readdirSync(folder).map((name) => join(folder, name))
  const open = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').map((fd) => join('/proc/self/fd', fd)) : []
  const sizes = new Map<number, number>()
  for (const path of [...named, ...open.filter((fd) => targetOf(fd).startsWith(folder))]) {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats?.isFile()) sizes.set(stats.ino, stats.size)
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(fd)
  } catch {
    return ''
  }
}

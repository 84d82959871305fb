/**
 * From the public key that an institution sends to the page that goes back to it, whose commands work as printed.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { run } from './program.ts'
import { Server } from './server.ts'
import { NO_OPENSSH } from './sftp-clients.ts'
import { temporaryFile } from './stores.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

describe('setting up a drop box', { skip: NO_OPENSSH }, () => {
  const opened = new AsyncDisposableStack()
  let server: Server
  let folder: Folder
  let fingerprint: string
  before(async () => {
    server = opened.use(await Server.start())
    folder = opened.use(await temporaryFolder())
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'sis@uni', '-f', join(folder.path, 'matricula_key')])
    fingerprint = execFileSync('ssh-keygen', ['-l', '-f', publicKey()], { encoding: 'utf8' }).split(' ')[1] ?? ''
    for (const id of ['north', 'south']) await server.run('institution', 'create', id, '--name', `${id} campus`)
  })
  after(() => opened.disposeAsync())

  const publicKey = () => join(folder.path, 'matricula_key.pub')
  const setUp = (id: string, key: string, ...more: readonly string[]) => server.run('sftp', 'setup', id, '--key', key, ...more)
  const settingsOf = async (id: string) => JSON.parse((await server.run('institution', 'show', id)).stdout).settings.sftp ?? {}

  it('prints a page with all that the institution needs', async () => {
    const ranges = ['--address', '127.0.0.0/8', '--address', '2001:db8::/32']
    const { code, stdout, stderr } = await setUp('north', publicKey(), ...ranges, '--user', 'north-files')
    assert.equal(code, 0, stderr)
    const { hostKeys } = JSON.parse((await server.run('sftp', 'show', '--json')).stdout)
    const facts: readonly (readonly [name: string, value: string])[] = [
      ['Host', '127.0.0.1'],
      ['Port', String(server.sftpPort)],
      ['User', 'north-files'],
      ['Your keys', `${fingerprint} (Ed25519)`],
      ['From', '127.0.0.0/8'],
      ['', '2001:db8::/32'],
      ['Host keys', `${hostKeys[0].fingerprint} (Ed25519)`],
      ['', `${hostKeys[1].fingerprint} (RSA)`],
    ]
    for (const [name, value] of facts)
      assert.ok(stdout.includes(`\n  ${name.padEnd(10)}  ${value}\n`), `${name} ${value}\n${stdout}`)
    assert.match(stdout, /^Files of people for north campus\n=+\n/)
    assert.match(stdout, /Every day at 07:00 \(UTC\) they are gone through\./)
    assert.match(stdout, /A new person needs:\n {2}email, first_name, last_name, account_type\n/)
    assert.ok(
      stdout.includes(
        `-hostkey=""ssh-ed25519 255 ${hostKeys[0].fingerprint.slice(7)};ssh-rsa 3072 ${hostKeys[1].fingerprint.slice(7)}""`,
      ),
    )
    assert.deepEqual(await settingsOf('north'), {
      keys: [readFileSync(publicKey(), 'utf8').trim()],
      addresses: ['127.0.0.0/8', '2001:db8::/32'],
      username: 'north-files',
    })
  })

  it('prints commands that work as they stand', async () => {
    const { stdout } = await setUp('north', publicKey())
    const section = stdout.split('Linux and macOS (OpenSSH)\n')[1]?.split('\n\nWindows')[0] ?? ''
    const commands = section.split('\n').flatMap((line) => (line.startsWith('  ') ? line.trim() : []))
    assert.equal(commands.length, 3, section)
    writeFileSync(join(folder.path, 'people.csv'), 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\n')
    for (const command of commands) {
      const done = await run('sh', ['-ec', `cd ${folder.path}\n${command}`], 'ls -1 /\n')
      assert.equal(done.code, 0, `${command}\n${done.err}`)
      if (command.startsWith('sftp ')) assert.match(done.out, /archive\s+\/?reports\s+\/?upload/)
    }
    const ran = await server.run('files', 'run', '--institution', 'north', '--json')
    assert.equal(JSON.parse(ran.stdout).counts.created, 1)
  })

  it('prints a command of every night that learns the next host keys, and goes on with them', async () => {
    const everyNight = (await setUp('north', publicKey())).stdout.match(/^ {2}(echo 'put .*)$/m)?.[1] ?? ''
    const night = () => run('sh', ['-ec', `cd ${folder.path}\n${everyNight}`])
    const known = () => readFileSync(join(folder.path, 'matricula_hosts'), 'utf8')
    const shown = async () => (await run('ssh-keyscan', ['-t', 'ed25519', '-p', String(server.sftpPort), '127.0.0.1'])).out
    const [knownBefore, shownBefore] = [known(), await shown()]
    await server.run('sftp', 'rotate-host-key')
    // A running server takes either step up within seconds.
    const until = Date.now() + 60_000
    while (known() === knownBefore) {
      assert.ok(Date.now() < until, 'the next keys are not noted')
      assert.equal((await night()).code, 0)
    }
    await server.run('sftp', 'rotate-host-key', '--finish')
    while ((await shown()) === shownBefore) assert.ok(Date.now() < until + 60_000, 'the old keys are shown still')
    const { code, err } = await night()
    assert.equal(code, 0, err)
  })

  it('may tell clients another host and port than those it listens at', async () => {
    const settings = await folder.put('public.json', JSON.stringify({ sftp: { publicHost: 'files.uni.edu', publicPort: 22 } }))
    await server.run('institution', 'set', 'south', '--settings', settings)
    const { stdout } = await setUp('south', publicKey())
    assert.match(stdout, /\n {2}Host {8}files\.uni\.edu\n {2}Port {8}22\n {2}User {8}south\n/)
    assert.match(stdout, /echo 'files\.uni\.edu ssh-ed25519 /)
  })

  it('adds a key to those that are set, each once, or takes it alone', async () => {
    const other = temporaryFile('other')
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-C', 'new', '-f', other])
    const added = await setUp('south', `${other}.pub`)
    assert.match(added.stderr, /^1 other keys? may sign in too; --replace makes this the only one\.$/m)
    await setUp('south', `${other}.pub`)
    assert.equal((await settingsOf('south')).keys.length, 2)
    const alone = await setUp('south', `${other}.pub`, '--replace')
    assert.ok(!alone.stderr.includes('--replace'))
    assert.deepEqual((await settingsOf('south')).keys, [readFileSync(`${other}.pub`, 'utf8').trim()])
  })

  it('reads what Windows writes, and says what it did', async () => {
    const text = readFileSync(publicKey(), 'utf8').replace('\n', '\r\n')
    const file = temporaryFile('key.txt')
    writeFileSync(file, Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]))
    assert.equal((await setUp('south', file)).code, 0)
    const rfc4716 = temporaryFile('key.pub')
    writeFileSync(rfc4716, execFileSync('ssh-keygen', ['-e', '-f', publicKey()]))
    assert.match((await setUp('south', rfc4716)).stderr, /key\.pub was in the format of RFC 4716, .* converted to one line\.\n/)
  })

  for (const [why, key, message] of [
    [
      'a private key',
      () => join(folder.path, 'matricula_key'),
      /matricula_key holds a private key, which must never leave its owner/,
    ],
    ['a file that is not there', () => '/none/such.pub', /there is no file \/none\/such\.pub/],
    ['a folder', () => folder.path, /cannot be read: it is a folder/],
  ] as const)
    it(`refuses ${why}, and changes nothing`, async () => {
      const before_ = await settingsOf('south')
      const { code, stdout, stderr } = await setUp('south', key())
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, message)
      assert.deepEqual(await settingsOf('south'), before_)
    })

  for (const [why, more, message] of [
    ['an address that is none', ['--address', '192.0.2.0/33'], /sftp\.addresses\[0\] "192\.0\.2\.0\/33" has the prefix "\/33"/],
    ['a user name that another institution has', ['--user', 'NORTH-files'], /which another institution has/],
    [
      'a user name that cannot be one',
      ['--user', 'a b'],
      /sftp\.username is "a b"; it should be a user name of at most 64 letters/,
    ],
    ['an unknown option', ['--adress', 'x'], /there is no option --adress \(did you mean "--address"\?\)/],
  ] as const)
    it(`refuses ${why}`, async () => {
      const { code, stderr } = await setUp('south', publicKey(), ...more)
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
})

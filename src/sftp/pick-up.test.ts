import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { BrokenLine } from '../../test/broken-line.ts'
import { brokenLine } from '../../test/broken-line.ts'
import type { Sshd } from '../../test/sshd.ts'
import { NO_SSHD, startSshd } from '../../test/sshd.ts'
import { temporaryFile } from '../../test/stores.ts'
import { sealWith } from '../auth/seal.ts'
import type { PickUpSettings } from '../directory/settings.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Inbox, PickUpOptions } from './pick-up.ts'
import { pickUp } from './pick-up.ts'
import type { PickUpKeys } from './pick-up-keys.ts'
import { pickUpKeys } from './pick-up-keys.ts'

const KB = 1024

describe('picking up files from a server of OpenSSH', { skip: NO_SSHD }, () => {
  const opened = new AsyncDisposableStack()
  let sshd: Sshd
  let line: BrokenLine
  let keys: PickUpKeys
  before(async () => {
    sshd = opened.use(await startSshd())
    line = opened.use(await brokenLine(sshd.port))
    await using store = await openSqlite({ path: temporaryFile('roll.db') })
    keys = await pickUpKeys(store, sealWith('a key of the tests'), 'north')
    await sshd.authorize(keys.publicKeys)
  })
  after(() => opened.disposeAsync())

  /** A folder of its own for each test, with these files. */
  function given(files: { readonly [name: string]: string | Buffer }, settings: Partial<PickUpSettings> = {}) {
    const folder = join(sshd.folder, `f${randomBytes(4).toString('hex')}`)
    mkdirSync(folder)
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const { username, port } = sshd
    const place: PickUpSettings = {
      name: 'sis',
      host: '127.0.0.1',
      port,
      username,
      hostKeys: [sshd.hostKey()],
      folder,
      settleSeconds: 0.02,
      ...settings,
    }
    return { folder, place, there: () => readdirSync(folder).toSorted() }
  }
  const options = (more: Partial<PickUpOptions> = {}): PickUpOptions => ({
    privateKeys: keys.privateKeys,
    signal: AbortSignal.timeout(60_000),
    ...more,
  })

  it('fetches every file, oldest first, whole', async () => {
    const big = randomBytes(3000 * KB + 17)
    const { folder, place } = given({ 'b.csv': 'second', 'a.xlsx': big, 'c.csv': 'x'.repeat(32 * KB) })
    utimesSync(join(folder, 'b.csv'), 1_700_000_000, 1_700_000_000)
    const inbox = anInbox()
    const done = await pickUp(place, inbox, options())
    assert.deepEqual(done, { fetched: ['b.csv', 'a.xlsx', 'c.csv'], unfinished: [], refused: [] })
    assert.ok(inbox.content('a.xlsx').equals(big))
    assert.equal(inbox.content('c.csv').length, 32 * KB)
  })

  it('fetches no file twice, but a new one of the same name', async () => {
    const { folder, place } = given({ 'people.csv': 'one' })
    const inbox = anInbox()
    await pickUp(place, inbox, options())
    assert.deepEqual((await pickUp(place, inbox, options())).fetched, [])
    writeFileSync(join(folder, 'people.csv'), 'two!')
    assert.deepEqual((await pickUp(place, inbox, options())).fetched, ['people.csv'])
    assert.equal(inbox.content('people.csv').toString(), 'two!')
  })

  it('leaves what it fetched where it is, or renames it there', async () => {
    const left = given({ 'people.csv': 'x' })
    await pickUp(left.place, anInbox(), options())
    assert.deepEqual(left.there(), ['people.csv'])

    const renamed = given({ 'people.csv': 'x' }, { after: 'rename' })
    const now = () => Date.parse('2026-11-25T03:00:00Z')
    await pickUp(renamed.place, anInbox(), options({ now }))
    assert.deepEqual(renamed.there(), ['people.csv.fetched-2026-11-25T030000Z'])
    assert.deepEqual((await pickUp(renamed.place, anInbox(), options())).fetched, [])
  })

  it('renames later what it fetched before it was interrupted', async () => {
    const { place, there } = given({ 'people.csv': 'x' })
    const inbox = anInbox()
    await pickUp(place, inbox, options())
    const done = await pickUp({ ...place, after: 'rename' }, inbox, options())
    assert.deepEqual([done.fetched, done.refused], [[], []])
    assert.match(there().join(), /^people\.csv\.fetched-[^,]+$/)
  })

  it('takes plain files of the pattern, of names that can be had, of content, and not too large', async () => {
    const { folder, place } = given(
      {
        'students.csv': 'x',
        'staff.csv': 'x',
        'students.pdf': 'x',
        'students-empty.csv': '',
        'students-big.csv': 'x'.repeat(9 * KB),
      },
      { pattern: 'students*' },
    )
    mkdirSync(join(folder, 'students-folder.csv'))
    symlinkSync('/etc/passwd', join(folder, 'students-link.csv'))
    const done = await pickUp(place, { ...anInbox(), maxBytes: 8 * KB }, options())
    assert.deepEqual([done.fetched, done.unfinished], [['students.csv'], ['students-empty.csv']])
    assert.deepEqual(done.refused.map(({ name, reason }) => `${name}: ${reason.slice(0, 30)}`).toSorted(), [
      'students-big.csv: the file is past the limit of ',
      'students.pdf: no table',
    ])
  })

  it('leaves a file that still grows', async () => {
    const { folder, place } = given({ 'grows.csv': 'x', 'stays.csv': 'x' })
    const inbox = anInbox()
    const grow = () => writeFileSync(join(folder, 'grows.csv'), 'more', { flag: 'a' })
    // Between the two looks, which each ask what is known.
    const known = (ids: readonly string[]) => {
      grow()
      return inbox.known(ids)
    }
    const done = await pickUp(place, { ...inbox, known }, options())
    assert.deepEqual([done.fetched, done.unfinished], [['stays.csv'], ['grows.csv']])
  })

  for (const [why, edit] of [
    ['grew', (path: string) => writeFileSync(path, 'x', { flag: 'a' })],
    ['was cut', (path: string) => writeFileSync(path, '')],
    ['was written anew', (path: string) => utimesSync(path, 1, 1)],
  ] as const)
    it(`keeps nothing of a file that ${why} while it was read`, async () => {
      const { folder, place } = given({ 'people.csv': randomBytes(2000 * KB) })
      const inbox = anInbox()
      const take: Inbox['take'] = (file) => {
        edit(join(folder, 'people.csv'))
        return inbox.take(file)
      }
      const done = await pickUp(place, { ...inbox, take }, options())
      assert.deepEqual(done, { fetched: [], unfinished: ['people.csv'], refused: [] })
      assert.deepEqual(inbox.names(), [])
    })

  it('stops before it fetches or offers anything when the host key has changed, and says which it is', async () => {
    const { place } = given({ 'people.csv': 'x' })
    await sshd.changeHostKeys()
    const inbox = anInbox()
    const { fault, fetched } = await pickUp(place, inbox, options())
    assert.deepEqual([fault?.code, fetched, inbox.names()], ['host_key_changed', [], []])
    const { message } = fault ?? { message: '' }
    for (const part of [sshd.hostKey('ed25519'), sshd.hostKey('rsa'), String(place.hostKeys), 'Ask the institution'])
      assert.ok(message.includes(part), message)
    const pinned = { ...place, hostKeys: [...(place.hostKeys ?? []), sshd.hostKey()] }
    assert.deepEqual((await pickUp(pinned, inbox, options())).fetched, ['people.csv'])
  })

  it('finds the pinned key among those that a server has', async () => {
    const { place } = given({ 'people.csv': 'x' }, { hostKeys: [sshd.hostKey('rsa')] })
    assert.deepEqual((await pickUp(place, anInbox(), options())).fetched, ['people.csv'])
  })

  it('trusts no server of which no key is set', async () => {
    const { place } = given({ 'people.csv': 'x' }, { hostKeys: [] })
    const { fault } = await pickUp(place, anInbox(), options())
    assert.equal(fault?.code, 'host_key_unknown')
    assert.match(fault.message, new RegExp(`shows ${sshd.hostKey().replaceAll('+', '\\+')} \\(Ed25519\\), .*set it as hostKeys`))
  })

  it('may sign in with the RSA key where a server knows no Ed25519', async () => {
    const { place } = given({ 'people.csv': 'x' })
    await sshd.authorize(keys.publicKeys.filter((key) => key.startsWith('ssh-rsa')))
    assert.deepEqual((await pickUp(place, anInbox(), options())).fetched, ['people.csv'])
    await sshd.authorize(keys.publicKeys)
  })

  it('says when it is not let in', async () => {
    const { place } = given({}, { username: 'nobody-of-this-name' })
    const { fault } = await pickUp(place, anInbox(), options())
    assert.equal(fault?.code, 'login_refused')
    assert.match(fault.message, /does not let the user "nobody-of-this-name" in with our key: ask the institution to add/)
  })

  for (const [why, settings, code, message] of [
    ['when there is no folder', { folder: '/none/such' }, 'missing', /^there is no "\/none\/such" on 127\.0\.0\.1 for the user/],
    ['when nothing listens', { port: 1 }, 'unreachable', /^127\.0\.0\.1, port 1, cannot be reached: nothing listens there$/],
    [
      'when there is no such host',
      { host: 'none.invalid' },
      'unreachable',
      /cannot be reached: (there is no such name|the name service)/,
    ],
  ] as const)
    it(`says ${why}`, async () => {
      const { fault } = await pickUp(given({}, settings).place, anInbox(), options())
      assert.equal(fault?.code, code)
      assert.match(fault.message, message)
    })

  it('keeps nothing of a file whose connection broke, and fetches it the next time', async () => {
    const content = randomBytes(2000 * KB)
    const { place } = given({ 'first.csv': 'x', 'people.csv': content }, { port: line.port })
    const inbox = anInbox()
    // Both looks pass, and the first file; the second one breaks.
    line.failAfter(1000 * KB, 'cut')
    const { fetched, fault } = await pickUp(place, inbox, options())
    line.heal()
    assert.deepEqual([fetched, fault?.code, inbox.names()], [['first.csv'], 'interrupted', ['first.csv']])
    assert.deepEqual((await pickUp(place, inbox, options())).fetched, ['people.csv'])
    assert.ok(inbox.content('people.csv').equals(content))
  })

  it('gives up on a server that goes silent', async () => {
    const { place } = given({ 'people.csv': randomBytes(2000 * KB) }, { port: line.port })
    const inbox = anInbox()
    line.failAfter(1000 * KB, 'silent')
    const { fault } = await pickUp(place, inbox, options({ answerMs: 3000 }))
    line.heal()
    assert.deepEqual([fault?.code, inbox.names()], ['too_slow', []])
  })

  it('gives up on a server that never speaks', async () => {
    line.failAfter(0, 'silent')
    const { fault } = await pickUp(given({}, { port: line.port }).place, anInbox(), options({ answerMs: 300 }))
    line.heal()
    assert.equal(fault?.code, 'unreachable')
    assert.match(fault.message, /no answer in time/)
  })

  it('stops at once when it is told to while it waits', async () => {
    const { place } = given({ 'people.csv': 'x' }, { settleSeconds: 60 })
    const stop = new AbortController()
    const known = async () => {
      setImmediate(() => stop.abort(new Error('the server is closing')))
      return new Set<string>()
    }
    await assert.rejects(pickUp(place, { ...anInbox(), known }, options({ signal: stop.signal })), /the server is closing/)
  })

  it('stops at once when it is told to', async () => {
    const { place } = given({ 'people.csv': randomBytes(2000 * KB) })
    const stop = new AbortController()
    const inbox = anInbox()
    const take: Inbox['take'] = (file) => {
      stop.abort(new Error('the server is closing'))
      return inbox.take(file)
    }
    await assert.rejects(pickUp(place, { ...inbox, take }, options({ signal: stop.signal })), /the server is closing/)
    assert.deepEqual(inbox.names(), [])
  })
})

/** Keeps files in memory, as whole as they come. */
function anInbox() {
  const files = new Map<string, Buffer>()
  const ids = new Set<string>()
  return {
    maxBytes: 100 * KB * KB,
    nameFault: (name: string) => (/\.(csv|xlsx)$/.test(name) ? undefined : 'no table'),
    known: async (asked: readonly string[]) => new Set(asked.filter((id) => ids.has(id))),
    async take({ name, content, id }: Parameters<Inbox['take']>[0]) {
      const pieces: Uint8Array[] = []
      for await (const piece of content) pieces.push(piece)
      files.set(name, Buffer.concat(pieces))
      ids.add(id)
    },
    names: () => [...files.keys()],
    content: (name: string) => files.get(name) ?? assert.fail(`there is no ${name}`),
  }
}

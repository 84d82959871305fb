/**
 * When an upload is complete, and what becomes of all that never is.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { SFTPWrapper } from 'ssh2'
import ssh2 from 'ssh2'
import { DAY_MS } from '../src/days.ts'
import { getInstitution } from '../src/directory/institution.ts'
import type { Settings } from '../src/directory/settings.ts'
import { receive } from '../src/flatfile/receive.ts'
import { moveRun } from '../src/flatfile/run-record.ts'
import type { Connected } from './drop-box.ts'
import { asked, DropBox, INSTITUTION, until } from './drop-box.ts'

const { WRITE, CREAT, TRUNC, APPEND, EXCL } = ssh2.utils.sftp.OPEN_MODE
const PEOPLE = 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\n'
const MINUTE_MS = 60_000

let box: DropBox
let client: Connected
let sftp: SFTPWrapper

async function start(settings: Settings = {}): Promise<void> {
  box = await DropBox.open(settings)
  client = await box.connect()
  sftp = client.sftp
}

async function stop(): Promise<void> {
  await client[Symbol.asyncDispose]()
  await box[Symbol.asyncDispose]()
}

const open = (path: string, flags: number | string = WRITE | CREAT | TRUNC, on = sftp) =>
  asked<Buffer>((done) => on.open(path, flags as never, done))
const write = (handle: Buffer, text: string, at = 0, on = sftp) =>
  asked<void>((done) => on.write(handle, Buffer.from(text), 0, Buffer.byteLength(text), at, done as never))
const close = (handle: Buffer, on = sftp) => asked<void>((done) => on.close(handle, done as never))
const rename = (from: string, to: string) => asked<void>((done) => sftp.rename(from, to, done as never))
const posixRename = (from: string, to: string) => asked<void>((done) => sftp.ext_openssh_rename(from, to, done as never))
const remove = (path: string) => asked<void>((done) => sftp.unlink(path, done as never))
const sizeOf = async (path: string) => (await asked<{ size: number }>((done) => sftp.stat(path, done as never))).size
const list = async (path: string) =>
  (await asked<{ filename: string }[]>((done) => sftp.readdir(path, done as never))).map(({ filename }) => filename)

async function put(path: string, text = PEOPLE): Promise<void> {
  const handle = await open(path)
  if (text !== '') await write(handle, text)
  await close(handle)
}

/** The page for whoever has uploaded it, once it says something. */
const page = (file: string, says: RegExp) =>
  until(`the check of ${file} that says ${says}`, () => {
    const path = join(box.folders.reports, `${file}.check.txt`)
    return existsSync(path) && says.test(readFileSync(path, 'utf8'))
  })

describe('an upload', () => {
  beforeEach(() => start())
  afterEach(stop)

  it('is complete when it is closed, and not before', async () => {
    const handle = await open('/upload/people.csv')
    await write(handle, PEOPLE)
    assert.deepEqual([await box.waiting(), await list('/upload'), await box.runFiles()], [[], ['people.csv'], []])
    await close(handle)
    assert.deepEqual(await box.waiting(), ['people.csv'])
    assert.deepEqual(await box.runFiles(), ['people.csv'])
    assert.deepEqual([await list('/upload'), (await list('/archive')).length], [[], 1])
  })

  it('to the root is one to /upload, since people forget the folder', async () => {
    await put('people.csv')
    assert.deepEqual([await box.waiting(), await list('/upload')], [['people.csv'], ['people.csv']])
  })

  it('that is not closed is not gone through, and can be gone on with', async () => {
    const handle = await open('/upload/people.csv')
    await write(handle, PEOPLE.slice(0, 50))
    client.kill()
    await page('people.csv', /interrupted .*; 50 bytes are here\.\n.*will not be gone through.*reput/s)
    assert.deepEqual([await box.waiting(), await box.runFiles()], [[], []])
    client = await box.connect()
    sftp = client.sftp
    assert.equal(await sizeOf('/upload/people.csv'), 50)
    const again = await open('/upload/people.csv', WRITE | CREAT)
    await write(again, PEOPLE.slice(50), 50)
    await close(again)
    assert.deepEqual(await box.waiting(), ['people.csv'])
    assert.equal(readFileSync(join(box.folders.upload, 'people.csv'), 'utf8'), PEOPLE)
    const [event] = (await box.events('sftp.upload')).map(({ file, result, reason }) => [file, result, reason])
    assert.deepEqual(event, ['people.csv', 'interrupted', 'no_close'])
  })

  it('that breaks off leaves the complete file of its name as it was', async () => {
    await put('/upload/people.csv')
    await write(await open('/upload/people.csv'), 'half of')
    client.kill()
    await page('people.csv', /An earlier file of this name is complete/)
    assert.deepEqual(await box.runFiles(), ['people.csv'])
    const [archived = ''] = readdirSync(box.folders.archive)
    assert.equal(readFileSync(join(box.folders.archive, archived), 'utf8'), PEOPLE)
    client = await box.connect()
  })

  it('may write over what is there and cut it off then, as scp does', async () => {
    await put('/upload/people.csv', `${PEOPLE}${'x'.repeat(1000)}`)
    const handle = await open('/upload/people.csv', WRITE | CREAT)
    await write(handle, PEOPLE)
    await asked<void>((done) => sftp.fsetstat(handle, { size: Buffer.byteLength(PEOPLE) } as never, done as never))
    await close(handle)
    assert.equal(readFileSync(join(box.folders.upload, 'people.csv'), 'utf8'), PEOPLE)
  })

  it('may add to the end, wherever it says it writes', async () => {
    await put('/upload/people.csv', PEOPLE.slice(0, 40))
    const handle = await open('/upload/people.csv', WRITE | APPEND)
    await write(handle, PEOPLE.slice(40), 0)
    await close(handle)
    assert.equal(readFileSync(join(box.folders.upload, 'people.csv'), 'utf8'), PEOPLE)
  })

  for (const [why, path, flags] of [
    ['of a name that is there, when it must not be', '/upload/people.csv', WRITE | CREAT | EXCL],
    ['of a name that is not there, when nothing may be made', '/upload/other.csv', WRITE],
    ['to the reports', '/reports/people.csv', WRITE | CREAT],
    ['to the archive', '/archive/people.csv', WRITE | CREAT],
    ['to a folder of its own', '/upload/mine/people.csv', WRITE | CREAT],
    ['of a name that Windows keeps for itself', '/upload/nul.csv', WRITE | CREAT],
    ['of a name that is too long', `/upload/${'n'.repeat(201)}`, WRITE | CREAT],
  ] as const) {
    it(`${why} is refused`, async () => {
      await put('/upload/people.csv')
      await assert.rejects(open(path, flags))
      assert.deepEqual(await list('/upload'), ['people.csv'])
    })
  }

  it('under an unfinished name is complete when it gets its own', async () => {
    for (const name of ['people.csv.filepart', '.in.people.csv', 'people.csv.part', 'people.csv~', '.people.csv']) {
      await put(`/upload/${name}`)
      assert.deepEqual([await box.waiting(), await list('/upload'), await box.runFiles()], [[], [name], []], name)
      await rename(`/upload/${name}`, '/upload/people.csv')
      assert.deepEqual([await box.waiting(), await list('/upload')], [['people.csv'], ['people.csv']], name)
      await box.runFiles()
    }
  })

  it('that broke off is not complete for getting another name', async () => {
    await write(await open('/upload/people.csv.part'), PEOPLE)
    client.kill()
    await until('it broke off', async () => (await box.events('sftp.upload')).length === 1)
    client = await box.connect()
    sftp = client.sftp
    await rename('/upload/people.csv.part', '/upload/people.csv')
    assert.deepEqual([await box.waiting(), await list('/upload')], [[], ['people.csv']])
    await close(await open('/upload/people.csv', WRITE))
    assert.deepEqual(await box.waiting(), ['people.csv'])
  })

  it('may get its name while it is being written, and is complete when it is closed', async () => {
    const handle = await open('/upload/people.csv.part')
    await rename('/upload/people.csv.part', '/upload/people.csv')
    await write(handle, PEOPLE)
    await close(handle)
    assert.deepEqual(await box.waiting(), ['people.csv'])
  })

  it('is renamed over another by posix-rename alone', async () => {
    await put('/upload/people.csv', 'first')
    await put('/upload/people.csv.tmp')
    await assert.rejects(rename('/upload/people.csv.tmp', '/upload/people.csv'))
    // ssh2's own client asks only for what was offered, and posix-rename is not: so did Paramiko's.
    const { _extensions } = sftp as unknown as { _extensions: { [name: string]: string } }
    _extensions['posix-rename@openssh.com'] = '1'
    await posixRename('/upload/people.csv.tmp', '/upload/people.csv')
    assert.equal(readFileSync(join(box.folders.upload, 'people.csv'), 'utf8'), PEOPLE)
    assert.deepEqual([await list('/upload'), await box.waiting()], [['people.csv'], ['people.csv']])
  })

  it('without content is a probe: nothing comes of it for a quarter of an hour, then it is told', async () => {
    await put('/upload/people.csv', '')
    assert.deepEqual([await box.waiting(), await list('/upload'), await box.runFiles()], [[], ['people.csv'], []])
    assert.deepEqual(await box.runFiles(() => Date.now() + 14 * MINUTE_MS), [])
    assert.deepEqual(await box.runFiles(() => Date.now() + 16 * MINUTE_MS), ['people.csv'])
    const [run] = await box.runsOf('people.csv')
    assert.deepEqual([run?.state, run?.summary?.reason], ['rejected', 'file_empty'])
  })

  it('after a probe is like any other, and a late probe does not take its place', async () => {
    await put('/upload/people.csv', '')
    await put('/upload/people.csv')
    await put('/upload/people.csv', '')
    assert.deepEqual(await box.runFiles(() => Date.now() + 16 * MINUTE_MS), ['people.csv'])
    const [run] = await box.runsOf('people.csv')
    assert.deepEqual([run?.state, run?.summary?.counts.created], ['processed', 1])
  })

  it('of a name that waits takes the place of the earlier one', async () => {
    await put('/upload/people.csv', 'first')
    await put('/upload/people.csv')
    assert.deepEqual(
      (await box.runsOf('people.csv')).map(({ state }) => state),
      ['superseded', 'waiting'],
    )
    await box.runFiles()
    assert.deepEqual(
      (await box.runsOf('people.csv')).map(({ summary }) => summary?.counts.created),
      [undefined, 1],
    )
  })

  it('of a name that another one is writing has the name; the other one is told', async () => {
    await using other = await box.connect()
    const [first, second] = [
      await open('/upload/people.csv'),
      await open('/upload/people.csv', WRITE | CREAT | TRUNC, other.sftp),
    ]
    await assert.rejects(write(first, 'from the first'), /another upload of this name/)
    await write(second, PEOPLE, 0, other.sftp)
    await assert.rejects(close(first), /another upload of this name/)
    await close(second, other.sftp)
    assert.equal(readFileSync(join(box.folders.upload, 'people.csv'), 'utf8'), PEOPLE)
    assert.deepEqual(await box.waiting(), ['people.csv'])
  })

  it('while the file of its name is gone through is a new file', async () => {
    await put('/upload/people.csv')
    const [run] = await box.runsOf('people.csv')
    const work = join(box.folders.work, run?._id ?? '')
    // As far as a run has come that has just begun.
    await box.store.write([
      {
        collection: 'runs',
        op: 'replace',
        doc: { ...run, state: 'planning', version: 'v2' } as never,
        expected: run?.version ?? '',
      },
    ])
    mkdirSync(work)
    renameSync(join(box.folders.upload, 'people.csv'), join(work, 'file'))
    await put('/upload/people.csv', PEOPLE.replaceAll('ana', 'bo'))
    assert.deepEqual(await box.runFiles(), ['people.csv', 'people.csv'])
    assert.deepEqual(
      (await box.runsOf('people.csv')).map(({ summary }) => summary?.counts.created),
      [1, 1],
    )
  })

  it('is in the archive, although the run of it died before it was put there', async () => {
    await put('/upload/people.csv')
    await box.checks.idle()
    const [run] = await box.runsOf('people.csv')
    assert.ok(run)
    const work = join(box.folders.work, run._id)
    mkdirSync(work)
    renameSync(join(box.folders.upload, 'people.csv'), join(work, 'file'))
    await moveRun(box.store, run, { state: 'rejected' })
    await box.runFiles()
    assert.deepEqual(
      (await list('/archive')).map((name) => name.replace(/^.*Z_/, '')),
      ['people.csv'],
    )
    assert.equal(existsSync(work), false)
  })

  it('that is held is in the archive once a newer one of its name is processed', async () => {
    await box.change({ files: { thresholds: { invalid: { percent: 10, atLeast: 1 } } } })
    const damaged = Array.from({ length: 20 }, (_, n) => `nobody${n},Ana,Ode,Student\n`).join('')
    await put('/upload/people.csv', PEOPLE + damaged)
    await box.runFiles()
    assert.equal((await box.runsOf('people.csv'))[0]?.state, 'held')
    await put('/upload/people.csv')
    await box.runFiles()
    assert.equal((await list('/archive')).length, 2)
  })

  it('that is removed while it waits is not gone through', async () => {
    await put('/upload/people.csv')
    await remove('/upload/people.csv')
    assert.deepEqual([await box.waiting(), await list('/upload'), await box.runFiles()], [[], [], []])
    await assert.rejects(remove('/upload/people.csv'))
  })

  it('that is renamed while it waits is gone through under its new name, if that is one of a table', async () => {
    await put('/upload/people.csv')
    await rename('/upload/people.csv', '/upload/persons.csv')
    assert.deepEqual(await box.waiting(), ['persons.csv'])
    await rename('/upload/persons.csv', '/upload/persons.csv.tmp')
    assert.deepEqual([await box.waiting(), await list('/upload')], [[], ['persons.csv.tmp']])
  })

  it('takes times from its sender, and they order nothing', async () => {
    await put('/upload/b.csv')
    const handle = await open('/upload/a.csv')
    await write(handle, PEOPLE)
    await asked<void>((done) =>
      sftp.fsetstat(handle, { atime: 1000, mtime: 1000, mode: 0o777, uid: 7, gid: 7 } as never, done as never),
    )
    await close(handle)
    const { mtime, mode } = await asked<{ mtime: number; mode: number }>((done) => sftp.stat('/upload/a.csv', done as never))
    assert.deepEqual([mtime, mode & 0o777], [1000, 0o600])
    assert.deepEqual(await box.runFiles(), ['b.csv', 'a.csv'])
  })

  it('that was never finished goes to the archive after seven days', async () => {
    await write(await open('/upload/people.csv'), 'half')
    await put('/upload/people.csv.part')
    client.kill()
    await until('it broke off', async () => (await box.events('sftp.upload')).length === 2)
    await box.runFiles(() => Date.now() + 6 * DAY_MS)
    assert.equal(readdirSync(box.folders.archive).length, 0)
    await box.runFiles(() => Date.now() + 8 * DAY_MS)
    assert.deepEqual(
      readdirSync(box.folders.archive)
        .map((name) => name.replace(/^.*Z_/, ''))
        .sort(),
      ['people.csv.abandoned', 'people.csv.part.abandoned'],
    )
    client = await box.connect()
  })

  it('whose taker died before it was recorded is gone through all the same', async () => {
    writeFileSync(join(box.folders.upload, 'people.csv'), PEOPLE)
    assert.deepEqual(await box.runFiles(), [])
    assert.deepEqual(await box.runFiles(() => Date.now() + 2 * MINUTE_MS), ['people.csv'])
  })

  it('has a check of the newest file alone', async () => {
    await put('/upload/people.csv', 'no header\n')
    await put('/upload/people.csv', PEOPLE.replace('Student', 'Pilot'))
    await box.checks.idle()
    await page('people.csv', /invalid +1/)
    await put('/upload/people.csv')
    await page('people.csv', /created +1/)
    assert.match(readFileSync(join(box.folders.reports, 'people.csv.check.csv'), 'utf8'), /\r\ncreated,,,ana@uni\.edu/)
  })

  it('that could not be checked, since the server ended, is checked by the next one', async () => {
    await put('/upload/people.csv')
    await box.checks.idle()
    rmSync(join(box.folders.reports, 'people.csv.check.txt'))
    box.checks.catchUp()
    await page('people.csv', /created +1/)
  })

  it('says in its check what a file is that cannot be used', async () => {
    await put('/upload/people.csv', 'a letter, not a table\n')
    await page('people.csv', /It would reject this file as a whole:\nNone of the first 20 rows is a header/)
  })
})

describe('a file beside another', () => {
  afterEach(stop)

  it('says in the reports that it is not gone through, as long as it lies there under a name of no table', async () => {
    await start()
    await put('/upload/people.csv.gz')
    await page('people.csv.gz', /will not be gone through: the name should end in \.csv/)
    await put('/upload/people.pdf')
    await put('/upload/people.csv.part')
    await rename('/upload/people.csv.gz', '/upload/people.csv')
    await remove('/upload/people.pdf')
    await page('people.csv', /checked/)
    await remove('/upload/people.csv')
    assert.deepEqual([await list('/reports'), await list('/upload')], [[], ['people.csv.part']])
  })

  it('says that it is whole, where the institution wants that', async () => {
    await start({ files: { waitForDone: true } })
    await put('/upload/people.csv')
    await page('people.csv', /once there is a file people\.csv\.done beside it/)
    assert.deepEqual(await box.runFiles(), [])
    await put('/upload/people.csv.done', '')
    await until(
      'it is checked again',
      () => !readFileSync(join(box.folders.reports, 'people.csv.check.txt'), 'utf8').includes('.done'),
    )
    assert.deepEqual(await box.runFiles(), ['people.csv'])
    // Of the next file it says nothing.
    await put('/upload/people.csv')
    assert.deepEqual([await list('/upload'), await box.runFiles()], [['people.csv'], []])
    await put('/upload/PEOPLE.OK', '')
    assert.deepEqual(await box.runFiles(), ['people.csv'])
  })

  it('says what should be in it', async () => {
    await start()
    const sum = createHash('sha256').update(PEOPLE).digest('hex')
    for (const [said, result, reason] of [
      [`${sum}  people.csv\n`, 'processed', null],
      [sum.toUpperCase(), 'processed', null],
      [`${'0'.repeat(64)}  people.csv\n`, 'rejected', 'checksum_mismatch'],
      ['none', 'rejected', 'checksum_mismatch'],
    ] as const) {
      await put('/upload/people.csv')
      await put('/upload/people.csv.sha256', said)
      await box.checks.idle()
      assert.deepEqual(await box.runFiles(), ['people.csv'])
      const run = (await box.runsOf('people.csv')).at(-1)
      assert.deepEqual([run?.state, run?.summary?.reason, await list('/upload')], [result, reason, []])
    }
  })
})

describe('an upload past a bound', () => {
  afterEach(stop)

  for (const [why, settings, message] of [
    [
      'the size of a file',
      { files: { limits: { fileBytes: 5000 } } },
      /past the limit of 5000 bytes \(setting files\.limits\.fileBytes\)/,
    ],
    ['what may lie there in all', { sftp: { quota: { bytes: 5000 } } }, /no more room in \/upload.*sftp\.quota/],
  ] as const) {
    it(`${why} is told in the middle, and counts as interrupted`, async () => {
      await start(settings)
      await put('/upload/people.csv')
      const handle = await open('/upload/people.csv')
      await write(handle, 'x'.repeat(4000))
      await assert.rejects(write(handle, 'x'.repeat(4000), 4000), message)
      await assert.rejects(write(handle, 'x', 4000), message)
      await assert.rejects(close(handle), message)
      await page('people.csv', /interrupted.*The reason: .*(?:limit|room)/s)
      assert.deepEqual(await box.waiting(), ['people.csv'])
      assert.equal(readFileSync(join(box.folders.upload, 'people.csv'), 'utf8'), PEOPLE)
      await remove('/upload/people.csv')
      await put('/upload/people.csv')
      assert.deepEqual(await box.waiting(), ['people.csv'])
    })
  }

  it('of how many files may lie there is told when it begins', async () => {
    await start({ sftp: { quota: { files: 2 } } })
    for (const name of ['a.csv', 'b.csv.part', 'a.csv']) await put(`/upload/${name}`)
    await assert.rejects(open('/upload/c.csv'), /2 files in \/upload.*sftp\.quota\.files/)
    await box.runFiles()
    await put('/upload/c.csv')
  })

  it('of what may lie there counts what begins with a file that is there, whatever it is renamed to', async () => {
    await start({ sftp: { quota: { bytes: 10_000 } } })
    await put('/upload/0.csv', 'x'.repeat(4000))
    const copied = await open('/upload/0.csv', WRITE)
    await rename('/upload/0.csv', '/upload/1.csv')
    await close(copied)
    await assert.rejects(open('/upload/0.csv', WRITE), /no more room in \/upload/)
    assert.deepEqual(await list('/upload'), ['0.csv', '1.csv'])
  })

  it('of how many files may lie there holds for uploads that get another name while they are written', async () => {
    await start({ sftp: { quota: { files: 2 } } })
    for (const name of ['a.csv', 'b.csv.part']) await put(`/upload/${name}`)
    await open('/upload/a.csv')
    await assert.rejects(rename('/upload/a.csv', '/upload/c.csv'), /3 files in \/upload.*sftp\.quota\.files/)
    assert.deepEqual(await list('/upload'), ['a.csv', 'b.csv.part'])
  })

  it('of what may lie there counts what comes in another way at the same time', async () => {
    await start({ sftp: { quota: { bytes: 10_000 } } })
    const institution = (await getInstitution(box.store, INSTITUTION)) ?? assert.fail()
    async function* body() {
      yield Buffer.alloc(1)
      await put('/upload/people.csv', 'x'.repeat(6000))
      yield Buffer.alloc(6000)
    }
    const by = { source: 'file' } as const
    const received = await receive(body(), 'b.csv', { store: box.store, institution, folders: box.folders, by, hasQuota: true })
    assert.equal(received.kind, 'full')
    assert.deepEqual([await list('/upload'), readdirSync(box.folders.incoming)], [['people.csv'], []])
  })

  it('lets a broken upload go on that fills half of the room', async () => {
    await start({ sftp: { quota: { bytes: 10_000 } } })
    const broken = await open('/upload/people.csv')
    await write(broken, 'x'.repeat(6000))
    const again = await open('/upload/people.csv', WRITE)
    await write(again, 'x'.repeat(2000), 6000)
    await close(again)
    assert.equal(await sizeOf('/upload/people.csv'), 8000)
  })

  it('is told when a size is set, too', async () => {
    await start({ files: { limits: { fileBytes: 5000 } } })
    const handle = await open('/upload/people.csv')
    await assert.rejects(
      asked((done) => sftp.fsetstat(handle, { size: 2 ** 40 } as never, done as never)),
      /limit of 5000/,
    )
    await assert.rejects(write(handle, 'x', 2 ** 50), /limit of 5000/)
  })
})

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { rowsXml, workbook } from '../../test/workbooks.ts'
import { DAY_MS } from '../days.ts'
import { getInstitution } from '../directory/institution.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import type { FileSettings } from '../directory/settings.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { openDailyRun } from './daily-run.ts'
import { openFolderWatch } from './folder-watch.ts'
import { runsIn } from './run-record.ts'
import type { Summary } from './summary.ts'

const PEOPLE = 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\n'
const XLSX = await workbook({
  sheets: [
    {
      xml: rowsXml([
        ['email', 'first_name', 'last_name', 'account_type'],
        ['ana@uni.edu', 'Ana', 'Ode', 'Student'],
      ]),
    },
  ],
})

// Whoever looks without the rights of root must come to the folder, whatever the account keeps to itself by default.
process.umask(0o022)

describe('a watched folder', () => {
  it('gives up a file when it has stayed as it is for a minute', async () => {
    await using test = await open()
    test.put('people.csv', PEOPLE)
    assert.equal(await test.look(), true)
    assert.equal(await test.look(59), true)
    assert.deepEqual(await test.waiting(), [])
    assert.equal(await test.look(1), false)
    assert.deepEqual([await test.waiting(), test.left()], [['people.csv'], []])
  })

  it('keeps a file that grows or is replaced, for another minute', async () => {
    await using test = await open()
    const path = test.put('people.csv', PEOPLE)
    await test.look()
    appendFileSync(path, 'bo@uni.edu,Bo,Ash,Student\n')
    await test.look(60)
    assert.deepEqual(await test.waiting(), [])
    renameSync(test.put('people.csv.part', PEOPLE), path)
    await test.look(60)
    assert.deepEqual(await test.waiting(), [])
    await test.look(60)
    assert.deepEqual(await test.waiting(), ['people.csv'])
  })

  it('keeps what is on its way to another name, and what is no table', async () => {
    await using test = await open()
    const names = ['people.csv.filepart', '.people.csv', '~$people.xlsx', 'people.csv.tmp', 'people.csv~', 'notes.pdf', 'people']
    for (const name of names) test.put(name, PEOPLE)
    mkdirSync(join(test.folder, 'people.d.csv'))
    await test.lookTwice()
    assert.deepEqual([await test.waiting(), test.left().length], [[], names.length + 1])
  })

  it('takes what was complete first first', async () => {
    await using test = await open()
    let last = 0
    for (const name of ['b.csv', 'a.csv', 'c.TSV']) {
      // Until the clock of the file system has moved on.
      for (const before = last; last === before; ) last = statSync(test.put(name, PEOPLE)).ctimeMs
    }
    await test.lookTwice()
    assert.deepEqual(await test.waiting(), ['b.csv', 'a.csv', 'c.TSV'])
  })

  it('waits for the end of a workbook that is cut, and for the first byte of an empty file, fifteen minutes', async () => {
    await using test = await open()
    test.put('cut.xlsx', XLSX.subarray(0, -30))
    test.put('empty.csv', '')
    test.put('whole.xlsx', XLSX)
    await test.lookTwice()
    assert.deepEqual(await test.waiting(), ['whole.xlsx'])
    await test.look(13 * 60)
    assert.deepEqual(await test.waiting(), ['whole.xlsx'])
    await test.look(60)
    assert.deepEqual((await test.waiting()).sort(), ['cut.xlsx', 'empty.csv', 'whole.xlsx'])
    assert.deepEqual((await test.run()).map(({ file, reason }) => [file, reason]).sort(), [
      ['cut.xlsx', 'format_invalid'],
      ['empty.csv', 'file_empty'],
      ['whole.xlsx', null],
    ])
  })

  it('may hold more files than a process can open at a time', {
    skip: process.platform === 'win32' && 'needs a bound on open files',
  }, async () => {
    await using test = await open()
    for (let n = 0; n < 300; n++) test.put(`${n}.xlsx`, XLSX.subarray(0, 50))
    chmodSync(dirname(test.root), 0o755)
    assert.equal(lookOnceMore(test.root, ['sh', '-c', 'ulimit -n 100; exec "$@"', 'sh']), 'looked at\n')
  })

  it('with a file that the server may not read is looked through all the same', {
    skip: process.platform === 'win32' && 'needs rights as on Unix',
  }, async () => {
    await using test = await open()
    chmodSync(test.put('others.csv', PEOPLE), 0)
    test.put('people.xlsx', XLSX.subarray(0, 50))
    chmodSync(dirname(test.root), 0o755)
    assert.equal(lookOnceMore(test.root), 'north,others.csv,the file cannot be taken: the server has no right to it\nlooked at\n')
  })

  it('brings what stands beside a file: whether it is whole, and what it contains', async () => {
    await using test = await open({ waitForDone: true })
    const hash = (text: string) => createHash('sha256').update(text).digest('hex')
    test.put('people.csv', PEOPLE)
    test.put('people.csv.sha256', `${hash('another')}  people.csv\n`)
    await test.lookTwice()
    assert.deepEqual(await test.run(), [])
    test.put('people.csv.DONE', '')
    await test.lookTwice()
    assert.deepEqual(
      (await test.run()).map(({ result, reason }) => [result, reason]),
      [['rejected', 'checksum_mismatch']],
    )
    test.put('people.csv', PEOPLE)
    test.put('people.csv.sha256', hash(PEOPLE).toUpperCase())
    test.put('people.ok', '')
    await test.lookTwice()
    assert.deepEqual(
      (await test.run()).map(({ result }) => result),
      ['processed'],
    )
    assert.deepEqual(test.left(), [])
  })

  it('takes up a file that a process had claimed when it died', async () => {
    await using test = await open()
    test.put('.taken.people.csv', PEOPLE)
    await test.look()
    assert.deepEqual([await test.waiting(), test.left()], [['people.csv'], []])
  })

  it('is emptied by one of two processes that look at once', async () => {
    await using one = await open()
    const other = one.another()
    one.put('people.csv', PEOPLE)
    for (const seconds of [0, 60]) await Promise.all([one.look(seconds), other(seconds)])
    assert.deepEqual([await one.waiting(), one.refused], [['people.csv'], []])
  })

  for (const [why, put, reason] of [
    ['a link to a file elsewhere', (path: string, secret: string) => symlinkSync(secret, path), /link/],
    ['a second name of a file elsewhere', (path: string, secret: string) => linkSync(secret, path), /hard link/],
    ['a pipe', (path: string) => void execFileSync('mkfifo', [path]), /link or the like/],
    ['a file past the limit', (path: string) => writeFileSync(path, 'x'.repeat(2001)), /files.limits.fileBytes/],
  ] as const) {
    it(`keeps ${why}, and says so once`, { skip: process.platform === 'win32' && 'needs links and pipes' }, async () => {
      await using test = await open({ limits: { fileBytes: 2000 } })
      const secret = join(dirname(test.folder), 'secret.csv')
      writeFileSync(secret, PEOPLE)
      put(join(test.folder, 'people.csv'), secret)
      for (let minute = 0; minute < 20; minute++) await test.look(60)
      assert.deepEqual(await test.waiting(), [])
      assert.deepEqual([test.refused.length, test.left()], [1, ['people.csv']])
      assert.match(test.refused[0] as string, reason)
    })
  }

  it('that leads out of the folder of its institution is not read', async () => {
    await using test = await open({ folder: 'upload/in' })
    const other = join(dirname(dirname(test.folder)), 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'people.csv'), PEOPLE)
    symlinkSync(other, join(test.folder, 'in'))
    await test.lookTwice()
    assert.deepEqual([await test.waiting(), existsSync(join(other, 'people.csv'))], [[], true])
    assert.match(test.refused.join(), /leads out of/)
  })

  it('that is not there is told once', async () => {
    await using test = await open({ folder: 'downlod' })
    await test.lookTwice()
    assert.equal(test.refused.length, 1)
    assert.match(test.refused[0] as string, /downlod cannot be read: there is none/)
  })

  it('says of a file whose name is not in UTF-8 that it cannot be taken', { skip: process.platform !== 'linux' }, async () => {
    await using test = await open()
    writeFileSync(Buffer.concat([Buffer.from(`${test.folder}/`), Buffer.from('sch\xfcler.csv', 'latin1')]), PEOPLE)
    await test.lookTwice()
    assert.equal(test.refused.length, 1)
    assert.match(test.refused[0] as string, /ler\.csv: the name should be in UTF-8/)
  })

  it('is looked at before the daily run, which waits for what may be complete in a minute', async () => {
    await using test = await open({}, 20)
    test.put('people.csv', PEOPLE)
    assert.deepEqual(
      (await test.run()).map(({ file, result }) => [file, result]),
      [['people.csv', 'processed']],
    )
  })
})

/** Looks twice, a minute apart, in a process that is not root. @returns what it was told */
function lookOnceMore(root: string, launch: readonly string[] = []): string {
  const script = `
    import { openFolderWatch } from ${JSON.stringify(new URL('./folder-watch.ts', import.meta.url).href)}
    if (process.getuid() === 0) process.setuid(65534)
    let at = 0
    const onRefused = (...why) => console.log(why.join())
    const watch = openFolderWatch({ root: process.argv[1], now: () => at, onRefused })
    const institution = { _id: 'north', settings: { files: { folder: 'upload' } } }
    for (at of [0, 60_000]) await watch.look(institution)
    console.log('looked at')`
  const [program = process.execPath, ...args] = [...launch, process.execPath, '--input-type=module', '-e', script, root]
  return execFileSync(program, args, { encoding: 'utf8' })
}

/** @param settleMs by the true clock; a minute by one that is set when absent */
async function open({ folder = 'upload', ...files }: FileSettings = {}, settleMs?: number) {
  const opened = new AsyncDisposableStack()
  const dataDir = opened.use(await temporaryFolder()).path
  const root = join(dataDir, 'watched')
  const upload = join(root, 'north', 'upload')
  mkdirSync(upload, { recursive: true })
  const store: Store = opened.use(await openSqlite({ path: join(dataDir, 'roll.db') }))
  await createInstitution(store, {
    id: 'north',
    name: 'North',
    settings: { files: { folder, ...files } } as never,
    by: { source: 'admin' },
    now: Date.parse('2026-03-27T12:00:00Z'),
  })
  const institution = await getInstitution(store, 'north')
  assert.ok(institution)
  const opening = Date.now()
  let ahead = 0
  const now = () => (settleMs === undefined ? opening : Date.now()) + ahead
  const refused: string[] = []
  const watchOptions = {
    store,
    dataDir,
    root,
    onRefused: (_: string, name: string, reason: string) => void refused.push(`${name}: ${reason}`),
    ...(settleMs !== undefined && { settleMs }),
    now,
  }
  const watch = openFolderWatch(watchOptions)
  const look = (seconds = 0) => {
    ahead += seconds * 1000
    return watch.look(institution)
  }
  const waiting = async () => (await runsIn(store, 'north', ['waiting'], { limit: 100 })).reverse().map(({ file }) => file)
  return {
    root,
    folder: upload,
    refused,
    look,
    another() {
      const second = openFolderWatch(watchOptions)
      return (_: number) => second.look(institution)
    },
    async lookTwice() {
      for (const seconds of [0, 60]) await look(seconds)
    },
    put(name: string, content: string | Uint8Array) {
      writeFileSync(join(upload, name), content)
      return join(upload, name)
    },
    left: () => readdirSync(upload),
    waiting,
    /** The daily run of the next day. */
    async run() {
      const summaries: Summary[] = []
      ahead += DAY_MS
      await using run = openDailyRun({
        store,
        dataDir,
        fetch: watch.gather,
        now,
        everyMs: 2_000_000_000,
        onSummary: (_, summary) => void summaries.push(summary),
        onFailure: (_, error) => assert.fail(String(error)),
      })
      await run.look()
      return summaries
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

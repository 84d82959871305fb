/**
 * The drop box in the process of a test, on an embedded store in a folder of its own, with an institution that may use it.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { ConnectConfig, SFTPWrapper, Client as SshClient } from 'ssh2'
import ssh2 from 'ssh2'
import { allDocs } from '../src/directory/each-doc.ts'
import { getInstitution } from '../src/directory/institution.ts'
import { changeInstitution, createInstitution } from '../src/directory/institution-changes.ts'
import type { Settings } from '../src/directory/settings.ts'
import type { Checks } from '../src/flatfile/check.ts'
import { openChecks } from '../src/flatfile/check.ts'
import { openDropOff } from '../src/flatfile/drop-off.ts'
import type { Folders } from '../src/flatfile/folders.ts'
import { openFolders } from '../src/flatfile/folders.ts'
import { goOn, oneAtATime, unfinishedRuns } from '../src/flatfile/process.ts'
import type { Run } from '../src/flatfile/run-record.ts'
import { RUN_STATES, runsIn } from '../src/flatfile/run-record.ts'
import { openLog } from '../src/observe/log.ts'
import { openMetrics } from '../src/observe/metrics.ts'
import { openHostKeys } from '../src/sftp/host-keys.ts'
import { newEd25519Key } from '../src/sftp/new-key.ts'
import type { SftpServerOptions } from '../src/sftp/server.ts'
import { openSftpServer } from '../src/sftp/server.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Doc, Store } from '../src/store/store.ts'

export const INSTITUTION = 'north'
export const USER = 'north-files'

/** Of the test's own client; the same in all tests, since making an RSA key takes a second. */
export const KEY = newEd25519Key()

export class DropBox implements AsyncDisposable {
  readonly store: Store
  readonly port: number
  readonly dataDir: string
  /** Fingerprint of the Ed25519 key by which clients know it. */
  readonly hostKey: string
  readonly folders: Folders
  /** What the log says, one object a line. */
  readonly log: { readonly [name: string]: unknown }[]
  readonly metrics: () => Promise<string>
  readonly checks: Checks
  readonly #opened: AsyncDisposableStack

  private constructor(
    about: Pick<DropBox, 'store' | 'port' | 'dataDir' | 'hostKey' | 'folders' | 'log' | 'metrics' | 'checks'>,
    opened: AsyncDisposableStack,
  ) {
    this.store = about.store
    this.port = about.port
    this.dataDir = about.dataDir
    this.hostKey = about.hostKey
    this.folders = about.folders
    this.log = about.log
    this.metrics = about.metrics
    this.checks = about.checks
    this.#opened = opened
  }

  static async open(
    settings: Settings = {},
    {
      limits,
      whenFound,
    }: {
      readonly limits?: NonNullable<SftpServerOptions['limits']>
      /** Awaited when the folders are there of who signs in. */
      readonly whenFound?: () => Promise<void>
    } = {},
  ): Promise<DropBox> {
    const opened = new AsyncDisposableStack()
    const folder = await temporary(opened)
    const dataDir = join(folder, 'data')
    hostKeys ??= makeHostKeys()
    await cp(await hostKeys, dataDir, { recursive: true })
    const store = opened.use(await openSqlite({ path: join(folder, 'roll.db') }))
    await addInstitution(store, INSTITUTION, { ...settings, sftp: { username: USER, keys: [KEY.public], ...settings.sftp } })
    const lines: { readonly [name: string]: unknown }[] = []
    const log = openLog('debug', new Writable({ write: (chunk, _, done) => done(void lines.push(JSON.parse(String(chunk)))) }))
    const metrics = openMetrics()
    const onFailure = (institution: string, error: unknown) => log.error({ institution, err: error }, 'failed')
    const checks = opened.use(openChecks({ store, dataDir, onFailure }))
    const dropOff = opened.use(openDropOff({ store, dataDir, checks, onFailure }))
    const found = async (institution: string) => {
      const folders = await dropOff.folders(institution)
      await whenFound?.()
      return folders
    }
    const files = { ...dropOff, folders: found }
    const options = { host: '127.0.0.1', port: 0, store, dataDir, files, log, metrics, ...(limits && { limits }) }
    const { port } = opened.use(await openSftpServer(options))
    const folders = await openFolders(dataDir, INSTITUTION)
    const hostKey = (await openHostKeys(dataDir)).current[0]?.fingerprint ?? ''
    return new DropBox({ store, port, dataDir, hostKey, folders, log: lines, metrics: () => metrics.text(), checks }, opened)
  }

  connect(more: ConnectConfig = {}): Promise<Connected> {
    return connect({ port: this.port, ...more })
  }

  /** Runs of the institution that have a file of this name, oldest first. */
  async runsOf(file: string): Promise<Run[]> {
    return (await runsIn(this.store, INSTITUTION, RUN_STATES, { file, limit: 100 })).reverse()
  }

  async waiting(): Promise<string[]> {
    return (await runsIn(this.store, INSTITUTION, ['waiting'], { limit: 100 })).map(({ file }) => file).sort()
  }

  async events(kind: string): Promise<Doc[]> {
    return (await allDocs(this.store, 'events', INSTITUTION, EVERYTHING)).filter((event) => event.kind === kind)
  }

  /** What the daily run does. @returns the names of files that were gone through */
  async runFiles(now = Date.now): Promise<string[]> {
    const institution = await getInstitution(this.store, INSTITUTION)
    assert.ok(institution)
    const processing = { store: this.store, institution, folders: this.folders, by: { source: 'file' }, now } as const
    const done = await oneAtATime(processing, async () => {
      const files: string[] = []
      for (const run of await unfinishedRuns(processing)) {
        const summary = await goOn(run, processing)
        if (summary !== undefined) files.push(summary.file)
      }
      return files
    })
    return done ?? []
  }

  async change(settings: Settings, id = INSTITUTION): Promise<void> {
    const by = { source: 'admin' } as const
    const changed = await changeInstitution(this.store, { id, settings: settings as never, by, now: Date.now() })
    assert.ok(changed.kind === 'changed' || changed.kind === 'unchanged')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync()
  }
}

let hostKeys: Promise<string> | undefined

/** An RSA key takes a second, which is enough for all tests of a process. */
async function makeHostKeys(): Promise<string> {
  const made = new AsyncDisposableStack()
  const folder = await temporary(made)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'data'))
  await openHostKeys(join(folder, 'data'))
  return join(folder, 'data')
}

async function temporary(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'matricula-drop-box-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function addInstitution(store: Store, id: string, settings: Settings): Promise<void> {
  const by = { source: 'admin' } as const
  const made = await createInstitution(store, { id, name: id, settings: settings as never, by, now: Date.now() })
  assert.equal(made.kind, 'created', JSON.stringify(made))
}

export type Connected = AsyncDisposable & { readonly ssh: SshClient; readonly sftp: SFTPWrapper; kill(): void }

/** Signs in, and opens a session. @throws what the client says when it is not let in */
export async function connect(options: ConnectConfig & { readonly port: number }): Promise<Connected> {
  const ssh = await signIn(options)
  const sftp = await new Promise<SFTPWrapper>((resolve, reject) =>
    ssh.sftp((error, opened) => (error ? reject(error) : resolve(opened))),
  )
  const closed = new Promise<void>((resolve) => ssh.once('close', () => resolve()))
  return {
    ssh,
    sftp,
    kill: () => ssh.destroy(),
    async [Symbol.asyncDispose]() {
      ssh.end()
      await closed
    },
  }
}

export function signIn(options: ConnectConfig): Promise<SshClient> {
  const ssh = new ssh2.Client()
  return new Promise((resolve, reject) => {
    ssh.once('ready', () => resolve(ssh)).on('error', reject)
    ssh.once('close', () => reject(new Error('the connection was closed')))
    ssh.connect({ host: '127.0.0.1', username: USER, privateKey: KEY.private, readyTimeout: 60_000, ...options })
  })
}

/** One call of ssh2 as a promise. */
export function asked<T>(call: (done: (error: Error | undefined | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))))
}

/** Waits until something is so. */
export async function until<T>(what: string, look: () => T | Promise<T>, withinMs = 60_000): Promise<NonNullable<T>> {
  const end = Date.now() + withinMs
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await wait(10)
  }
}

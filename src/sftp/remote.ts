/**
 * The few things that a pick-up does on an institution's server. Each answer is bounded in size and time: the server
 * is not ours, and may be slow, broken or somebody else's.
 */
import type { FileEntryWithStats, SFTPWrapper } from 'ssh2'
import type { PickUpSettings } from '../directory/settings.ts'
import type { ConnectOptions } from './connect.ts'
import { connect } from './connect.ts'
import type { PickUpCode } from './pick-up-fault.ts'
import { PickUpFault } from './pick-up-fault.ts'
import type { Question } from './questions.ts'
import { Questions } from './questions.ts'

export type RemoteFile = {
  readonly name: string
  readonly bytes: number
  /** Epoch seconds, by the server's clock. */
  readonly modified: number
}

export type Remote = AsyncDisposable & {
  /**
   * The plain files of a folder, in no order; links and folders are left out.
   * @throws {PickUpFault} `missing`, `not_allowed`, `too_many`
   */
  list(folder: string): Promise<RemoteFile[]>
  /**
   * The content of a file that was listed.
   * @throws {PickUpFault} `changed` when the file turns out to be another one, at the latest behind its last byte
   */
  read(folder: string, file: RemoteFile): AsyncIterable<Uint8Array>
  rename(folder: string, from: string, to: string): Promise<void>
}

const MOST_ENTRIES = 10_000
const BLOCK_BYTES = 32 * 1024
/** Blocks that are asked for before the first has come: what a long way costs is paid once. */
const BLOCKS_AHEAD = 32

/** SFTP version 3, section 7. */
const STATUS = { eof: 1, missing: 2, denied: 3 } as const

/** What the things below are done by. */
type Session = { readonly place: PickUpSettings; readonly sftp: SFTPWrapper; readonly questions: Questions }

/** @throws {PickUpFault} as `connect`, or `no_sftp` */
export async function openRemote(place: PickUpSettings, options: ConnectOptions): Promise<Remote> {
  const { host } = place
  const client = await connect(place, options)
  const questions = new Questions(client, host, options)
  const sftp = await questions
    .ask<SFTPWrapper>((done) => client.sftp(done))
    .catch((error) => {
      questions.breakOff(error)
      throw error instanceof PickUpFault
        ? error
        : new PickUpFault('no_sftp', `${host} lets us in, but offers no SFTP`, { cause: error })
    })
  sftp.on('error', questions.lost)
  const session = { place, sftp, questions }
  return {
    list: (folder) => list(session, folder),
    read: (folder, file) => read(session, folder, file),
    rename: (folder, from, to) => rename(session, folder, from, to),
    async [Symbol.asyncDispose]() {
      client.end()
      questions.breakOff(new PickUpFault('interrupted', `the connection to ${host} is closed`))
    },
  }
}

async function list(session: Session, folder: string): Promise<RemoteFile[]> {
  const files: RemoteFile[] = []
  try {
    for await (const entry of entriesOf(session, folder)) {
      const { filename: name, attrs } = entry
      if (isPlainFile(entry)) files.push({ name, bytes: attrs.size, modified: attrs.mtime })
    }
  } catch (error) {
    throw faultIn(error, session.place, folder)
  }
  return files
}

async function* entriesOf({ place, sftp, questions }: Session, folder: string): AsyncGenerator<FileEntryWithStats> {
  const handle = await questions.ask<Buffer>((done) => sftp.opendir(folder, done))
  let count = 0
  for (;;) {
    const batch = await questions.ask<FileEntryWithStats[]>((done) => sftp.readdir(handle, done)).catch(emptyAtEnd)
    if (batch === undefined) break
    count += batch.length
    if (count > MOST_ENTRIES) throw tooMany(place, folder)
    yield* batch
  }
  await questions.ask((done) => sftp.close(handle, done))
}

async function* read(session: Session, folder: string, file: RemoteFile): AsyncGenerator<Buffer> {
  const { place, sftp, questions } = session
  try {
    const handle = await questions.ask<Buffer>((done) => sftp.open(pathIn(folder, file.name), 'r', done))
    try {
      yield* contentOf(session, handle, file)
      const { size, mtime } = await questions.ask<{ size: number; mtime: number }>((done) => sftp.fstat(handle, done))
      if (size !== file.bytes || mtime !== file.modified) throw changed(file.name)
    } finally {
      await questions.ask((done) => sftp.close(handle, done)).catch(() => {})
    }
  } catch (error) {
    throw faultIn(error, place, file.name)
  }
}

async function* contentOf(session: Session, handle: Buffer, { name, bytes }: RemoteFile): AsyncGenerator<Buffer> {
  // One byte past the end, where there should be none.
  const wanted = bytes + 1
  const blocks: Promise<Buffer>[] = []
  let [asked, had] = [0, 0]
  while (had < bytes) {
    for (; asked < wanted && blocks.length < BLOCKS_AHEAD; asked += BLOCK_BYTES) {
      const part = { start: asked, length: Math.min(BLOCK_BYTES, wanted - asked) }
      blocks.push(quietly(readBlock(session, handle, part)))
    }
    const block = (await blocks.shift()) ?? Buffer.alloc(0)
    had += block.length
    if (block.length === 0 || had > bytes) throw changed(name)
    yield block
  }
  if (((await blocks.shift())?.length ?? 0) > 0) throw changed(name)
}

type Part = { readonly start: number; readonly length: number }

async function readBlock({ sftp, questions }: Session, handle: Buffer, { start, length }: Part): Promise<Buffer> {
  const block = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const rest: Question<number> = (done) => sftp.read(handle, block, filled, length - filled, start + filled, done)
    const bytes = await questions.ask(rest)
    if (bytes === 0) break
    filled += bytes
  }
  return block.subarray(0, filled)
}

async function rename({ place, sftp, questions }: Session, folder: string, from: string, to: string): Promise<void> {
  await questions
    .ask((done) => sftp.rename(pathIn(folder, from), pathIn(folder, to), done))
    .catch((error) => {
      throw faultIn(error, place, from)
    })
}

/** Its failure is looked at when its turn comes, which another failure may forestall. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

function emptyAtEnd(error: Error & { readonly code?: unknown }): undefined {
  if (error.code !== STATUS.eof) throw error
}

const FILE_TYPE = 0o170000
const PLAIN_FILE = 0o100000

/** Some servers send the rights without the kind of file, which then stands first in the line that is meant for people. */
function isPlainFile({ attrs, longname }: FileEntryWithStats): boolean {
  const type = (attrs.mode ?? 0) & FILE_TYPE
  return type === 0 ? !/^[dlbcps]/.test(longname) : type === PLAIN_FILE
}

function pathIn(folder: string, name: string): string {
  return `${folder.replace(/\/+$/, '')}/${name}`
}

function changed(name: string): PickUpFault {
  return new PickUpFault('changed', `"${name}" changed while it was read; it is looked at again next time`)
}

function tooMany({ host }: PickUpSettings, folder: string): PickUpFault {
  const mend = 'have old files moved away, or another folder made for us'
  return new PickUpFault('too_many', `"${folder}" on ${host} holds more than ${MOST_ENTRIES} files: ${mend}`)
}

function faultIn(error: unknown, { host, username }: PickUpSettings, path: string): unknown {
  if (error instanceof PickUpFault || !(error instanceof Error) || !('code' in error)) return error
  const fault = (code: PickUpCode, message: string) => new PickUpFault(code, message, { cause: error })
  switch (error.code) {
    case STATUS.missing:
      return fault('missing', `there is no "${path}" on ${host} for the user "${username}"`)
    case STATUS.denied:
      return fault('not_allowed', `the user "${username}" has no right to "${path}" on ${host}`)
    default:
      return fault('failed', `${host} failed at "${path}"`)
  }
}

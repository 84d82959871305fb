/**
 * The SFTP drop box: listens, lets in, and closes. Everything about an institution is asked of the store when it is
 * needed, so nothing is to be restarted when keys, addresses or names change.
 */
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Seats } from '../limits/seats.ts'
import { openTries } from '../limits/tries.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Store } from '../store/store.ts'
import { Box } from './box.ts'
import type { ConnectionLimits } from './connection.ts'
import { Connection, DEFAULT_CONNECTION_LIMITS } from './connection.ts'
import type { FilesPort } from './files-port.ts'
import type { HostKeys } from './host-keys.ts'
import { hostKeysVersion, openHostKeys } from './host-keys.ts'
import { openJournal } from './journal.ts'
import { openAccess } from './sign-in.ts'
import { Uploads } from './uploads.ts'

export type SftpServer = AsyncDisposable & {
  /** The one in use when any free one was asked for. */
  readonly port: number
}

export type SftpServerOptions = {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly store: Store
  /** Where the host keys are kept. */
  readonly dataDir: string
  readonly files: FilesPort
  readonly log: Log
  readonly metrics: Metrics
  readonly limits?: Partial<ConnectionLimits & { readonly connections: number; readonly perInstitution: number }>
}

/** Who has not signed in yet: a handshake takes a tenth of a second. */
const LOBBY = { total: 256, perGroup: 256 } as const
const HALL = { total: 2000, perGroup: 100 } as const
const LOOK_FOR_IDLE_MS = 60_000
const LOOK_FOR_KEYS_MS = 5000
/** How long closing waits for goodbyes to arrive. */
const CLOSE_MS = 2000

/** @throws what the operating system says when the address cannot be had */
export async function openSftpServer(options: SftpServerOptions): Promise<SftpServer> {
  const { host, port, store, dataDir, files, limits = {} } = options
  const monotonic = () => performance.now()
  const journal = openJournal(options)
  const boxes = new Map<string, Box>()
  const boxOf = async (institution: string) => {
    // At each sign-in: folders that somebody has removed are made again, and what failed once may be mended.
    const folders = await files.folders(institution)
    const box = boxes.get(institution) ?? new Box(folders, new Uploads(folders, files, journal.uploadEnded))
    boxes.set(institution, box)
    return box
  }
  const keys = await openFreshHostKeys(dataDir, journal.failed)
  const shared = {
    access: openAccess(store, monotonic),
    tries: openTries(monotonic),
    lobby: new Seats({ total: limits.connections ?? LOBBY.total, perGroup: LOBBY.perGroup }),
    hall: new Seats({ total: HALL.total, perGroup: limits.perInstitution ?? HALL.perGroup }),
    boxOf,
    journal,
    limits: { ...DEFAULT_CONNECTION_LIMITS, ...limits },
  }
  const connections = new Set<Connection>()
  const server = createServer((socket) => {
    const connection = new Connection(socket, { ...shared, hostKeys: keys.current() })
    connections.add(connection)
    void connection.closed.then(() => connections.delete(connection))
  })
  await listen(server, host, port)
  const timer = setInterval(() => {
    for (const connection of connections) connection.endIfIdle()
  }, LOOK_FOR_IDLE_MS)
  timer.unref()
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await keys[Symbol.asyncDispose]()
      const isClosed = once(server, 'close')
      server.close()
      for (const connection of connections) connection.end()
      const all = Promise.all([...connections].map(({ closed }) => closed))
      await Promise.race([all, wait(CLOSE_MS, undefined, { ref: false })])
      for (const connection of connections) connection.cut()
      await Promise.all([all, isClosed])
      await journal.idle()
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
}

/**
 * What the files say, at most five seconds old: rotations are done by the command line. At the very first start the RSA
 * key is there a moment after the server.
 */
async function openFreshHostKeys(dataDir: string, onFailure: (error: unknown) => void) {
  let keys = await openHostKeys(dataDir, ['ed25519'])
  let version = ''
  const look = async () => {
    const found = await hostKeysVersion(dataDir)
    if (found === version) return
    keys = await openHostKeys(dataDir)
    version = await hostKeysVersion(dataDir)
  }
  // Until what is wrong with the files is mended the keys that were read hold.
  let looking = look().catch(onFailure)
  const timer = setInterval(() => {
    looking = look().catch(onFailure)
  }, LOOK_FOR_KEYS_MS)
  timer.unref()
  return {
    current: (): HostKeys => keys,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await looking
    },
  }
}

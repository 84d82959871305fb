/**
 * The drop box of a running server: the SFTP server and those who go through the files, brought together.
 */
import type { Config } from '../config.ts'
import { isSystemError } from '../file-errors.ts'
import type { Checks } from '../flatfile/check.ts'
import { openDropOff } from '../flatfile/drop-off.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { openSftpServer } from '../sftp/server.ts'
import type { Store } from '../store/store.ts'
import { cannotListen } from './http-server.ts'

export type DropBox = AsyncDisposable & {
  /** Undefined where the usual port was taken and nobody had asked for it. */
  readonly port: number | undefined
}

type Deps = { readonly store: Store; readonly checks: Checks; readonly log: Log; readonly metrics: Metrics }

/** @throws {Refusal} when the address cannot be had, with what to do about it */
export async function openDropBox(config: Config, { store, checks, log, metrics }: Deps): Promise<DropBox> {
  const { sftpHost: host, sftpPort: port, dataDir } = config
  await using opening = new AsyncDisposableStack()
  const onFailure = (institution: string, error: unknown) => log.error({ institution, err: error }, 'a file was not taken in')
  const files = opening.use(openDropOff({ store, dataDir, checks, onFailure }))
  try {
    const server = opening.use(await openSftpServer({ host, port, store, dataDir, files, log, metrics }))
    const all = opening.move()
    return { port: server.port, [Symbol.asyncDispose]: () => all.disposeAsync() }
  } catch (error) {
    if (!isSystemError(error) || error.path !== undefined) throw error
    const refusal = cannotListen(error, {
      host,
      port,
      variables: { host: host === config.host ? 'HOST or SFTP_HOST' : 'SFTP_HOST', port: 'SFTP_PORT' },
    })
    const isTaken = error.code === 'EADDRINUSE'
    if (config.isSftpPortChosen || !isTaken) throw refusal
    log.error({ port }, 'the drop box is not served: its port is in use by another program; set SFTP_PORT')
    return { port: undefined, [Symbol.asyncDispose]: async () => {} }
  }
}

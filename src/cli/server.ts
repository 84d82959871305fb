/**
 * A running server: opened from the configuration, closed in reverse: first the door, then the store.
 */
import { createApp } from '../app.ts'
import { sealWith } from '../auth/seal.ts'
import { secretKeyFrom } from '../auth/secret-key.ts'
import type { Config } from '../config.ts'
import { originOf } from '../config.ts'
import type { DailyRunOptions } from '../flatfile/daily-run.ts'
import { openDailyRun } from '../flatfile/daily-run.ts'
import type { Log } from '../observe/log.ts'
import { openMetrics } from '../observe/metrics.ts'
import type { Store } from '../store/store.ts'
import { openHttpServer } from './http-server.ts'
import { openStore } from './open-store.ts'

export type RunningServer = AsyncDisposable & { readonly publicUrl: string; readonly store: Store }

export async function openServer(config: Config, log: Log): Promise<RunningServer> {
  await using opening = new AsyncDisposableStack()
  const store = opening.use(await openStore(config.database))
  const publicUrlAt = (port: number) => config.publicUrl ?? originOf(config.host, port)
  const metrics = openMetrics()
  const seal = sealWith(await secretKeyFrom(config))
  const appAt = (port: number) => createApp({ store, publicUrl: publicUrlAt(port), log, metrics, seal, dataDir: config.dataDir })
  const { port } = opening.use(await openHttpServer(config, appAt))
  opening.use(openDailyRun({ store, dataDir: config.dataDir, ...told(log) }))
  const all = opening.move()
  return { publicUrl: publicUrlAt(port), store, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** What a run did is told by numbers; its file and its people stand in the store. */
function told(log: Log): Pick<DailyRunOptions, 'onSummary' | 'onFailure'> {
  return {
    onSummary: (institution, { run, result, reason, rows, counts }) =>
      log.info({ institution, run, result, ...(reason !== null && { reason }), rows, counts }, 'file run'),
    onFailure: (institution, error) => log.error({ institution, err: error }, 'file run failed'),
  }
}

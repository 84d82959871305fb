/**
 * A running server: opened from the configuration, closed in reverse: first the door, then the store.
 */
import { existsSync } from 'node:fs'
import { createApp } from '../app.ts'
import type { Seal } from '../auth/seal.ts'
import { sealWith } from '../auth/seal.ts'
import { sealedElsewhere } from '../auth/sealed-elsewhere.ts'
import { keyFileIn, secretKeyFrom } from '../auth/secret-key.ts'
import type { Config } from '../config.ts'
import { isLocalOnly, publicUrlOf } from '../config.ts'
import { isoTime } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import { openChecks } from '../flatfile/check.ts'
import type { DailyRunOptions } from '../flatfile/daily-run.ts'
import { openDailyRun } from '../flatfile/daily-run.ts'
import type { DeliveryOptions, Senders } from '../jobs/deliveries.ts'
import { deliverDue } from '../jobs/deliveries.ts'
import { purgeDaily } from '../jobs/purge-deleted.ts'
import type { Rounds } from '../jobs/rounds.ts'
import { openRounds } from '../jobs/rounds.ts'
import { finishDrops } from '../jobs/unfinished-drops.ts'
import type { Log } from '../observe/log.ts'
import { openMetrics } from '../observe/metrics.ts'
import type { Store } from '../store/store.ts'
import { openDropBox } from './drop-box.ts'
import { sendersFrom, tellOf, tellOfDay } from './file-telling.ts'
import { openHttpServer } from './http-server.ts'
import { databaseToMake, openStore } from './open-store.ts'
import { fetchBeforeRun } from './pick-ups.ts'
import { openSamlRounds } from './saml-rounds.ts'
import { watchFolders } from './watched-folders.ts'

export type RunningServer = AsyncDisposable & {
  readonly publicUrl: string
  /** Of the drop box; undefined where there is none. */
  readonly sftpPort: number | undefined
  readonly store: Store
}

export async function openServer(config: Config, log: Log): Promise<RunningServer> {
  await using opening = new AsyncDisposableStack()
  const lost = lostDatabase(config)
  const store = opening.use(await openStore(config.database))
  if (lost !== undefined) log.warn({ database: lost }, 'a new database was made, although DATA_DIR was in use')
  const metrics = openMetrics()
  const seal = sealWith(await secretKeyFrom(config))
  await tellSealedElsewhere(store, seal, log)
  const { dataDir } = config
  const onFailure = (institution: string, error: unknown) => log.error({ institution, err: error }, 'a file was not checked')
  const checks = opening.use(openChecks({ store, dataDir, onFailure }))
  const appAt = (port: number) =>
    createApp({ store, publicUrl: publicUrlOf(config, port), log, metrics, seal, dataDir, onFile: (run) => checks.ask(run) })
  // First, so that who finds HTTP ready finds the drop box, too.
  const dropBox = opening.use(await openDropBox(config, { store, checks, log, metrics }))
  const { port } = opening.use(await openHttpServer(config, appAt))
  checks.catchUp()
  const deliveries = opening.use(openDeliveries(store, sendersFrom(config, seal), log))
  const saml = opening.use(openSamlRounds({ store, isLocal: isLocalOnly(publicUrlOf(config, port)), log, metrics }))
  saml.look().catch((err) => log.error({ err }, 'looking after SAML failed'))
  const folders = opening.use(watchFolders(config, { store, log, onTaken: checks.ask }))
  const pickUp = fetchBeforeRun({ store, seal, dataDir }, log)
  const fetch = async (institution: Institution, stop: AbortSignal) => {
    await Promise.all([folders.gather(institution, stop), pickUp(institution, stop)])
  }
  opening.use(openDailyRun({ store, dataDir, fetch, ...telling(store, deliveries, log) }))
  opening.use(finishDrops(store, (institution, err) => log.error({ institution, err }, 'dropping a group failed')))
  opening.use(openPurges(store, log))
  const all = opening.move()
  return { publicUrl: publicUrlOf(config, port), sftpPort: dropBox.port, store, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** The path of a database that is not there, though the key that was made beside it is: most often it was moved, or not put back. */
function lostDatabase({ database, dataDir }: Config): string | undefined {
  return existsSync(keyFileIn(dataDir)) ? databaseToMake(database) : undefined
}

/** The rest can be served without them. */
async function tellSealedElsewhere(store: Store, seal: Seal, log: Log): Promise<void> {
  for await (const found of sealedElsewhere(store, seal)) log.error(found, 'secrets were sealed under another SECRET_KEY')
}

/** What a run did is told by numbers; its file and its people stand in the store. */
function telling(
  store: Store,
  deliveries: Rounds,
  log: Log,
): Pick<DailyRunOptions, 'tell' | 'onSummary' | 'onFailure' | 'onDone'> {
  return {
    tell: (institution, summary) => tellOf(store, institution, summary),
    onSummary: (institution, { run, result, reason, rows, counts }) => {
      // The others wait for somebody to look at them.
      const level = result === 'processed' ? 'info' : 'warn'
      log[level]({ institution, run, result, ...(reason !== null && { reason }), rows, counts }, 'file run')
      deliveries.look().catch((err) => log.error({ err }, 'deliveries failed'))
    },
    onFailure: (institution, error) => log.error({ institution, err: error }, 'file run failed'),
    onDone: (institution, day) => tellOfDay(store, institution, day),
  }
}

function openDeliveries(store: Store, senders: Senders, log: Log): Rounds {
  const onFailed: DeliveryOptions['onFailed'] = ({ institution, message, to, attempts }, why, retryAt) => {
    const about = { institution, message: message.id, to: to.kind, attempts: attempts + 1, why }
    if (retryAt === undefined) log.error(about, 'a delivery was given up')
    else log.warn({ ...about, retryAt: isoTime(retryAt) }, 'a delivery failed')
  }
  return openRounds({
    store,
    visit: ({ _id }, stop) => deliverDue(_id, { store, senders, onFailed }, stop),
    onFailure: (institution, err) => log.error({ institution, err }, 'deliveries failed'),
  })
}

const PURGES_EVERY_MS = 15 * 60_000

function openPurges(store: Store, log: Log): Rounds {
  const onPurged = (institution: string, people: number) => log.info({ institution, people }, 'people were erased')
  return openRounds({
    store,
    everyMs: PURGES_EVERY_MS,
    visit: (institution, stop) => purgeDaily(institution, { store, onPurged }, stop),
    onFailure: (institution, err) => log.error({ institution, err }, 'erasing people failed'),
  })
}

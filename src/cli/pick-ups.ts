/**
 * Files that are fetched from servers of institutions: handed on to those who go through files, and told of where that
 * failed.
 */
import type { Seal } from '../auth/seal.ts'
import type { Institution } from '../directory/institution.ts'
import { nameFault, notATable } from '../flatfile/file-name.ts'
import { openFolders } from '../flatfile/folders.ts'
import { maxFileBytes, receive } from '../flatfile/receive.ts'
import { fetchedBefore } from '../flatfile/run-record.ts'
import { postMessages } from '../jobs/deliveries.ts'
import type { Log } from '../observe/log.ts'
import type { Inbox } from '../sftp/pick-up.ts'
import { PickUpFault } from '../sftp/pick-up-fault.ts'
import type { PickedUpFrom } from '../sftp/pick-ups.ts'
import { pickUpAll } from '../sftp/pick-ups.ts'
import type { Store } from '../store/store.ts'

export type FetchOptions = {
  readonly store: Store
  readonly seal: Seal
  readonly dataDir: string
  readonly signal: AbortSignal
}

/** Fetches what is there for an institution; whoever is told of its file runs is told of servers that failed. */
export async function fetchFiles(institution: Institution, options: FetchOptions): Promise<PickedUpFrom[]> {
  if (institution.settings.sftp?.pickUp === undefined) return []
  const { store, dataDir } = options
  const all = await pickUpAll({ ...options, institution, inbox: await inboxOf(institution, store, dataDir) })
  for (const done of all) if (done.fault !== undefined) await tellOf(store, institution, done)
  return all
}

/** For the daily run: a fetch that fails is logged, and what is here has its run all the same. */
export function fetchBeforeRun(options: Omit<FetchOptions, 'signal'>, log: Log) {
  return async (institution: Institution, stop: AbortSignal): Promise<void> => {
    try {
      for (const { place, fetched, unfinished, refused, fault } of await fetchFiles(institution, { ...options, signal: stop })) {
        const counts = { fetched: fetched.length, unfinished: unfinished.length, refused: refused.length }
        const about = { institution: institution._id, pickUp: place.name, ...counts }
        if (fault === undefined) log.info(about, 'pick-up')
        else log.error({ ...about, code: fault.code }, 'pick-up failed')
      }
    } catch (error) {
      if (stop.aborted) throw error
      log.error({ institution: institution._id, err: error }, 'pick-up failed')
    }
  }
}

export async function inboxOf(institution: Institution, store: Store, dataDir: string): Promise<Inbox> {
  const folders = await openFolders(dataDir, institution._id)
  return {
    maxBytes: maxFileBytes(institution),
    nameFault: (name) => nameFault(name) ?? notATable(name),
    known: (ids) => fetchedBefore(store, institution._id, ids),
    async take({ name, content, id, pickUp }) {
      const by = { source: 'file', credential: `pick-up:${pickUp}` } as const
      const { kind } = await receive(content, name, { store, institution, folders, by, fetched: id, hasQuota: true })
      if (kind === 'full') throw new PickUpFault('failed', 'there is no more room for files that wait (setting sftp.quota)')
      if (kind !== 'waiting') throw new Error(`a file of known size came in as ${kind}`)
    },
  }
}

async function tellOf(store: Store, institution: Institution, { place, fault }: PickedUpFrom): Promise<void> {
  const now = Date.now()
  const message = {
    id: `${institution._id}-${place.name}-${now}`,
    type: 'pickUp.failed',
    at: now,
    data: { institution: institution._id, pickUp: place.name, code: String(fault?.code), message: String(fault?.message) },
    subject: `${institution.name}: no files from ${place.host}`,
    text: `No files were fetched from ${place.host} (sftp.pickUp "${place.name}"): ${fault?.message}\n\nTo try it: matricula sftp pick-up ${institution._id}\n`,
  }
  await postMessages(store, institution, [message], now)
}

/**
 * What happens at the drop box, told three ways: the log for whoever runs the server, the audit trail for whoever looks
 * after the institution, and counts. Names of files stand in the audit trail alone.
 */
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Store } from '../store/store.ts'
import type { RefusalReason } from './sign-in.ts'
import type { Ended } from './uploads.ts'

export type Signed = {
  readonly institution: Institution
  readonly fingerprint: string
  readonly address: string
}

export type Journal = {
  signedIn(signed: Signed): void
  signedOut(signed: Signed): void
  refused(reason: RefusalReason, about: Partial<Signed> & { readonly address: string }): void
  uploadEnded(ended: Ended): void
  bytes(direction: 'in' | 'out', bytes: number): void
  /** Of what must not happen. */
  failed(error: unknown): void
  /** Resolves when all that was told is stored, or could not be. */
  idle(): Promise<void>
}

/** The same refusal is told so often at most: machines that try all doors must not fill the disk. */
const SAME_REFUSAL_MS = 10 * 60_000
const MOST_REMEMBERED = 1000

export function openJournal({
  store,
  log,
  metrics,
}: {
  readonly store: Store
  readonly log: Log
  readonly metrics: Metrics
}): Journal {
  const lastToldAt = new Map<string, number>()
  const writing = new Set<Promise<void>>()

  function isNews(key: string): boolean {
    const now = performance.now()
    if (now - (lastToldAt.get(key) ?? -Infinity) < SAME_REFUSAL_MS) return false
    lastToldAt.delete(key)
    const [oldest] = lastToldAt.keys()
    if (lastToldAt.size >= MOST_REMEMBERED && oldest !== undefined) lastToldAt.delete(oldest)
    lastToldAt.set(key, now)
    return true
  }

  function write(
    institution: string,
    kind: string,
    fingerprint: string | undefined,
    about: { readonly [name: string]: unknown },
  ): void {
    const id = newId(Date.now())
    const by = { source: 'file', ...(fingerprint !== undefined && { credential: `sftp:${fingerprint}` }) }
    const doc = {
      _id: id,
      institution,
      version: id,
      subject: institution,
      kind,
      at: Date.now(),
      ...by,
      ...about,
      differences: [],
    }
    const written: Promise<void> = store
      .write([{ collection: 'events', op: 'insert', doc }])
      .then(
        () => {},
        (error) => log.error({ institution, err: error }, 'an event of the drop box was not stored'),
      )
      .finally(() => writing.delete(written))
    writing.add(written)
  }

  return {
    signedIn({ institution, fingerprint, address }) {
      metrics.sftpSignIn('ok')
      metrics.sftpConnections(1)
      log.info({ institution: institution._id, key: fingerprint, address }, 'sftp sign-in')
      write(institution._id, 'sftp.signed_in', fingerprint, { address })
    },
    signedOut({ institution, fingerprint, address }) {
      metrics.sftpConnections(-1)
      log.info({ institution: institution._id, key: fingerprint, address }, 'sftp sign-out')
    },
    refused(reason, { institution, fingerprint, address }) {
      metrics.sftpSignIn(reason)
      const about = { institution: institution?._id, key: fingerprint, address, reason }
      if (!isNews(JSON.stringify(about))) return
      log.warn(about, 'sftp sign-in refused')
      if (institution !== undefined) write(institution._id, 'sftp.refused', fingerprint, { address, reason })
    },
    uploadEnded({ institution, by, name, bytes, ...ended }) {
      const { kind: result, ...more } = ended
      const how = { result, ...more }
      metrics.sftpUpload(result)
      // The others are the affair of their sender.
      const level = ended.kind === 'interrupted' && ended.reason === 'disk_full' ? 'error' : 'info'
      log[level]({ institution: institution._id, credential: by.credential, bytes, ...how }, 'sftp upload')
      write(institution._id, 'sftp.upload', by.credential?.slice('sftp:'.length), { file: name, bytes, ...how })
    },
    bytes: (direction, bytes) => metrics.sftpBytes(direction, bytes),
    failed: (error) => log.error({ err: error }, 'the drop box failed'),
    async idle() {
      await Promise.all(writing)
    },
  }
}

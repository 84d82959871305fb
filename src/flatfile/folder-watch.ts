/**
 * Files that other programs put into a plain folder, `files.folder` below the institution's own: taken in when two looks
 * a minute apart find them the same, since nobody says when such a file is complete.
 */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import { takeLease } from '../jobs/lease.ts'
import { renameForGood } from '../lasting.ts'
import type { Store } from '../store/store.ts'
import { headOf } from './encoding.ts'
import { kindOfFile, nameFault } from './file-name.ts'
import type { Folders } from './folders.ts'
import { openFolders } from './folders.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { maxFileBytes, receive } from './receive.ts'
import { FileRefused } from './refusal.ts'
import type { Run } from './run-record.ts'
import { PROBE_MS } from './sweep.ts'
import type { Sight } from './watched-folder.ts'
import { claim, claimedName, NotReadable, notReadable, sightsIn, trueFolder } from './watched-folder.ts'
import { openZip, ZIP_MAGIC } from './zip.ts'

export type FolderWatchOptions = {
  readonly store: Store
  readonly dataDir: string
  /** Below it lie the folders of the institutions, each called as its institution is. */
  readonly root: string
  /** Told of each file that waits for its run now. */
  readonly onTaken?: (run: Run) => void
  /** Told once of each file that cannot be taken, and of a folder that cannot be read (then the name is empty). */
  readonly onRefused: (institution: string, name: string, reason: string) => void
  /** Told when a look has to wait for the next one. */
  readonly onWait?: (ms: number) => void
  /** How long a file must stay as it is. */
  readonly settleMs?: number
  /** Epoch milliseconds. */
  readonly now?: () => number
}

export type FolderWatch = {
  /** @returns whether there is a file that may be complete soon */
  look(institution: Institution): Promise<boolean>
  /** Looks, and again when what was found has had its time: what is complete waits for its run then. */
  gather(institution: Institution, stop: AbortSignal): Promise<void>
}

const SETTLE_MS = 60_000
/** A timer may be early by the clock. */
const SLACK_MS = 50

/** Since when a file has been as it is. */
type Seen = { readonly sight: Sight; readonly since: number }

export function openFolderWatch(options: FolderWatchOptions): FolderWatch {
  const { root, onRefused, settleMs = SETTLE_MS, now = Date.now } = options
  const seenIn = new Map<string, ReadonlyMap<string, Seen>>()
  const told = new Map<string, ReadonlySet<string>>()

  /** What was told and is still so is not told again. */
  function tell(institution: string, refused: ReadonlyMap<string, string>): void {
    const before = told.get(institution)
    const lines = Array.from(refused, ([name, reason]) => ({ name, reason, line: `${name}: ${reason}` }))
    for (const { name, reason, line } of lines) if (!before?.has(line)) onRefused(institution, name, reason)
    told.set(institution, new Set(lines.map(({ line }) => line)))
  }

  async function look(institution: Institution): Promise<boolean> {
    const folder = institution.settings.files?.folder
    if (folder === undefined) return false
    const refused = new Map<string, string>()
    try {
      const path = await trueFolder(join(root, institution._id), folder)
      const seen = seenAgain(await sightsIn(path), seenIn.get(institution._id), now())
      seenIn.set(institution._id, seen)
      const files = [...seen.values()].filter((one) => isWanted(one, institution, refused))
      const complete: Seen[] = []
      // One after the other: a process can open only so many files at a time.
      for (const one of files) {
        await unlessNotReadable(one, refused, async () => {
          if (await isComplete(path, one, { now: now(), settleMs })) complete.push(one)
        })
      }
      await takeAll(path, complete, institution, options, refused)
      return files.some(({ sight, since }) => sight.bytes > 0 && now() - since < settleMs)
    } catch (error) {
      if (!(error instanceof NotReadable)) throw error
      refused.set('', error.message)
      return false
    } finally {
      tell(institution._id, refused)
    }
  }

  return {
    look,
    async gather(institution, stop) {
      if (!(await look(institution))) return
      options.onWait?.(settleMs)
      await wait(settleMs + SLACK_MS, undefined, { signal: stop })
      await look(institution)
    },
  }
}

function seenAgain(sights: readonly Sight[], before: ReadonlyMap<string, Seen> = new Map(), now: number): Map<string, Seen> {
  return new Map(
    sights.map((sight) => {
      const known = before.get(sight.name)
      const isSame = known !== undefined && isAsBefore(known.sight, sight)
      return [sight.name, isSame ? known : { sight, since: now }]
    }),
  )
}

function isAsBefore(a: Sight, b: Sight): boolean {
  return a.bytes === b.bytes && a.modifiedMs === b.modifiedMs && a.changedMs === b.changedMs && a.inode === b.inode
}

/** Tables and what stands beside them; other things may lie there. */
function isWanted({ sight: { name, bytes, isFile } }: Seen, institution: Institution, refused: Map<string, string>): boolean {
  const sent = claimedName(name) ?? name
  const kind = kindOfFile(sent)
  if (kind !== 'table' && kind !== 'companion') return false
  const maxBytes = maxFileBytes(institution)
  const fault =
    nameFault(sent) ??
    (isFile ? undefined : 'it is no file of its own, but a link or the like') ??
    (bytes > maxBytes ? `the file is past the limit of ${maxBytes} bytes (setting files.limits.fileBytes)` : undefined)
  if (fault !== undefined) refused.set(name, fault)
  return fault === undefined
}

/** What looks empty or cut may still be on its way, but not for ever: then its run says what is wrong with it. */
async function isComplete(
  path: string,
  { sight: { name, bytes }, since }: Seen,
  { now, settleMs }: { readonly now: number; readonly settleMs: number },
): Promise<boolean> {
  if (claimedName(name) !== undefined) return true
  if (now - since < settleMs) return false
  if (kindOfFile(name) === 'companion' || now - since >= PROBE_MS) return true
  return bytes > 0 && !(await isCut(join(path, name)))
}

/** Whether a workbook lacks the directory at its end. */
async function isCut(path: string): Promise<boolean> {
  const head = await headOf(path, ZIP_MAGIC.length).catch((error) => {
    throw notReadable(error)
  })
  if (!head.equals(ZIP_MAGIC)) return false
  try {
    await using _ = await openZip(path, DEFAULT_LIMITS)
    return false
  } catch (error) {
    return error instanceof FileRefused && error.code === 'format_invalid'
  }
}

/** By one process at a time, those that were complete first first; what stands beside a file comes before it. */
async function takeAll(
  path: string,
  complete: readonly Seen[],
  institution: Institution,
  options: FolderWatchOptions,
  refused: Map<string, string>,
): Promise<void> {
  if (complete.length === 0) return
  await using lease = await takeLease({ store: options.store, institution: institution._id, name: 'folder' })
  if (lease === undefined) return
  const folders = await openFolders(options.dataDir, institution._id)
  const isTable = ({ sight: { name } }: Seen) => (kindOfFile(claimedName(name) ?? name) === 'table' ? 1 : 0)
  for (const seen of complete.toSorted((a, b) => isTable(a) - isTable(b) || a.sight.changedMs - b.sight.changedMs)) {
    lease.signal.throwIfAborted()
    await unlessNotReadable(seen, refused, () => take(path, seen.sight.name, institution, folders, options))
  }
}

/** A copy comes in whole or not at all; then the file goes. */
async function take(
  path: string,
  name: string,
  institution: Institution,
  folders: Folders,
  { store, onTaken, now = Date.now }: FolderWatchOptions,
): Promise<void> {
  await using claimed = await claim(path, name)
  const sent = claimedName(name) ?? name
  const content = claimed.handle.createReadStream({ autoClose: false })
  if (kindOfFile(sent) === 'table') {
    const by = { source: 'file', credential: 'folder' } as const
    const received = await receive(content, sent, { store, institution, folders, by, now, takesEmpty: true })
    // It has grown since it was looked at, and is looked at again.
    if (received.kind !== 'waiting') throw new NotReadable('it has changed')
    onTaken?.(received.run)
  } else {
    const part = join(folders.incoming, `folder.${newId(now())}`)
    await writeFile(part, content, { mode: 0o600, flush: true })
    await renameForGood(part, join(folders.aside, sent))
  }
  await rm(claimed.path)
}

/** What is wrong with one file keeps no other waiting. */
async function unlessNotReadable(
  { sight: { name } }: Seen,
  refused: Map<string, string>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof NotReadable)) throw error
    refused.set(name, `the file cannot be taken: ${error.message}`)
  }
}

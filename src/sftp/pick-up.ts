/**
 * Files that are fetched from an institution's own server: each when it has stopped changing, and each once. Which file
 * of which server it was goes with it to whoever takes it in.
 */

import { fitsPattern } from '../directory/name-pattern.ts'
import type { PickUpSettings } from '../directory/settings.ts'
import type { ConnectOptions } from './connect.ts'
import { pause } from './pause.ts'
import type { PickUpCode } from './pick-up-fault.ts'
import { PickUpFault } from './pick-up-fault.ts'
import type { Remote, RemoteFile } from './remote.ts'
import { openRemote } from './remote.ts'

/** Where fetched files go. */
export type Inbox = {
  readonly maxBytes: number
  /** Why no file can have this name. */
  nameFault(name: string): string | undefined
  /** Which of these are here already. */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** Takes a file in, whole or not at all; what `content` throws is thrown on. */
  take(file: FetchedFile): Promise<void>
}

export type FetchedFile = {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
  /** Which file of which server it is: its name, size and time of change there. */
  readonly id: string
  /** Of the settings: which server it came from. */
  readonly pickUp: string
}

export type PickUpOptions = ConnectOptions & {
  /** Epoch milliseconds. */
  readonly now?: () => number
}

export type PickedUp = {
  readonly fetched: readonly string[]
  /** They were changing, or are empty yet: they are looked at again next time. */
  readonly unfinished: readonly string[]
  readonly refused: readonly Refused[]
  /** What ended it before its end. */
  readonly fault?: PickUpFault
}

type Refused = { readonly name: string; readonly reason: string }

const SETTLE_SECONDS = 60
const MOST_FILES = 200
/** In the name of a file there that was fetched. */
const MARK = '.fetched-'

/**
 * Looks twice, and fetches what was the same both times, oldest first.
 * @throws the signal's reason, and whatever the inbox throws
 */
export async function pickUp(place: PickUpSettings, inbox: Inbox, options: PickUpOptions): Promise<PickedUp> {
  const fetched: string[] = []
  let rest: Pick<PickedUp, 'unfinished' | 'refused'> = { unfinished: [], refused: [] }
  try {
    const before = await look(place, inbox, options)
    rest = before
    if (before.ready.length + before.unmarked.length === 0) return { fetched, ...rest }
    if (before.ready.length > 0) await pause((place.settleSeconds ?? SETTLE_SECONDS) * 1000, options.signal)

    await using remote = await openRemote(place, options)
    const now = await sorted(place, await remote.list(folderOf(place)), inbox)
    const settled = new Set(before.ready.map((file) => idOf(place, file)))
    const [unfinished, refused] = [[...now.unfinished], [...now.refused]]
    rest = { unfinished, refused }
    for (const file of now.ready) {
      if (!settled.has(idOf(place, file)) || fetched.length >= MOST_FILES) {
        unfinished.push(file.name)
        continue
      }
      const fault = await faultOf(() => fetchOne(place, remote, file, inbox))
      if (fault === undefined) fetched.push(file.name)
      else if (fault.code === 'changed') unfinished.push(file.name)
      else refused.push({ name: file.name, reason: fault.message })
      if (fault === undefined && place.after === 'rename') await mark(file)
    }
    for (const file of now.unmarked) await mark(file)
    return { fetched, unfinished, refused }

    async function mark({ name }: RemoteFile): Promise<void> {
      const failure = await faultOf(() => remote.rename(folderOf(place), name, markedName(name, options.now)))
      if (failure !== undefined) refused.push({ name, reason: `fetched, but not renamed: ${failure.message}` })
    }
  } catch (error) {
    if (error instanceof PickUpFault) return { fetched, ...rest, fault: error }
    throw error
  }
}

export type Look = Pick<PickedUp, 'unfinished' | 'refused'> & {
  readonly ready: readonly RemoteFile[]
  /** Fetched before, and to be renamed yet. */
  readonly unmarked: readonly RemoteFile[]
}

/**
 * What would be fetched, if it stays as it is.
 * @throws {PickUpFault}, the signal's reason
 */
export async function look(place: PickUpSettings, inbox: Inbox, options: PickUpOptions): Promise<Look> {
  await using remote = await openRemote(place, options)
  return await sorted(place, await remote.list(folderOf(place)), inbox)
}

async function sorted(place: PickUpSettings, files: readonly RemoteFile[], inbox: Inbox): Promise<Look> {
  const { pattern = '*', after } = place
  const candidates = files.filter(({ name }) => fitsPattern(name, pattern) && !name.includes(MARK)).toSorted(byAge)
  const refused: Refused[] = []
  const possible = candidates.filter((file) => {
    const reason = inbox.nameFault(file.name) ?? sizeFault(file, inbox)
    if (reason !== undefined) refused.push({ name: file.name, reason })
    return reason === undefined
  })
  const known = await inbox.known(possible.map((file) => idOf(place, file)))
  const isKnown = (file: RemoteFile) => known.has(idOf(place, file))
  return {
    ready: possible.filter((file) => !isKnown(file) && file.bytes > 0),
    unmarked: after === 'rename' ? possible.filter(isKnown) : [],
    unfinished: possible.filter(({ bytes }) => bytes === 0).map(({ name }) => name),
    refused,
  }
}

async function fetchOne(place: PickUpSettings, remote: Remote, file: RemoteFile, inbox: Inbox): Promise<void> {
  const content = remote.read(folderOf(place), file)
  await inbox.take({ name: file.name, content, id: idOf(place, file), pickUp: place.name })
}

/** What stands in the way of one file; a fault of the connection is one of all. */
async function faultOf(work: () => Promise<void>): Promise<PickUpFault | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof PickUpFault && OF_ONE_FILE.has(error.code)) return error
    throw error
  }
}

const OF_ONE_FILE: ReadonlySet<PickUpCode> = new Set(['changed', 'missing', 'not_allowed', 'failed'])

function sizeFault({ bytes }: RemoteFile, { maxBytes }: Inbox): string | undefined {
  return bytes > maxBytes ? `the file is past the limit of ${maxBytes} bytes (setting files.limits.fileBytes)` : undefined
}

function byAge(a: RemoteFile, b: RemoteFile): number {
  return a.modified - b.modified || (a.name < b.name ? -1 : 1)
}

function idOf({ name }: PickUpSettings, file: RemoteFile): string {
  return `${name}/${file.name}@${file.bytes}@${file.modified}`
}

function folderOf({ folder = '.' }: PickUpSettings): string {
  return folder
}

function markedName(name: string, now: () => number = Date.now): string {
  return `${name}${MARK}${new Date(now()).toISOString().slice(0, 19).replaceAll(':', '')}Z`
}

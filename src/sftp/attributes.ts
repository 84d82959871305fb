/**
 * What a client is shown of a place: attributes of SFTP, and the line that `ls -l` prints.
 */
import type { Attributes, FileEntry } from 'ssh2'
import { DAY_MS } from '../days.ts'

export type Entry = {
  readonly name: string
  readonly kind: 'folder' | 'file'
  readonly isWritable: boolean
  readonly size: number
  /** Epoch milliseconds. */
  readonly modified: number
}

const FOLDER = 0o040000
const FILE = 0o100000

export function attributesOf({ kind, isWritable, size, modified }: Entry): Attributes {
  const seconds = Math.floor(modified / 1000)
  const mode = kind === 'folder' ? FOLDER | (isWritable ? 0o700 : 0o500) : FILE | (isWritable ? 0o600 : 0o400)
  return { mode, uid: 0, gid: 0, size, atime: seconds, mtime: seconds }
}

export function entryOf(entry: Entry, owner: string): FileEntry {
  const { name, kind, isWritable, size, modified } = entry
  const rights = kind === 'folder' ? `dr${isWritable ? 'w' : '-'}x------` : `-r${isWritable ? 'w' : '-'}-------`
  const longname = `${rights}    1 ${owner} ${owner} ${String(size).padStart(12)} ${day(modified)} ${name}`
  return { filename: name, longname, attrs: attributesOf(entry) }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
const HALF_A_YEAR_MS = 183 * DAY_MS

/** As `ls` has it: the time for what is younger than half a year, the year for what is older. */
function day(modified: number): string {
  const at = new Date(modified)
  const date = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)}`
  const isYoung = Math.abs(Date.now() - modified) < HALF_A_YEAR_MS
  return `${date} ${isYoung ? at.toISOString().slice(11, 16) : ` ${at.getUTCFullYear()}`}`
}

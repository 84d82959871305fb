/**
 * Names of files as they are sent: which can be kept at all, and what a name says of what is in the file.
 */

const TABLE_ENDS = ['.csv', '.txt', '.tsv', '.xlsx', '.xlsm', '.xls'] as const
/** What SFTP programs call a file while they write it; lftp begins such names with `.in.`. */
const UNFINISHED_ENDS = ['.part', '.filepart', '.tmp', '.temp', '.crdownload', '.partial', '.writing', '.swp', '~'] as const
export const DONE_ENDS = ['.done', '.ok'] as const
export const CHECKSUM_END = '.sha256'

/** Leaves room for what archive and reports put around a name; no file system in use takes more than 255. */
const MOST_BYTES = 200

/** Of Windows, whatever stands behind a dot. */
const DEVICES = /^(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$)(?:\.|$)/i

/** Why a name is too long for whatever is kept of its file. */
export function lengthFault(name: string): string | undefined {
  const bytes = Buffer.byteLength(name)
  return bytes > MOST_BYTES ? `the name has ${bytes} bytes; it should have at most ${MOST_BYTES}` : undefined
}

/** Why no file can have this name, for whoever sends it. */
export function nameFault(name: string): string | undefined {
  const tooLong = lengthFault(name)
  if (tooLong !== undefined) return tooLong
  if (name === '' || /^\.{1,2}$/.test(name)) return 'the file needs a name'
  if (/[/\\\p{Cc}]/u.test(name)) return 'the name should have no slashes and no control characters'
  // Of two such names the letters that differed may be the ones that were lost.
  if (name.includes('\ufffd')) return 'the name should be in UTF-8: set the program that sends it so, or use plain letters'
  if (/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(name))
    return 'the name should have no marks that turn the direction of writing'
  if (/[<>:"|?*]/.test(name)) return 'the name should have none of < > : " | ? *'
  if (/[. ]$/.test(name)) return 'the name should end in neither a dot nor a space'
  if (DEVICES.test(name)) return 'the name is one that Windows keeps for itself'
  return undefined
}

/**
 * `table`: people, to be gone through when it is complete. `unfinished`: on its way to another name. `companion`: says
 * something of the file beside it. `other`: nothing that is read here.
 */
export type FileKind = 'table' | 'unfinished' | 'companion' | 'other'

/** @param name in which `nameFault` finds nothing wrong */
export function kindOfFile(name: string): FileKind {
  const lower = name.toLowerCase()
  const endsIn = (ends: readonly string[]) => ends.some((end) => lower.endsWith(end))
  if (/^(?:\.|~\$)/.test(name) || endsIn(UNFINISHED_ENDS)) return 'unfinished'
  if (endsIn(TABLE_ENDS)) return 'table'
  return endsIn([...DONE_ENDS, CHECKSUM_END]) ? 'companion' : 'other'
}

const REPORT = /^(?:\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z_(.+)|(.+)\.check)\.(?:csv|xlsx|xls)$/i

/** The name of the file of which a report of this name tells, as reports are kept; undefined for any other name. */
export function reportedFile(name: string): string | undefined {
  const [, dated, checked] = REPORT.exec(name) ?? []
  const file = dated ?? checked
  // A report on rows that were sent back and refused again tells of the first file still.
  return file !== undefined && kindOfFile(file) === 'table' ? (reportedFile(file) ?? file) : undefined
}

/** Why a file of this name is not gone through, for whoever sends it; undefined for a table. */
export function notATable(name: string): string | undefined {
  switch (kindOfFile(name)) {
    case 'table':
      return undefined
    case 'unfinished':
      return `"${name}" is the name of an unfinished file; the name should end in ${TABLE_ENDS.join(', ')} and not begin with "." or "~$"`
    default:
      return `the name should end in ${TABLE_ENDS.join(', ')}`
  }
}

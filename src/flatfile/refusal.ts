/**
 * Why a file as a whole is not read. Nothing of such a file is applied.
 */

/** Stable; the report and the command line show them. */
export type FileCode =
  | 'file_empty'
  | 'header_missing'
  | 'header_missing_column'
  | 'header_duplicate'
  | 'format_unsupported'
  | 'format_invalid'
  | 'file_encrypted'
  | 'inflation_limit'
  | 'limit_exceeded'
  | 'checksum_mismatch'

/** Thrown while a file is opened or read, since the reason may stand anywhere in it: in a cut archive even at its end. */
export class FileRefused extends Error {
  override name = 'FileRefused'
  readonly code: FileCode
  /** The field to blame, where there is one. */
  readonly field?: string
  constructor(code: FileCode, message: string, options?: ErrorOptions & { readonly field?: string }) {
    super(message, options)
    this.code = code
    if (options?.field !== undefined) this.field = options.field
  }
}

export function notSound(what: string, cause?: unknown): FileRefused {
  return new FileRefused('format_invalid', `the file says it is a workbook, but ${what}; save it again and send it again`, {
    cause,
  })
}

/**
 * What the operating system, or a library, says of a failure in a word.
 */

/** Whether the error carries this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

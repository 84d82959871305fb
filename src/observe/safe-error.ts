/**
 * Errors as a log may hold them.
 */

/** Errors whose messages are made by this program or the language and hold no value of a person. */
const OWN_MESSAGES: ReadonlySet<string> = new Set([
  'StoreError',
  'SealError',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'AssertionError',
])

/**
 * An error as the log may show it. A database's message can quote a key and a parser's message its input:
 * only the kind, the code and the place are kept of those.
 */
export function errorWithoutValues(error: unknown): unknown {
  if (!(error instanceof Error)) return { kind: typeof error }
  const { code } = error as { code?: unknown }
  const isSystem = 'syscall' in error
  return {
    kind: error.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...((isSystem || OWN_MESSAGES.has(error.name)) && { message: error.message }),
    at: framesOf(error),
    ...(error.cause !== undefined && { cause: errorWithoutValues(error.cause) }),
  }
}

/** The stack without the message that it begins with. */
function framesOf(error: Error): string[] {
  const frames = (error.stack ?? '').replace(error.message, () => '').split('\n')
  return frames.filter((line) => line.startsWith('    at ')).map((line) => line.slice(7))
}

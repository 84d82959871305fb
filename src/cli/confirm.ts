/**
 * Asking at the terminal, before something that cannot be undone.
 */
import { createInterface } from 'node:readline/promises'
import { hasCode } from '../file-errors.ts'

type Streams = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream }

/** Whoever ends the question, by Ctrl-C or Ctrl-D, has not said yes. */
export async function confirms(question: string, streams: Streams): Promise<boolean> {
  const lines = createInterface({ ...streams, terminal: true })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } catch (error) {
    if (hasCode(error, 'ABORT_ERR')) return false
    throw error
  } finally {
    lines.close()
  }
}

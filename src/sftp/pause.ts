/**
 * Waiting between two looks at a server of others, until it is to end.
 */
import { setTimeout as wait } from 'node:timers/promises'

/** @throws the signal's own reason when it is aborted, at once */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error) => {
    signal.throwIfAborted()
    throw error
  })
}

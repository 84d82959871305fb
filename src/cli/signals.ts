/**
 * Being told to stop: once gently, twice at once.
 */

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** A terminal and npm both pass one Ctrl-C on: what comes this soon is the same wish. */
const SAME_WISH_MS = 500

/** Resolves at the first SIGINT or SIGTERM; the next one ends the process at once. */
export function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const told = () => {
      if (firstAt !== undefined && performance.now() - firstAt > SAME_WISH_MS) process.exit(1)
      firstAt ??= performance.now()
      resolve()
    }
    for (const signal of SIGNALS) process.on(signal, told)
  })
}

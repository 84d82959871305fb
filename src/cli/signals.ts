/**
 * Being told to stop. What serves ends gently, and at once when it is told twice; what does one thing ends where it is.
 */

/** The last one: its terminal is gone. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A terminal and npm both pass one Ctrl-C on: what comes this soon is the same wish. */
const SAME_WISH_MS = 500

const LOOKS_AT_PARENT_MS = 250

/** Resolves at the first of them; the next one ends the process at once. */
export function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const told = () => {
      if (firstAt !== undefined && performance.now() - firstAt > SAME_WISH_MS) process.exit(1)
      firstAt ??= performance.now()
      resolve()
    }
    for (const signal of SIGNALS) process.on(signal, told)
    // Not counted: Ctrl-C ends npm's shell as well.
    onceLeftByNpm(resolve)
  })
}

/** What tells npm to stop tells the shell that npm puts between, and most shells end without passing it on. */
function onceLeftByNpm(work: () => void): void {
  const { npm_lifecycle_event: script = '' } = process.env
  if (!['start', 'npx'].includes(script)) return
  const { ppid } = process
  const looking = setInterval(() => {
    if (process.ppid === ppid) return
    clearInterval(looking)
    work()
  }, LOOKS_AT_PARENT_MS)
  looking.unref()
}

/** Until it is disposed of, a signal still ends the process, but first this is done, without waiting for anything. */
export function beforeStopped(work: () => void): Disposable {
  const stopped = (signal: NodeJS.Signals) => {
    release()
    work()
    process.kill(process.pid, signal)
  }
  const release = () => {
    for (const signal of SIGNALS) process.off(signal, stopped)
  }
  for (const signal of SIGNALS) process.on(signal, stopped)
  return { [Symbol.dispose]: release }
}

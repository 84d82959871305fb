/**
 * Runs many tasks, a few at a time, and hands their results on in the order of the tasks.
 * When the reader stops early no further task begins, and those under way are awaited.
 */
export async function* inOrder<T>(tasks: readonly (() => Promise<T>)[], width: number): AsyncGenerator<T, void> {
  const running: Promise<T>[] = []
  try {
    for (const task of tasks) {
      const oldest = running.length >= width ? running.shift() : undefined
      if (oldest !== undefined) yield await oldest
      const result = task()
      // Whoever awaits it sees the failure; until then it is nobody's unhandled rejection.
      result.catch(() => undefined)
      running.push(result)
    }
    for (let oldest = running.shift(); oldest !== undefined; oldest = running.shift()) yield await oldest
  } finally {
    await Promise.allSettled(running)
  }
}

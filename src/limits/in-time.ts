/**
 * How long something is waited for.
 */

/** @returns `late` when it takes longer; it may go on all the same */
export async function inTime<T>(work: Promise<T>, maxMs: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, maxMs, 'late')
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * What a piece of work costs, for tests that hold it to a bound: of the processor, since others may be using it too.
 */

/** @returns milliseconds of the processor that this process spent meanwhile, on all its threads */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

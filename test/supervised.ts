/**
 * Programs of others that serve until they are ended, and at the latest with this process, however that ends.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Has a process group of its own, which it kills once its standard input closes: with this process, or when the program is over. */
const SUPERVISOR = 'exec 3<&0; "$@" 3<&- </dev/null & child=$!; { cat <&3 >/dev/null; kill -9 0; } & exec 3<&-; wait $child'

type Output = 'ignore' | 'inherit' | 'pipe' | number

export type SupervisedOptions = Pick<SpawnOptions, 'cwd' | 'env'> & {
  readonly stdout?: Output
  readonly stderr?: Output
}

/** @returns its exit code is that of the program */
export function supervised(program: string, args: readonly string[], options: SupervisedOptions = {}): ChildProcess {
  const { stdout = 'ignore', stderr = 'ignore', ...where } = options
  return spawn('sh', ['-c', SUPERVISOR, 'sh', program, ...args], { ...where, detached: true, stdio: ['pipe', stdout, stderr] })
}

/** Ends it, and whatever it has started, at once. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
}

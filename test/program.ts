/**
 * Programs of others, run to their end.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** @param input given to it, and then nothing more */
export async function run(program: string, args: readonly string[], input = '', timeoutMs = 240_000): Promise<Ran> {
  const child = spawn(program, args, { stdio: 'pipe', timeout: timeoutMs, killSignal: 'SIGKILL' })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [code] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : -1, out, err }
}

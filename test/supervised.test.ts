/**
 * What tests start ends with them, also when they are killed. What runs holds its output open, and so tells that it runs.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { end, supervised } from './supervised.ts'

/** A program that starts another, says so, and stays. */
const TWO = ['-c', 'sleep 600 & echo started; wait']

describe('what a test starts', () => {
  for (const [what, start] of [
    ['a program', `(await import('./test/supervised.ts')).supervised('sh', ${JSON.stringify(TWO)}, { stdout: 'inherit' })`],
    ['a server', `await (await import('./test/server.ts')).Server.start(); console.log('started')`],
  ] as const) {
    it(`ends when the test is killed: ${what}`, { timeout: 60_000 }, async ({ signal }) => {
      const test = spawn(process.execPath, ['--input-type=module', '-e', `${start}; setInterval(() => {}, 1000)`])
      signal.addEventListener('abort', () => test.stdio.map((stream) => stream?.destroy()))
      await once(test.stdout, 'data')
      test.kill('SIGKILL')
      await once(test, 'close', { signal })
    })
  }

  it('is ended with all that it has started', async () => {
    const child = supervised('sh', TWO, { stdout: 'pipe' })
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    const closed = once(child, 'close')
    await end(child)
    await closed
  })

  it('is seen to be over when it ends by itself', async () => {
    assert.deepEqual(await once(supervised('sh', ['-c', 'exit 7']), 'exit'), [7, null])
  })
})
